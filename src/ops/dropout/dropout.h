// dropout: y = x · mask / (1 − rate), in training only.
//   x     float32, any shape
//   step  int32 or int64, one value: the number of the training step, a variable of the trainer
//   y     x's shape; an element is 0 with probability rate (to 1/65536), else x / (1 − rate)
// The mask is a pure function of (seed, layer, step, element), so it needs no memory: the gradient
// is the same operator on dy. Four elements share one 64-bit hash (SplitMix64's finaliser), 16 bits
// each, so a draw costs well under a nanosecond. passes/remove_training.h takes dropout out of
// models that are to be run.
#pragma once

#include "base/random.h"
#include "graph/graph.h"

namespace thimble {

struct DropoutAttrs {
  float rate = 0.5f;
  uint64_t seed = 0;
  int64_t layer = 0;  // tells the layers of one model apart
  template <class V>
  void fields(V& v) {
    v("rate", rate);
    v("seed", seed);
    v("layer", layer);
  }
};

struct DropoutMask {
  DropoutMask(const DropoutAttrs& a, int64_t step)
      : key(random_bits(a.seed, static_cast<uint64_t>(a.layer), static_cast<uint64_t>(step))),
        threshold(static_cast<uint32_t>(a.rate * 65536.0f + 0.5f)),
        scale(65536.0f / static_cast<float>(65536 - threshold)) {}

  // y[i] for i in [begin, end); begin a multiple of 4.
  void apply(const float* x, float* y, int64_t begin, int64_t end) const {
    for (int64_t i = begin; i < end; i += 4) {
      uint64_t h = key + static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15ull;
      h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ull;
      h = (h ^ (h >> 27)) * 0x94d049bb133111ebull;
      h ^= h >> 31;
      const int64_t n = end - i < 4 ? end - i : 4;
      for (int64_t k = 0; k < n; ++k) y[i + k] = ((h >> (16 * k)) & 0xffff) >= threshold ? x[i + k] * scale : 0.0f;
    }
  }

  uint64_t key;
  uint32_t threshold;
  float scale;
};

}  // namespace thimble
