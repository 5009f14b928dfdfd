#include "tls/ssl_layer.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "hon/base/assert.h"
#include "hon/base/guard.h"
#include "hon/io/io.h"
#include "hon/tls/config.h"
#include "tls/certificate_data.h"

namespace hon::tls {
namespace {

constexpr int kAlertReasons = SSL_AD_REASON_OFFSET;

// The most certificates of a peer that are kept.
constexpr int kPeerCertificatesMax = 16;

constexpr Sentinel kNoHandshakeMemory{"tls: no memory for a handshake"};

// Output up to this length is kept in one piece.
constexpr size_t kShortRecordBytes = 1024;

// The BIO over the buffers of the current call: one method for the process, since the library has
// room for few. No exception may cross the library: no callback of it lets one out.

int BioRead(BIO* bio, char* into, size_t size, size_t* read) noexcept {
  BIO_clear_retry_flags(bio);
  *read = static_cast<SslLayer*>(BIO_get_data(bio))->TakeReceived({into, size});
  if (*read != 0) return 1;
  BIO_set_retry_read(bio);
  return 0;
}

int BioWrite(BIO* bio, const char* from, size_t size, size_t* written) noexcept {
  BIO_clear_retry_flags(bio);
  bool put = false;
  const Error thrown = CallGuarded([&] {
    put = static_cast<SslLayer*>(BIO_get_data(bio))->PutSealed({from, size});
  });
  put = put && !thrown;
  *written = put ? size : 0;
  return put ? 1 : 0;
}

long BioControl(BIO*, int command, long, void*) noexcept {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* BufferMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "hon buffers");
    HON_ASSERT(made != nullptr);
    BIO_meth_set_read_ex(made, BioRead);
    BIO_meth_set_write_ex(made, BioWrite);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

// Called for each received record and handshake message.
void CountRecord(int sent, int, int type, const void* bytes, size_t size, SSL*,
                 void* layer) noexcept {
  if (sent != 0) return;
  constexpr unsigned char kKeyUpdate = 24;
  if (type == SSL3_RT_HEADER) {
    static_cast<SslLayer*>(layer)->OnRecord();
  } else if (type == SSL3_RT_HANDSHAKE && size != 0 &&
             *static_cast<const unsigned char*>(bytes) == kKeyUpdate) {
    static_cast<SslLayer*>(layer)->OnKeyUpdate();
  }
}

// The number of the key exchange; 0 when there was none.
uint16_t CurveOf(SSL* ssl) {
  // SSL_get_negotiated_group without its macro, which has a C cast.
  const long id = SSL_ctrl(ssl, SSL_CTRL_GET_NEGOTIATED_GROUP, 0, nullptr);
  if (id <= 0) return 0;
  if ((id & TLSEXT_nid_unknown) != 0) return static_cast<uint16_t>(id & 0xFFFF);
  switch (id) {
    case NID_X9_62_prime256v1:
      return CurveP256;
    case NID_secp384r1:
      return CurveP384;
    case NID_secp521r1:
      return CurveP521;
    case NID_X25519:
      return X25519;
    default:
      return 0;
  }
}

}  // namespace

Error SslLayer::Make(SSL_CTX* context) {
  ERR_clear_error();
  ssl_.reset(SSL_new(context));
  BIO* bio = BIO_new(BufferMethod());
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return TakeError("no memory for a connection");
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (SSL_set_app_data(ssl_.get(), this) != 1) return TakeError("no memory for a connection");
  SSL_set_msg_callback(ssl_.get(), CountRecord);
  // SSL_set_msg_callback_arg without its macro, which has a C cast.
  SSL_ctrl(ssl_.get(), SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, this);
  return {};
}

size_t SslLayer::TakeReceived(std::span<char> into) {
  if (step_ != nullptr) [[unlikely]] {
    const size_t taken = step_->input.copy(into.data(), into.size(), step_->taken);
    step_->taken += taken;
    if (taken != 0) return taken;
  }
  if (buffers_ == nullptr || buffers_->received == nullptr) return 0;
  return buffers_->received->ReadInto(into);
}

bool SslLayer::PutSealed(std::string_view bytes) {
  if (step_ != nullptr && !step_->done) [[unlikely]] {
    step_->output += bytes;
    return true;
  }
  if (buffers_ == nullptr) return false;
  io::LinkBuffer& sealed = *buffers_->sealed;
  if (bytes.size() <= kShortRecordBytes) {
    std::memcpy(sealed.Malloc(bytes.size()), bytes.data(), bytes.size());
    sealed.MallocAck(bytes.size());
  } else {
    sealed.Write(bytes);
  }
  return true;
}

// Long steps.

void SslLayer::BeginLongStep(io::LinkBuffer& received) {
  step_ = std::make_unique<LongStep>();
  step_->input = *received.ReadString(received.Len());
}

void SslLayer::DoLongStep() {
  ERR_clear_error();
  try {
    step_->why = Handshake();
  } catch (const std::bad_alloc&) {
    step_->why = kNoHandshakeMemory;
  }
  step_->done = true;
}

// Floods.

FloodGuard* SslLayer::Guard() {
  if (guard_ == nullptr) guard_.reset(new (std::nothrow) FloodGuard);
  return guard_.get();
}

bool SslLayer::Counts(FloodGuard::Kind kind) {
  FloodGuard* const guard = Guard();
  return guard != nullptr && guard->Count(kind, Clock::now());
}

// The next record shows whether the last one brought data.
void SslLayer::OnRecord() {
  if (!HandshakeDone()) {
    if (handshake_records_ <= kHandshakeRecordsMax) ++handshake_records_;
    flooded_ = handshake_records_ > kHandshakeRecordsMax;
    return;
  }
  if (!std::exchange(record_brought_, false)) CountUseless();
}

void SslLayer::CountUseless() {
  if (!Counts(FloodGuard::Kind::kUseless)) flooded_ = true;
}

void SslLayer::OnKeyUpdate() {
  if (!Counts(FloodGuard::Kind::kKeyUpdate)) {
    flooded_ = key_updates_flood_ = true;
  }
}

Error SslLayer::Flood() {
  OnFlood();
  if (handshake_records_ > kHandshakeRecordsMax) {
    return Error::Of(io::ErrRecordFlood, "tls: too many records in the handshake");
  }
  if (key_updates_flood_) return Error::Of(io::ErrRecordFlood, "tls: too many key updates");
  if (flooded_) return Error::Of(io::ErrRecordFlood, "tls: too many records without data");
  return Error::Of(io::ErrRecordFlood, "tls: too many records of few bytes");
}

Error SslLayer::Open(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed) {
  if (step_ != nullptr || !HandshakeDone()) [[unlikely]]
    return OpenHandshake(received, plain, sealed);
  const Buffers buffers(*this, &received, &sealed);
  ClearErrors();
  has_more_ = false;
  return ReadPlain(received, plain);
}

Error SslLayer::OpenHandshake(io::LinkBuffer& received, io::LinkBuffer& plain,
                              io::LinkBuffer& sealed) {
  const Buffers buffers(*this, &received, &sealed);
  ERR_clear_error();
  has_more_ = false;
  Error why = StepHandshake(sealed);
  if (why || !HandshakeDone()) return why;
  return ReadPlain(received, plain);
}

Error SslLayer::StepHandshake(io::LinkBuffer& sealed) {
  if (step_ != nullptr) {
    HON_ASSERT(step_->done);
    sealed.Write(std::exchange(step_->output, {}));
    if (step_->why) return std::move(step_->why);
  }
  if (!HandshakeDone()) {
    HON_RETURN_IF_ERROR(Handshake());
    if (flooded_) return Flood();
    if (!HandshakeDone()) return {};
  }
  if (step_ != nullptr && step_->taken == step_->input.size()) step_.reset();
  return {};
}

Error SslLayer::Handshake() {
  const int code = SSL_do_handshake(ssl_.get());
  if (key_log_failed_) [[unlikely]] {
    ERR_clear_error();
    return Error::New("tls: KeyLogWriter threw an exception");
  }
  if (code == 1) {
    RecordState();
    ERR_clear_error();
    return {};
  }
  if (SSL_get_error(ssl_.get(), code) == SSL_ERROR_WANT_READ) return {};
  Error why = Failure();
  ERR_clear_error();
  return why;
}

Error SslLayer::Failure() {
  // Alerts of the peer count as reasons, by their numbers.
  const unsigned long code = ERR_peek_error();
  const int alert = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) - kAlertReasons : 0;
  const std::string reason = TakeReason();
  if (alert > 0 && alert < 256) {
    return Error::New("remote error: tls: " + std::string(SSL_alert_desc_string_long(alert)));
  }
  return Error::New("tls: " + (reason.empty() ? "handshake failure" : reason));
}

