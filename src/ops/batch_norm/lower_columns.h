// Loops over a matrix of rows × channels, a cache line of channels at a time with everything of a channel kept in
// registers. Each channel is worked on from the first row to the last with separate multiplications and additions, so
// the bits are those of plain loops.
#pragma once

#include <cstdint>
#include <cstring>

namespace thimble {

// Vectors of 16 and 8 floats; the compiler splits them where registers are narrower. Nothing of these types crosses a
// call: everything here is always inlined.
typedef float Sixteen __attribute__((vector_size(64)));  // NOLINT: attributes need typedef
typedef float Eight __attribute__((vector_size(32)));    // NOLINT

// kWidth channels as one value V.
template <class V>
struct Columns {
  static constexpr int64_t kWidth = sizeof(V) / sizeof(float);
  [[gnu::always_inline]] static V zero() { return V{}; }
  [[gnu::always_inline]] static V load(const float* p) {
    V v;
    std::memcpy(&v, p, sizeof v);
    return v;
  }
  [[gnu::always_inline]] static void store(float* p, V v) { std::memcpy(p, &v, sizeof v); }
};

// body(c, at) for all channels c of n, `at` being the Columns that begin there:
//   for_columns(n, [&](int64_t c, auto at) { auto sum = at.zero(); … sum += at.load(x + row * n + c); … });
template <class Body>
[[gnu::always_inline]] inline void for_columns(int64_t n, Body body) {
  int64_t c = 0;
  for (; c + 16 <= n; c += 16) body(c, Columns<Sixteen>());
  for (; c + 8 <= n; c += 8) body(c, Columns<Eight>());
  for (; c < n; ++c) body(c, Columns<float>());
}

}  // namespace thimble
