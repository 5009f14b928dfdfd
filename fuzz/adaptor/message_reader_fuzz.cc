// Answers from a Reader: every size of the pieces must give the same result; an answer that was
// read, and written again, is read as the same.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fuzz/pieces.h"
#include "hon/adaptor/message_reader.h"
#include "hon/adaptor/response_head.h"
#include "hon/base/assert.h"
#include "hon/io/string_writer.h"

namespace {

using namespace hon;

// Written again, a head may be longer than the limit: "X:y" becomes "X: y".
constexpr size_t kWrittenBytesMax = 4000;

struct Outcome {
  std::string answers;  // the answers as text
  std::string error;    // the reason of the end

  bool operator==(const Outcome&) const = default;
};

// Reads all answers of `wire`, and writes them to `to`.
Outcome ReadAll(std::string_view wire, size_t piece, io::StringWriter& to) {
  fuzz::Pieces from(wire, piece);
  adaptor::MessageReader reader(from, {.head_bytes_max = 4096, .fields_max = 50});
  io::StringWriter answers;
  for (;;) {
    const Result<http::Response*> got = reader.ReadResponse();
    if (!got) return {answers.text, got.error().Message()};
    http::Response& answer = **got;
    answers.text.append(answer.Status).append(answer.Close ? " close " : " open ");
    const Result<std::string> body = answer.Body.ReadAll();
    if (!body) return {answers.text, body.error().Message()};
    answers.text.append(*body);
    HON_ASSERT(!answer.Header.Write(answers, {"Content-Length", "Connection", "Trailer"}));
    // An answer without a body has trailers to announce and none to send.
    if (adaptor::IsBodyAllowed(answer.StatusCode)) HON_ASSERT(!answer.Trailer.Write(answers));
    answer.Body = http::Body::FromString(*body);
    HON_ASSERT(!answer.Write(to));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string wire(reinterpret_cast<const char*>(data), size);
  io::StringWriter written;
  io::StringWriter dropped;
  const Outcome whole = ReadAll(wire, wire.size() + 1, written);
  HON_ASSERT(ReadAll(wire, 1, dropped) == whole);
  HON_ASSERT(ReadAll(wire, 7, dropped) == whole);
  if (whole.error != io::ErrEof.text || written.text.size() > kWrittenBytesMax) return 0;
  HON_ASSERT(ReadAll(written.text, written.text.size() + 1, dropped) == whole);
  return 0;
}
