#include "hon/http/response_writer.h"

#include <cxxabi.h>

#include <cstdlib>
#include <typeinfo>

namespace hon::http {
namespace {

Error Lacks(const ResponseWriter& w, std::string_view ability) {
  std::string text = "http: ";
  text.append(w.Name()).append(" has no ").append(ability).append(": ");
  return Error::Of(ErrNotSupported, text.append(ErrNotSupported.text));
}

}  // namespace

std::string ResponseWriter::Name() const {
  const char* const mangled = typeid(*this).name();
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(mangled, nullptr, nullptr, nullptr), std::free);
  return name == nullptr ? mangled : name.get();
}

Error ResponseWriter::Flush() {
  ResponseWriter* inner = Unwrap();
  return inner == nullptr ? Lacks(*this, "Flush") : inner->Flush();
}

Result<std::unique_ptr<io::Conn>> ResponseWriter::Hijack() {
  ResponseWriter* inner = Unwrap();
  if (inner == nullptr) return Fail(Lacks(*this, "Hijack"));
  return inner->Hijack();
}

Error ResponseWriter::Upgrade(std::string_view protocol, const http::Header& fields,
                              io::ConnSink& sink) {
  ResponseWriter* inner = Unwrap();
  return inner == nullptr ? Lacks(*this, "Upgrade") : inner->Upgrade(protocol, fields, sink);
}

// Not through Unwrap: the bytes would bypass this writer's own Write.
Error ResponseWriter::Detach([[maybe_unused]] io::ConnSink& sink) { return Lacks(*this, "Detach"); }

// Through this writer's own Write, which may want to see or change the bytes.
io::CopyResult ResponseWriter::ReadFrom(io::Reader& from) { return io::Copy(*this, from); }

Error ResponseWriter::SetReadDeadline(TimePoint deadline) {
  ResponseWriter* inner = Unwrap();
  return inner == nullptr ? Lacks(*this, "SetReadDeadline") : inner->SetReadDeadline(deadline);
}

Error ResponseWriter::SetRequestDeadline(TimePoint deadline) {
  ResponseWriter* inner = Unwrap();
  return inner == nullptr ? Lacks(*this, "SetRequestDeadline")
                          : inner->SetRequestDeadline(deadline);
}

Error ResponseWriter::SetWriteDeadline(TimePoint deadline) {
  ResponseWriter* inner = Unwrap();
  return inner == nullptr ? Lacks(*this, "SetWriteDeadline") : inner->SetWriteDeadline(deadline);
}

Error ResponseWriter::EnableFullDuplex() {
  ResponseWriter* inner = Unwrap();
  return inner == nullptr ? Lacks(*this, "EnableFullDuplex") : inner->EnableFullDuplex();
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
