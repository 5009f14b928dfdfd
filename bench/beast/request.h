#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <span>

#include "bench/beast/stream.h"
#include "hon/http/body.h"
#include "hon/http/request.h"

namespace hon::beast {

namespace bhttp = boost::beast::http;
using Parser = bhttp::request_parser<bhttp::buffer_body>;

/// Fills `request`, blank, from the head in `parser`. The string_views live as long as the parser.
/// Returns false for a target that is no URI, or a missing Host.
[[nodiscard]] bool FillRequest(const Parser& parser, http::Request& request);

/// The Error that handlers get for an error of Boost.
[[nodiscard]] Error ToError(const bb::error_code& problem);

/// The body behind a head, read by Beast as the handler asks for it.
class BodyReader final : public http::BodySource {
 public:
  /// All arguments outlive the reader.
  BodyReader(Stream& stream, bb::flat_buffer& buffer, Parser& parser);

  io::IoResult Read(std::span<char> into) override;
  Error Close() override;

  /// Reads the rest of the body, up to `bytes_max`; returns whether the body ended there.
  bool Drain(size_t bytes_max);

 private:
  io::IoResult ReadSome(std::span<char> into);
  bool SendContinue();

  Stream* stream_;
  bb::flat_buffer* buffer_;
  Parser* parser_;
  bool awaits_continue_;
  bool closed_ = false;
};

}  // namespace hon::beast
