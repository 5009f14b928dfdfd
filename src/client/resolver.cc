#include "client/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "client/parker.h"
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

}  // namespace

class Resolver::Threads {
 public:
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
      Result<AddressList> answer = AskSystem(question->host_port, false);
      lock.lock();
      question->answer = std::move(answer);
      question->answered = true;
      if (question->asker != nullptr) question->asker->Wake();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Question>> queue_;
  std::vector<Thread> threads_;
  size_t idle_ = 0;
  bool stopping_ = false;
};

Resolver::Resolver() : threads_(std::make_unique<Threads>()) {}
Resolver::~Resolver() = default;

Result<AddressList> Resolver::LookUp(const std::string& host_port,
                                     const appcontext::Context& context, TimePoint deadline) {
  if (host_port.starts_with("unix:")) return AddressList{host_port};
  Result<AddressList> numeric = AskSystem(host_port, true);
  if (!numeric || !numeric->empty()) return numeric;
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
