// Counter-based random numbers: a pure function of (seed, stream, counter), so that what a sample
// gets never depends on how many numbers other threads drew before it. The mixer is Philox 2x32-10
// (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
#pragma once

#include <cmath>
#include <cstdint>

namespace thimble {

inline uint64_t random_bits(uint64_t seed, uint64_t stream, uint64_t counter) {
  // The 128-bit (stream, counter) is folded to Philox's 64-bit counter by one multiply-mix.
  uint64_t block = (stream * 0x9e3779b97f4a7c15ull) ^ (counter + 0x632be59bd9b4e019ull * (stream >> 32));
  uint32_t left = static_cast<uint32_t>(block), right = static_cast<uint32_t>(block >> 32);
  uint32_t key = static_cast<uint32_t>(seed) ^ static_cast<uint32_t>(seed >> 32) * 0x85ebca6bu;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product = 0xd256d193ull * left;
    left = static_cast<uint32_t>(product >> 32) ^ key ^ right;
    right = static_cast<uint32_t>(product);
    key += 0x9e3779b9u;
  }
  return (static_cast<uint64_t>(left) << 32) | right;
}

// The upper half of a * b, from the products of the halves: 32-bit machines have no integer of 128 bits.
inline uint64_t upper_product(uint64_t a, uint64_t b) {
  const uint64_t a1 = a >> 32, a0 = static_cast<uint32_t>(a), b1 = b >> 32, b0 = static_cast<uint32_t>(b);
  const uint64_t left = a1 * b0 + ((a0 * b0) >> 32);
  const uint64_t right = a0 * b1 + static_cast<uint32_t>(left);
  return a1 * b1 + (left >> 32) + (right >> 32);
}

// A convenient cursor over one stream.
class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0) : seed_(seed), stream_(stream) {}
  uint64_t bits() { return random_bits(seed_, stream_, counter_++); }
  // Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  double uniform(double lo, double hi) { return lo + (hi - lo) * uniform(); }
  // Uniform integer in [0, n), n > 0 (multiply-shift; bias below n / 2^64).
  uint64_t below(uint64_t n) { return upper_product(bits(), n); }
  // Standard normal (Box-Muller).
  double normal() {
    const double u = 1.0 - uniform(), v = uniform();
    return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * v);
  }

 private:
  uint64_t seed_, stream_, counter_ = 0;
};

}  // namespace thimble
