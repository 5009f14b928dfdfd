#include "hon/http/response_writer.h"

namespace hon::http {

Error ResponseWriter::Flush() {
  ResponseWriter* inner = Unwrap();
  return inner == nullptr ? ErrNotSupported : inner->Flush();
}

Result<std::unique_ptr<io::Conn>> ResponseWriter::Hijack() {
  ResponseWriter* inner = Unwrap();
  if (inner == nullptr) return Fail(ErrNotSupported);
  return inner->Hijack();
}

// Through this writer's own Write, which may want to see or change the bytes.
io::CopyResult ResponseWriter::ReadFrom(io::Reader& from) { return io::Copy(*this, from); }

Error ResponseWriter::SetReadDeadline(TimePoint deadline) {
  ResponseWriter* inner = Unwrap();
  return inner == nullptr ? ErrNotSupported : inner->SetReadDeadline(deadline);
}

Error ResponseWriter::SetRequestDeadline(TimePoint deadline) {
  ResponseWriter* inner = Unwrap();
  return inner == nullptr ? ErrNotSupported : inner->SetRequestDeadline(deadline);
}

Error ResponseWriter::SetWriteDeadline(TimePoint deadline) {
  ResponseWriter* inner = Unwrap();
  return inner == nullptr ? ErrNotSupported : inner->SetWriteDeadline(deadline);
}

Error ResponseWriter::EnableFullDuplex() {
  ResponseWriter* inner = Unwrap();
  return inner == nullptr ? ErrNotSupported : inner->EnableFullDuplex();
}

int ResponseWriter::Status() const {
  const ResponseWriter* inner = Unwrap();
  return inner == nullptr ? 0 : inner->Status();
}

int64_t ResponseWriter::BytesWritten() const {
  const ResponseWriter* inner = Unwrap();
  return inner == nullptr ? 0 : inner->BytesWritten();
}

}  // namespace hon::http
