#include "hon/websocket/conn.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "websocket/session.h"

namespace hon::websocket {

Conn::Conn(std::shared_ptr<Session> session) : session_(std::move(session)) {
  session_->AddHandle();
}
Conn::Conn(const Conn& other) : session_(other.session_) {
  if (session_ != nullptr) session_->AddHandle();
}
Conn& Conn::operator=(Conn other) noexcept {
  std::swap(session_, other.session_);
  return *this;
}
Conn::~Conn() {
  if (session_ != nullptr) session_->DropHandle();
}

Result<Message> Conn::ReadMessage() {
  Message message;
  HON_TRY(message.type, ReadMessage(message.data));
  return message;
}

Result<MessageType> Conn::ReadMessage(std::string& into) {
  into.clear();
  HON_TRY(const internal::ReadResult result, session_->Read(into, true));
  return result.type;
}

Result<IncomingMessage> Conn::NextReader() {
  IncomingMessage message(session_);
  if (Error err = message.Fill()) {
    message.session_.reset();
    return Fail(std::move(err));
  }
  return message;
}

Error Conn::WriteMessage(MessageType type, std::string_view data) {
  return session_->Write(type, data);
}

Result<OutgoingMessage> Conn::NextWriter(MessageType type) {
  if (Error err = session_->BeginMessage(type)) return Fail(std::move(err));
  return OutgoingMessage(session_, type);
}

Error Conn::Ping(std::string_view payload) { return session_->Ping(payload); }
Error Conn::Close(CloseCode code, std::string_view reason) { return session_->Close(code, reason); }
Error Conn::Wait() { return session_->Wait(); }
appcontext::Context Conn::Context() const { return session_->Context(); }
CloseStatus Conn::Status() const { return session_->Status(); }
std::string_view Conn::Subprotocol() const { return session_->Subprotocol(); }
std::string_view Conn::RemoteAddr() const { return session_->RemoteAddr(); }
bool Conn::Compressed() const { return session_->Compressed(); }
size_t Conn::Unsent() const { return session_->Unsent(); }
void Conn::SetData(std::shared_ptr<void> data) { session_->Data() = std::move(data); }
const std::shared_ptr<void>& Conn::Data() const { return session_->Data(); }

IncomingMessage::IncomingMessage(std::shared_ptr<Session> session) : session_(std::move(session)) {}
IncomingMessage::IncomingMessage(IncomingMessage&&) noexcept = default;
IncomingMessage::~IncomingMessage() {
  if (session_ != nullptr && !final_) session_->SkipMessage();
}

Error IncomingMessage::Fill() {
  piece_.clear();
  at_ = 0;
  Result<internal::ReadResult> result = session_->Read(piece_, false);
  if (!result) return std::move(result.error());
  type_ = result->type;
  final_ = result->final;
  return {};
}

io::IoResult IncomingMessage::Read(std::span<char> into) {
  if (into.empty()) return {};
  while (at_ == piece_.size()) {
    if (final_) return {0, io::ErrEof};
    if (Error err = Fill()) return {0, std::move(err)};
  }
  const size_t n = std::min(into.size(), piece_.size() - at_);
  std::memcpy(into.data(), piece_.data() + at_, n);
  at_ += n;
  return {n, {}};
}

OutgoingMessage::OutgoingMessage(std::shared_ptr<Session> session, MessageType)
    : session_(std::move(session)) {}
OutgoingMessage::OutgoingMessage(OutgoingMessage&&) noexcept = default;
OutgoingMessage::~OutgoingMessage() {
  if (session_ != nullptr) session_->AbandonMessage();
}

io::IoResult OutgoingMessage::Write(std::string_view data) {
  if (session_ == nullptr) return {0, ErrClosed};
  if (Error err = session_->AddToMessage(data, false)) return {0, std::move(err)};
  return {data.size(), {}};
}

Error OutgoingMessage::Close() {
  if (session_ == nullptr) return ErrClosed;
  Error err = session_->AddToMessage({}, true);
  if (!err) session_.reset();
  return err;
}

}  // namespace hon::websocket
