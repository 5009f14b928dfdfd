#include "netpoll/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <array>
#include <string>

namespace hon::netpoll {
namespace {

TEST(Address, EveryOctetIsWrittenAsTheSystemDoes) {
  for (unsigned value = 0; value < 256; ++value) {
    for (unsigned place = 0; place < 4; ++place) {
      std::array<unsigned char, 4> ip{10, 200, 7, 0};
      ip[place] = static_cast<unsigned char>(value);
      const auto port = static_cast<uint16_t>(value * 257);
      std::array<char, INET_ADDRSTRLEN> expected{};
      ASSERT_NE(inet_ntop(AF_INET, ip.data(), expected.data(), expected.size()), nullptr);
      std::array<char, kAddressTextMax> text;
      EXPECT_EQ(FormatIpv4Address(ip.data(), port, text),
                std::string(expected.data()) + ":" + std::to_string(port));
    }
  }
}

}  // namespace
}  // namespace hon::netpoll
