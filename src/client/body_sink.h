#pragma once

#include <string_view>

#include "hon/base/error.h"
#include "hon/http/header.h"
#include "hon/io/link_buffer.h"

namespace hon::client {

/// Takes a request's body on its way to the server: frames the bytes and waits for room. Used by
/// one fiber.
class BodySink {
 public:
  BodySink() = default;
  BodySink(const BodySink&) = delete;
  BodySink& operator=(const BodySink&) = delete;

  /// Sends `part`, which is not empty.
  virtual Error Put(std::string_view part) = 0;
  /// Sends the bytes of `part` without a copy. `part` is not empty, has the pool of Blocks(), and
  /// is empty afterwards.
  virtual Error PutBlocks(io::LinkBuffer& part) = 0;
  /// The pool of the connection's blocks.
  [[nodiscard]] virtual io::BlockPool& Blocks() = 0;
  /// Ends the body.
  virtual Error End(const http::Header& trailer) = 0;

 protected:
  ~BodySink() = default;
};

}  // namespace hon::client
