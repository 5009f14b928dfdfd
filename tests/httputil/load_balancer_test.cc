#include "hon/httputil/load_balancer.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "hon/http/client.h"
#include "hon/http/client_error.h"
#include "hon/http/method.h"
#include "hon/http/replay.h"

namespace hon::httputil {
namespace {

using namespace std::chrono_literals;

// Answers by host; hosts in `broken` fail with their error.
class Hosts final : public http::RoundTripper {
 public:
  Result<http::Response> RoundTrip(http::Request& r) override {
    asked.push_back(r.URL.String());
    ++counts[r.URL.Host];
    if (const auto bad = broken.find(r.URL.Host); bad != broken.end()) {
      if (read_body) static_cast<void>(r.Body.ReadAll());
      return Fail(bad->second);
    }
    bodies.push_back(r.Body.ReadAll().value_or("?"));
    http::Response answer;
    answer.StatusCode = 200;
    answer.Body = http::Body::FromString(std::string(r.URL.Host));
    return answer;
  }

  std::vector<std::string> asked;
  std::vector<std::string> bodies;
  std::map<std::string, int> counts;
  std::map<std::string, Error> broken;
  bool read_body = false;
};

class LoadBalancer : public testing::Test {
 protected:
  LoadBalancer() { options_.Transport = hosts_; }

  [[nodiscard]] httputil::LoadBalancer Make(size_t servers = 3) {
    std::vector<url::URL> urls;
    for (size_t i = 0; i < servers; ++i) {
      urls.push_back(*url::Parse("http://s" + std::to_string(i) + "/base"));
    }
    return httputil::LoadBalancer(std::move(urls), options_);
  }
  static Result<http::Response> Ask(httputil::LoadBalancer& balancer, std::string_view path = "/",
                                    std::string_view method = "GET", http::Body body = {}) {
    http::Request r = *http::NewRequest(method, "http://any" + std::string(path), std::move(body));
    return balancer.RoundTrip(r);
  }

  std::shared_ptr<Hosts> hosts_ = std::make_shared<Hosts>();
  LoadBalancerOptions options_;
};

TEST_F(LoadBalancer, TakesOneServerAfterTheOther) {
  httputil::LoadBalancer balancer = Make();
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(Ask(balancer, "/p?q=1"));
  EXPECT_EQ(hosts_->counts, (std::map<std::string, int>{{"s0", 3}, {"s1", 3}, {"s2", 3}}));
  EXPECT_EQ(hosts_->asked[0], "http://s0/base/p?q=1");
}

TEST_F(LoadBalancer, PrefersTheServerWithTheFewestRequests) {
  options_.Balance = Balance::kLeastBusy;
  httputil::LoadBalancer balancer = Make();
  std::vector<http::Response> open;
  for (int i = 0; i < 3; ++i) open.push_back(*Ask(balancer));
  EXPECT_EQ(hosts_->counts.size(), 3u);
  // The request to s1 has ended with the read of its body.
  EXPECT_EQ(open[1].Body.ReadAll().value(), "s1");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Ask(balancer)->Body.ReadAll().value(), "s1");
  EXPECT_EQ(balancer.GetHealth()[0].requests, 1u);
  EXPECT_EQ(balancer.GetHealth()[1].requests, 0u);
  open.clear();
  EXPECT_EQ(balancer.GetHealth()[0].requests, 0u);
}

TEST_F(LoadBalancer, OneKeyStaysWithItsServer) {
  options_.Balance = Balance::kConsistentHash;
  httputil::LoadBalancer four = Make(4);
  httputil::LoadBalancer five = Make(5);
  std::set<std::string> used;
  int moved = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string path = "/" + std::to_string(i);
    const std::string server = Ask(four, path)->Body.ReadAll().value();
    EXPECT_EQ(Ask(four, path)->Body.ReadAll().value(), server);
    used.insert(server);
    const std::string among_five = Ask(five, path)->Body.ReadAll().value();
    if (among_five == server) continue;
    EXPECT_EQ(among_five, "s4") << "a key moves to the new server only";
    ++moved;
  }
  EXPECT_EQ(used.size(), 4u);
  EXPECT_GT(moved, 10);
  EXPECT_LT(moved, 80);
}

TEST_F(LoadBalancer, TheKeyMayBeTheProgramsOwn) {
  options_.Balance = Balance::kConsistentHash;
  options_.Key = [](const http::Request& r) { return std::string(r.Method); };
  httputil::LoadBalancer balancer = Make();
  const std::string server = Ask(balancer, "/a")->Body.ReadAll().value();
  for (const std::string_view path : {"/b", "/c", "/d"}) {
    EXPECT_EQ(Ask(balancer, path)->Body.ReadAll().value(), server);
  }
}

TEST_F(LoadBalancer, AFailedRequestGoesToAnotherServer) {
  hosts_->broken["s0"] = http::ErrDial;
  hosts_->broken["s1"] = http::ErrServerClosedIdle;
  httputil::LoadBalancer balancer = Make();
  EXPECT_EQ(Ask(balancer)->Body.ReadAll().value(), "s2");
  EXPECT_EQ(hosts_->asked.size(), 3u);
}

TEST_F(LoadBalancer, ARequestThatMayHaveHadAnEffectIsNotRepeated) {
  for (int i = 0; i < 3; ++i) hosts_->broken["s" + std::to_string(i)] = http::ErrServerClosedIdle;
  httputil::LoadBalancer balancer = Make();
  EXPECT_FALSE(Ask(balancer, "/", "POST"));
  EXPECT_EQ(hosts_->asked.size(), 1u);
  EXPECT_FALSE(Ask(balancer, "/", "PUT"));
  EXPECT_EQ(hosts_->asked.size(), 4u);
}

