// The order in which samples are visited: a pure function of (seed, stream), so that a run that was
// killed and resumed, or run with another number of threads, sees the same samples in the same order.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/random.h"

namespace thimble {

// Streams of one seed, far from the epochs (0, 1, 2 …) that name the streams of the training order.
inline constexpr uint64_t kSplitStream = 0x53504c4954ull;      // "SPLIT"
inline constexpr uint64_t kAugmentStream = 0x4155474d4e54ull;  // "AUGMNT"
inline constexpr uint64_t kFunctionStream = 0x46554e43ull;     // "FUNC"

// Fills `order` (resized to n) with a permutation of 0 … n−1 by Fisher-Yates (Knuth, TAOCP 3.4.2 P).
inline void shuffle_into(std::vector<uint32_t>& order, int64_t n, uint64_t seed, uint64_t stream) {
  order.resize(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) order[static_cast<size_t>(i)] = static_cast<uint32_t>(i);
  Random random(seed, stream);
  for (int64_t i = n - 1; i > 0; --i) {
    const auto j = static_cast<size_t>(random.below(static_cast<uint64_t>(i) + 1));
    std::swap(order[static_cast<size_t>(i)], order[j]);
  }
}

inline std::vector<uint32_t> shuffled_order(int64_t n, uint64_t seed, uint64_t stream) {
  std::vector<uint32_t> order;
  shuffle_into(order, n, seed, stream);
  return order;
}

}  // namespace thimble
