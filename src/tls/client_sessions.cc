#include "tls/client_sessions.h"

#include <cstdint>
#include <ctime>
#include <utility>

#include "hon/tls/limits.h"

namespace hon::tls {
namespace {

// Seconds since the epoch.
int64_t TimeOf(const SSL_SESSION& session) {
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
  return SSL_SESSION_get_time_ex(&session);
#else
  return SSL_SESSION_get_time(&session);
#endif
}

// Whether neither the ticket nor the certificate that was verified has expired.
bool IsFresh(const SSL_SESSION& session) {
  const int64_t age = static_cast<int64_t>(std::time(nullptr)) - TimeOf(session);
  if (age < 0 || age >= SSL_SESSION_get_timeout(&session)) return false;
  const X509* peer = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(&session));
  return peer == nullptr || X509_cmp_current_time(X509_get0_notAfter(peer)) > 0;
}

}  // namespace

void ClientSessions::Add(const std::string& route, SessionPtr session) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_route_.find(route); found != by_route_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
  } else {
    Entries added;  // without memory for its index, the entry is not added
    added.push_front({route, {}});
    by_route_.emplace(added.front().route, added.begin());
    entries_.splice(entries_.begin(), added);
    if (entries_.size() > kClientSessionHostsMax) {
      by_route_.erase(entries_.back().route);
      entries_.pop_back();
    }
  }
  std::deque<SessionPtr>& sessions = entries_.front().sessions;
  sessions.push_back(std::move(session));
  if (sessions.size() > kClientSessionsPerHostMax) sessions.pop_front();
}

SessionPtr ClientSessions::Take(const std::string& route) {
  const std::lock_guard lock(mutex_);
  const auto found = by_route_.find(route);
  if (found == by_route_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  std::deque<SessionPtr>& sessions = entries_.front().sessions;
  while (!sessions.empty()) {
    SSL_SESSION* const newest = sessions.back().get();
    const bool usable = IsFresh(*newest) && SSL_SESSION_is_resumable(newest) == 1;
    if (usable && SSL_SESSION_get_protocol_version(newest) < TLS1_3_VERSION) {
      SSL_SESSION_up_ref(newest);
      return SessionPtr(newest);
    }
    SessionPtr taken = std::move(sessions.back());
    sessions.pop_back();
    if (usable) return taken;
  }
  return nullptr;
}

}  // namespace hon::tls