TEST_F(LoadBalancer, ABodyIsSentAgainWhereThatCanBe) {
  hosts_->broken["s0"] = http::ErrDial;
  hosts_->read_body = true;
  httputil::LoadBalancer balancer = Make();
  EXPECT_TRUE(Ask(balancer, "/", "POST", http::Body::FromString("data")));
  EXPECT_EQ(hosts_->bodies, std::vector<std::string>{"data"});
  hosts_->asked.clear();
  Result<http::Response> answer;
  do {  // s0's turn
    hosts_->asked.clear();
    answer =
        Ask(balancer, "/", "POST", http::ReaderBody(std::make_shared<io::StringReader>("once"), 4));
  } while (!hosts_->asked[0].starts_with("http://s0"));
  EXPECT_FALSE(answer) << "a body that can be read once";
  EXPECT_EQ(hosts_->asked.size(), 1u);
}

TEST_F(LoadBalancer, ABodyOfWhichNothingWasReadGoesToAnotherServer) {
  hosts_->broken["s0"] = http::ErrDial;
  hosts_->broken["s1"] = http::ErrDialTimeout;
  httputil::LoadBalancer balancer = Make();
  const auto body = [] { return http::ReaderBody(std::make_shared<io::StringReader>("once"), 4); };
  EXPECT_EQ(Ask(balancer, "/", "POST", body())->Body.ReadAll().value(), "s2");
  EXPECT_EQ(hosts_->bodies, std::vector<std::string>{"once"});
  // A server that was reached may have seen the head.
  for (const char* host : {"s0", "s1", "s2"}) hosts_->broken[host] = http::ErrServerClosedIdle;
  hosts_->asked.clear();
  EXPECT_FALSE(Ask(balancer, "/", "POST", body()));
  EXPECT_EQ(hosts_->asked.size(), 1u);
}

TEST_F(LoadBalancer, AServerThatFailsInARowRests) {
  options_.RestTime = 1h;
  hosts_->broken["s0"] = http::ErrDial;
  httputil::LoadBalancer balancer = Make(2);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Ask(balancer));
  EXPECT_EQ(hosts_->counts["s0"], static_cast<int>(kUpstreamFailuresMax));
  EXPECT_TRUE(balancer.GetHealth()[0].resting);
  EXPECT_FALSE(balancer.GetHealth()[1].resting);
}

TEST_F(LoadBalancer, AnErrorOfTheRequestIsNoFailureOfTheServer) {
  options_.FailuresMax = 1;
  hosts_->broken["s0"] = http::ErrInvalidRequest;
  httputil::LoadBalancer balancer = Make(1);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Ask(balancer));
  EXPECT_EQ(balancer.GetHealth()[0].failures, 0u);
}

TEST_F(LoadBalancer, ABodyThatCannotBeReadIsNoFailureOfTheServer) {
  // The kind of a client's body that is late is that of a server which is late.
  struct Late final : http::BodySource {
    io::IoResult Read(std::span<char>) override { return {0, io::ErrDeadlineExceeded}; }
    Error Close() override { return {}; }
  };
  for (const char* host : {"s0", "s1", "s2"}) hosts_->broken[host] = io::ErrDeadlineExceeded;
  hosts_->read_body = true;
  httputil::LoadBalancer balancer = Make();
  for (int i = 0; i < 9; ++i) {
    const auto failed = Ask(balancer, "/", "PUT", http::Body(std::make_shared<Late>()));
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().Is(io::ErrDeadlineExceeded));
  }
  EXPECT_EQ(hosts_->asked.size(), 9u);  // none was sent to another server
  for (const auto& health : balancer.GetHealth()) EXPECT_EQ(health.failures, 0u);
}

TEST_F(LoadBalancer, ARestedServerIsTriedByOneRequest) {
  options_.RestTime = 20ms;
  options_.FailuresMax = 1;
  hosts_->broken["s0"] = http::ErrDial;
  httputil::LoadBalancer balancer = Make(2);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Ask(balancer));
  const int before = hosts_->counts["s0"];
  hosts_->broken.clear();
  while (balancer.GetHealth()[0].resting) {
  }
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Ask(balancer));
  EXPECT_GT(hosts_->counts["s0"], before);
  EXPECT_EQ(balancer.GetHealth()[0].failures, 0u);
}

TEST_F(LoadBalancer, WhereAllRestAllAreTried) {
  options_.RestTime = 1h;
  options_.FailuresMax = 1;
  for (int i = 0; i < 3; ++i) hosts_->broken["s" + std::to_string(i)] = http::ErrDial;
  httputil::LoadBalancer balancer = Make();
  EXPECT_FALSE(Ask(balancer));
  hosts_->broken.clear();
  EXPECT_TRUE(Ask(balancer));
}

TEST_F(LoadBalancer, HasOneToManyServers) {
  EXPECT_THROW(httputil::LoadBalancer({}), std::invalid_argument);
  EXPECT_THROW(httputil::LoadBalancer({*url::Parse("/path")}, options_), std::invalid_argument);
  const std::vector<url::URL> most(kUpstreamsMax, *url::Parse("http://s"));
  EXPECT_NO_THROW(httputil::LoadBalancer(most, options_));
  std::vector<url::URL> more = most;
  more.push_back(most[0]);
  EXPECT_THROW(httputil::LoadBalancer(more, options_), std::invalid_argument);
}

}  // namespace
}  // namespace hon::httputil
