#include "client/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "client/parker.h"
#include "client/tell.h"
#include "hon/base/thread.h"
#include "hon/client/transport.h"
#include "hon/http/client_error.h"
#include "hon/url/host_port.h"

namespace hon::client {
namespace {

using AddressList = std::vector<std::string>;

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

// "ip:port" of each entry, with the address families alternating, the first entry's first.
AddressList TextsOf(const addrinfo* list) {
  const int first_family = list == nullptr ? AF_UNSPEC : list->ai_family;
  AddressList first;
  AddressList second;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (getnameinfo(one->ai_addr, one->ai_addrlen, host.data(), host.size(), port.data(),
                    port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
      continue;
    }
    (one->ai_family == first_family ? first : second)
        .push_back(net::JoinHostPort(host.data(), port.data()));
  }
  AddressList all;
  for (size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) all.push_back(std::move(first[i]));
    if (i < second.size()) all.push_back(std::move(second[i]));
  }
  if (all.size() > kAddressesTriedMax) all.resize(kAddressesTriedMax);
  return all;
}

// May block unless `numeric`.
Result<AddressList> AskSystem(const std::string& host_port, bool numeric) {
  HON_TRY(const net::HostPort parts, net::SplitHostPort(host_port));
  const std::string host(parts.host);
  const std::string port(parts.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (numeric ? AI_NUMERICHOST : AI_ADDRCONFIG);
  addrinfo* list = nullptr;
  const int code =
      getaddrinfo(host.empty() ? "localhost" : host.c_str(), port.c_str(), &hints, &list);
  const std::unique_ptr<addrinfo, FreeAddresses> owned(list);
  if (code == 0) return TextsOf(list);
  if (numeric && code == EAI_NONAME) return AddressList();
  const bool unknown = code == EAI_NONAME || code == EAI_NODATA;
  return Fail(Error::Of(http::ErrDial, "dial tcp: lookup " + host + ": " +
                                           (unknown ? "no such host" : gai_strerror(code))));
}

using Lookup = std::function<Result<AddressList>(const std::string&)>;

// "ip:port" of the addresses that `lookup` returns.
Result<AddressList> Ask(const Lookup& lookup, const std::string& host_port) {
  if (lookup == nullptr) return AskSystem(host_port, false);
  HON_TRY(const net::HostPort parts, net::SplitHostPort(host_port));
  Result<AddressList> found = lookup(std::string(parts.host));
  if (!found) {
    return Fail(Error::Of(http::ErrDial, "dial tcp: lookup " + std::string(parts.host) + ": " +
                                             found.error().Message()));
  }
  if (found->empty()) {
    return Fail(
        Error::Of(http::ErrDial, "dial tcp: lookup " + std::string(parts.host) + ": no addresses"));
  }
  if (found->size() > kAddressesTriedMax) found->resize(kAddressesTriedMax);
  for (std::string& one : *found) one = net::JoinHostPort(one, parts.port);
  return found;
}

}  // namespace

class Resolver::Threads {
 public:
  explicit Threads(Lookup lookup) : lookup_(std::move(lookup)) {}
  struct Question {
    std::string host_port;
    Parker* asker = nullptr;  // null: the wait has ended
    bool answered = false;
    Result<AddressList> answer;
  };

  ~Threads() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (Thread& thread : threads_) thread.Join();
  }

  Error Ask(std::shared_ptr<Question> question) {
    const std::lock_guard lock(mutex_);
    if (idle_ <= queue_.size() && threads_.size() < kResolverThreadsMax) {
      Result<Thread> thread = Thread::Start({.name = "hon-names"}, [this] { Work(); });
      if (thread) {
        threads_.push_back(std::move(*thread));
      } else if (threads_.empty()) {
        return std::move(thread.error());
      }
    }
    queue_.push_back(std::move(question));
    changed_.notify_one();
    return {};
  }

  bool Answered(const Question& question) {
    const std::lock_guard lock(mutex_);
    return question.answered;
  }
  void Forget(Question& question) {
    const std::lock_guard lock(mutex_);
    question.asker = nullptr;
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      --idle_;
      if (stopping_) return;
      const std::shared_ptr<Question> question = std::move(queue_.front());
      queue_.pop_front();
      if (question->asker == nullptr) continue;
      lock.unlock();
      Result<AddressList> answer = client::Ask(lookup_, question->host_port);
      lock.lock();
      question->answer = std::move(answer);
      question->answered = true;
      if (question->asker != nullptr) question->asker->Wake();
    }
  }

  const Lookup lookup_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Question>> queue_;
  std::vector<Thread> threads_;
  size_t idle_ = 0;
  bool stopping_ = false;
};

Resolver::Resolver(Lookup lookup, Duration cache_time)
    : cache_time_(cache_time), threads_(std::make_unique<Threads>(std::move(lookup))) {}
Resolver::~Resolver() = default;

AddressList Resolver::FindKept(const std::string& host_port) {
  if (cache_time_ <= Duration(0)) return {};
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(host_port);
  if (found == kept_.end() || Clock::now() >= found->second.until) return {};
  return found->second.addresses;
}

void Resolver::Keep(const std::string& host_port, const AddressList& addresses) {
  if (cache_time_ <= Duration(0)) return;
  const TimePoint now = Clock::now();
  const std::lock_guard lock(mutex_);
  if (kept_.size() >= kNamesCachedMax && !kept_.contains(host_port)) {
    std::erase_if(kept_, [now](const auto& one) { return one.second.until <= now; });
    if (kept_.size() >= kNamesCachedMax) {
      kept_.erase(std::min_element(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) {
        return a.second.until < b.second.until;
      }));
    }
  }
  kept_[host_port] = {addresses, DeadlineAfter(now, cache_time_)};
}

Result<AddressList> Resolver::LookUp(const std::string& host_port,
                                     const appcontext::Context& context, TimePoint deadline,
                                     const ClientTrace* trace) {
  if (host_port.starts_with("unix:")) return AddressList{host_port};
  Result<AddressList> numeric = AskSystem(host_port, true);
  if (!numeric || !numeric->empty()) return numeric;
  if (AddressList kept = FindKept(host_port); !kept.empty()) return kept;
  if (trace != nullptr) Tell(trace, &ClientTrace::DNSStart, net::SplitHostPort(host_port)->host);
  Result<AddressList> found = Await(host_port, context, deadline);
  Tell(trace, &ClientTrace::DNSDone, found ? Error() : found.error());
  if (found) Keep(host_port, *found);
  return found;
}

// Asks a thread, and suspends the fiber until the answer comes.
Result<AddressList> Resolver::Await(const std::string& host_port,
                                    const appcontext::Context& context, TimePoint deadline) {
  auto question = std::make_shared<Threads::Question>();
  Parker parker;
  question->host_port = host_port;
  question->asker = &parker;
  if (Error err = threads_->Ask(question)) return Fail(std::move(err));
  while (!threads_->Answered(*question)) {
    Error why;
    if (context.Done()) {
      why = context.Cause();
    } else if (Clock::now() >= deadline) {
      why = Error::Of(http::ErrDialTimeout, "dial tcp: lookup " + host_port + ": i/o timeout");
    }
    if (why) {
      threads_->Forget(*question);
      return Fail(std::move(why));
    }
    parker.Park(context, deadline);
  }
  threads_->Forget(*question);
  return std::move(question->answer);
}

}  // namespace hon::client