// One call for each record; an unused block is given back.
Error SslLayer::ReadPlain(io::LinkBuffer& received, io::LinkBuffer& plain) {
  for (size_t opened = 1; !input_ended_; ++opened) {
    io::Block* block = plain.Pool().Get();
    size_t got = 0;
    const int code = SSL_read_ex(ssl_.get(), block->data, block->capacity, &got);
    if (code == 1) {
      const bool new_record = !std::exchange(record_brought_, true);
      if (new_record && got < kTinyRecordBytes) {
        FloodGuard* const guard = Guard();
        if (guard == nullptr || !guard->CountTiny()) {
          io::BlockPool::Unref(block);
          return Flood();
        }
      }
      if (got <= block->capacity / 4 && !plain.Empty()) {
        try {
          plain.Write({block->data, got});
        } catch (const std::bad_alloc&) {
          io::BlockPool::Unref(block);
          throw;
        }
        io::BlockPool::Unref(block);
      } else {
        block->end = static_cast<uint32_t>(got);
        plain.Append(block);
      }
      if (received.Empty() && SSL_has_pending(ssl_.get()) == 0) break;
      if (opened == io::kRecordsPerTurnMax) {
        has_more_ = true;
        break;
      }
      if (flooded_) [[unlikely]]
        return Flood();
      continue;
    }
    io::BlockPool::Unref(block);
    const int error = SSL_get_error(ssl_.get(), code);
    if (error == SSL_ERROR_WANT_READ) break;
    if (error == SSL_ERROR_ZERO_RETURN) {
      input_ended_ = true;
      break;
    }
    return Failure();
  }
  if (input_ended_) [[unlikely]]
    static_cast<void>(received.Skip(received.Len()));
  if (flooded_) [[unlikely]]
    return Flood();
  return {};
}

