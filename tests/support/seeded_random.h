#pragma once

// Random bytes of OpenSSL that repeat with a seed, for simulations.

#define OPENSSL_SUPPRESS_DEPRECATED  // RAND_METHOD has no replacement short of a provider
#include <openssl/rand.h>

#include <cstdint>
#include <random>

#include "hon/base/assert.h"

namespace hon::test {

/// While an object lives, every random number that OpenSSL takes on any thread, keys and nonces
/// included, comes from one generator. One object at a time, on one thread.
class SeededRandom {
 public:
  explicit SeededRandom(uint32_t seed) {
    static const RAND_METHOD method{.seed = nullptr,
                                    .bytes = Fill,
                                    .cleanup = nullptr,
                                    .add = nullptr,
                                    .pseudorand = Fill,
                                    .status = [] { return 1; }};
    Random().seed(seed);
    const int done = RAND_set_rand_method(&method);
    HON_ASSERT(done == 1);
  }
  ~SeededRandom() { RAND_set_rand_method(nullptr); }
  SeededRandom(const SeededRandom&) = delete;
  SeededRandom& operator=(const SeededRandom&) = delete;

 private:
  static std::mt19937& Random() {
    static std::mt19937 random;
    return random;
  }
  static int Fill(unsigned char* bytes, int size) {
    for (int i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(Random()());
    return 1;
  }
};

}  // namespace hon::test
