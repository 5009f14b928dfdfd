#include "hon/websocket/hub.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "websocket/session.h"

namespace hon::websocket {

// The members by loop and topic, under one mutex that is held for look-ups and changes only.
// Sending is up to each loop: it takes its list of receivers when the message is posted to it.
class Hub::Impl : public std::enable_shared_from_this<Hub::Impl> {
 public:
  void Subscribe(const std::shared_ptr<Session>& session, std::string_view topic) {
    const void* loop = session->LoopId();
    if (loop == nullptr) return;
    {
      std::lock_guard lock(mutex_);
      std::vector<std::string>& joined = joined_[session.get()];
      if (std::find(joined.begin(), joined.end(), topic) != joined.end()) return;
      joined.emplace_back(topic);
      Own(topics_[joined.back()][loop]).push_back(session);
      if (joined.size() != 1) return;
    }
    // A connection that has ended meanwhile is removed again.
    std::weak_ptr<Impl> hub = weak_from_this();
    const auto forget = [hub, raw = session.get()] {
      if (const auto self = hub.lock()) self->Forget(raw);
    };
    if (!session->OnEnd(this, forget)) Forget(session.get());
  }

  void Unsubscribe(const std::shared_ptr<Session>& session, std::string_view topic) {
    std::unique_lock lock(mutex_);
    const auto joined = joined_.find(session.get());
    if (joined == joined_.end() || std::erase(joined->second, topic) == 0) return;
    Remove(topic, session.get());
    if (!joined->second.empty()) return;
    joined_.erase(joined);
    lock.unlock();
    session->ForgetEnd(this);
  }

  void Publish(std::string_view topic, MessageType type, std::string_view data) {
    const auto message = std::make_shared<internal::Prepared>(type, std::string(data));
    std::vector<const void*> idle;
    {
      std::lock_guard lock(mutex_);
      const auto at = topics_.find(topic);
      if (at == topics_.end()) return;
      for (const auto& [loop, members] : at->second) {
        Outbox& outbox = outboxes_[loop];
        outbox.broadcasts.push_back({message, members});
        if (!std::exchange(outbox.running, true)) idle.push_back(loop);
      }
    }
    for (const void* const loop : idle) PostSend(loop);
  }

  size_t Subscribers(std::string_view topic) const {
    std::lock_guard lock(mutex_);
    const auto at = topics_.find(topic);
    if (at == topics_.end()) return 0;
    size_t count = 0;
    for (const auto& [loop, members] : at->second) count += members->size();
    return count;
  }

 private:
  using List = std::vector<std::shared_ptr<Session>>;
  /// Shared with posted messages; changed in place only when none is pending.
  struct Members {
    std::shared_ptr<List> list = std::make_shared<List>();
    List* operator->() const { return list.get(); }
    List& operator*() const { return *list; }
  };
  using ByLoop = std::map<const void*, Members>;

  /// One message to the receivers of one loop, starting at receiver `next`.
  struct Broadcast {
    std::shared_ptr<internal::Prepared> message;
    Members members;
    size_t next = 0;
  };
  /// The messages to one loop, in the order of Publish.
  struct Outbox {
    std::deque<Broadcast> broadcasts;
    bool running = false;  // a SendCall is posted
  };
  /// A posted call of Send. A loop that is destroyed first discards the call and its messages.
  struct SendCall {
    SendCall(std::shared_ptr<Impl> its_hub, const void* its_loop)
        : hub(std::move(its_hub)), loop(its_loop) {}
    SendCall(const SendCall&) = delete;
    SendCall& operator=(const SendCall&) = delete;
    ~SendCall() {
      if (pending) hub->Discard(loop);
    }

    const std::shared_ptr<Impl> hub;
    const void* const loop;
    bool pending = true;
  };

  // Posts a Send to the loop through any live receiver of the first message. Drops messages whose
  // receivers have all ended.
  void PostSend(const void* loop) {
    const auto call = std::make_shared<SendCall>(shared_from_this(), loop);
    const auto send = [call] {
      call->pending = false;
      call->hub->Send(call->loop);
    };
    for (;;) {
      Members members;
      {
        std::lock_guard lock(mutex_);
        members = outboxes_.at(loop).broadcasts.front().members;
      }
      for (const auto& session : *members) {
        if (session->Post(send)) return;
      }
      if (!TakeFirst(loop)) {
        call->pending = false;
        return;
      }
    }
  }

  // On the loop: sends the first message to kReceiversPerTurnMax receivers, so that a broadcast to
  // many does not hold the loop.
  void Send(const void* loop) {
    Broadcast now;
    size_t end = 0;
    {
      std::lock_guard lock(mutex_);
      Broadcast& first = outboxes_.at(loop).broadcasts.front();
      end = std::min(first.members->size(), first.next + kReceiversPerTurnMax);
      now = first;
      first.next = end;
    }
    internal::PreparedBlocks blocks;
    for (size_t i = now.next; i < end; ++i) (*now.members)[i]->SendPrepared(*now.message, blocks);
    if (end < now.members->size() || TakeFirst(loop)) PostSend(loop);
  }

  // Drops the first message to a loop. Returns whether another one follows.
  bool TakeFirst(const void* loop) {
    std::lock_guard lock(mutex_);
    const auto at = outboxes_.find(loop);
    at->second.broadcasts.pop_front();
    if (!at->second.broadcasts.empty()) return true;
    outboxes_.erase(at);
    return false;
  }

  void Discard(const void* loop) {
    std::lock_guard lock(mutex_);
    outboxes_.erase(loop);
  }

  static List& Own(Members& members) {
    if (members.list.use_count() != 1) members.list = std::make_shared<List>(*members);
    return *members;
  }

  void Remove(std::string_view topic, const Session* session) {
    const auto at = topics_.find(topic);
    const auto is = [session](const auto& one) { return one.get() == session; };
    for (auto loop = at->second.begin(); loop != at->second.end(); ++loop) {
      Members& members = loop->second;
      if (std::none_of(members->begin(), members->end(), is)) continue;
      std::erase_if(Own(members), is);
      if (members->empty()) at->second.erase(loop);
      break;
    }
    if (at->second.empty()) topics_.erase(at);
  }

  // The connection of `session` has ended.
  void Forget(const Session* session) {
    std::lock_guard lock(mutex_);
    const auto joined = joined_.extract(session);
    if (joined.empty()) return;
    for (const std::string& topic : joined.mapped()) Remove(topic, session);
  }

  mutable std::mutex mutex_;
  std::map<const void*, Outbox> outboxes_;
  std::map<std::string, ByLoop, std::less<>> topics_;
  std::unordered_map<const Session*, std::vector<std::string>> joined_;  // topics of each
};

Hub::Hub() : impl_(std::make_shared<Impl>()) {}

void Hub::Subscribe(const Conn& conn, std::string_view topic) {
  impl_->Subscribe(conn.GetSession(), topic);
}
void Hub::Unsubscribe(const Conn& conn, std::string_view topic) {
  impl_->Unsubscribe(conn.GetSession(), topic);
}

Error Hub::Publish(std::string_view topic, MessageType type, std::string_view data) {
  if (type == MessageType::kText && !internal::IsUtf8(data)) return ErrBadMessage;
  impl_->Publish(topic, type, data);
  return {};
}

size_t Hub::Subscribers(std::string_view topic) const { return impl_->Subscribers(topic); }

}  // namespace hon::websocket