Error SslLayer::Seal(std::string_view plain, io::LinkBuffer& sealed) {
  HON_ASSERT(HandshakeDone() && !plain.empty());
  const Buffers buffers(*this, nullptr, &sealed);
  ClearErrors();
  size_t written = 0;
  if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written) != 1) {
    return TakeError("a record cannot be sealed");
  }
  HON_ASSERT(written == plain.size());
  if (guard_ != nullptr) guard_->Answered(plain.size());
  return {};
}

void SslLayer::CloseOutput(io::LinkBuffer& sealed) {
  if (!HandshakeDone()) return;
  const Buffers buffers(*this, nullptr, &sealed);
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void SslLayer::RecordState() {
  auto state = std::make_unique<ConnectionState>();
  state->Version = static_cast<uint16_t>(SSL_version(ssl_.get()));
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl_.get());
  state->CipherSuite = SSL_CIPHER_get_protocol_id(cipher);
  state->CipherSuiteName = SSL_CIPHER_standard_name(cipher);
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  if (name != nullptr) state->ServerName = name;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  state->NegotiatedProtocol.assign(reinterpret_cast<const char*>(protocol), size);
  state->DidResume = SSL_session_reused(ssl_.get()) == 1;
  state->CurveID = CurveOf(ssl_.get());
  const auto add = [&](const X509& one) { state->PeerCertificates.push_back(Describe(one)); };
  if (const X509* own = SSL_get0_peer_certificate(ssl_.get()); own != nullptr) {
    add(*own);
    const bool verifies = SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE;
    state->Verified = verifies && SSL_get_verify_result(ssl_.get()) == X509_V_OK;
    // On a server the chain lacks the client's own certificate.
    const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl_.get());
    const int first = SSL_is_server(ssl_.get()) == 1 ? 0 : 1;
    const int count = std::min(sk_X509_num(chain), kPeerCertificatesMax);
    for (int i = first; i < count; ++i) add(*sk_X509_value(chain, i));
    const STACK_OF(X509)* verified =
        state->Verified ? SSL_get0_verified_chain(ssl_.get()) : nullptr;
    if (sk_X509_num(verified) > 0) {
      std::vector<PeerCertificate>& whole = state->VerifiedChains.emplace_back();
      const int links = std::min(sk_X509_num(verified), kPeerCertificatesMax);
      for (int i = 0; i < links; ++i) whole.push_back(Describe(*sk_X509_value(verified, i)));
    }
  }
  state_ = std::move(state);
}

std::string VersionName(uint16_t version) {
  switch (version) {
    case VersionTLS12:
      return "TLS 1.2";
    case VersionTLS13:
      return "TLS 1.3";
    default:
      break;
  }
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text = "0x";
  for (unsigned shift = 16; shift != 0;) {
    shift -= 4;
    text += kDigits[static_cast<unsigned>(version) >> shift & 0xFU];
  }
  return text;
}

}  // namespace hon::tls
