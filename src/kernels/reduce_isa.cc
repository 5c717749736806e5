// Reductions and row-wise softmax. Sums run in 16 virtual lanes whatever the register's width, the
// last 16 values padded with zeros, so that every instruction set gives the same bits.
#include "kernels/reduce.h"

#include "kernels/f32_fill.h"
#include "kernels/vec.h"
#include "kernels/vec_math.h"

namespace thimble {
namespace {

constexpr int kVirtual = 16, kParts = kVirtual / kLanes;

// The 16 lanes, added pairwise (8, 4, 2, 1).
THIMBLE_INLINE float lane_sum(const F (&sum)[kParts]) {
  float lanes[kVirtual];
  THIMBLE_UNROLL
  for (int p = 0; p < kParts; ++p) store(lanes + p * kLanes, sum[p]);
  THIMBLE_UNROLL
  for (int width = kVirtual / 2; width > 0; width /= 2) {
    THIMBLE_UNROLL
    for (int l = 0; l < width; ++l) lanes[l] += lanes[l + width];
  }
  return lanes[0];
}

// Calls body(part, i, run) for all registers of [0, n) in order.
template <class Body>
THIMBLE_INLINE void for_parts(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + kVirtual <= n; i += kVirtual) {
    THIMBLE_UNROLL
    for (int p = 0; p < kParts; ++p) body(p, i + p * kLanes, Whole{});
  }
  for (int p = 0; i < n; ++p, i += kLanes) {
    if (i + kLanes <= n) {
      body(p, i, Whole{});
    } else if constexpr (kLanes > 1) {
      body(p, i, Part{n - i});
    }
  }
}

float sum_f32(const float* x, int64_t n) {
  F sum[kParts] = {};
  for_parts(n, [&](int p, int64_t i, auto run) { sum[p] += load(x + i, run); });
  return lane_sum(sum);
}

float dot_f32(const float* x, const float* y, int64_t n) {
  F sum[kParts] = {};
  for_parts(n, [&](int p, int64_t i, auto run) { sum[p] = fma(load(x + i, run), load(y + i, run), sum[p]); });
  return lane_sum(sum);
}

// Greatest of f(x); NaN if any value is, −inf where there are none.
template <class Fn>
THIMBLE_INLINE float greatest(const float* x, int64_t n, Fn fn) {
  F best = set1(-kInf);
  I nan = {};
  for_runs(n, [&](int64_t i, auto run) {
    F v = fn(load(x + i, run));
    nan |= v != v;
    if constexpr (__is_same(decltype(run), Part)) {
      float lanes[kLanes];
      store(lanes, set1(-kInf));
      store(lanes, v, run);
      v = load(lanes);
    }
    best = greater(v, best);
  });
  float result = best[0];
  int32_t any = nan[0];
  for (int l = 1; l < kLanes; ++l) {
    result = best[l] > result ? best[l] : result;
    any |= nan[l];
  }
  return any != 0 ? __builtin_nanf("") : result;
}

float max_f32(const float* x, int64_t n) {
  return greatest(x, n, [](F v) { return v; });
}
float min_f32(const float* x, int64_t n) {
  return -greatest(x, n, [](F v) { return -v; });
}

bool all_finite_f32(const float* x, int64_t n) {
  I bad = {};
  for_runs(n, [&](int64_t i, auto run) { bad |= (bits(load(x + i, run)) & 0x7f800000) == 0x7f800000; });
  int32_t any = 0;
  for (int l = 0; l < kLanes; ++l) any |= bad[l];
  return any == 0;
}

void sum_rows_f32(const float* x, int64_t rows, int64_t n, int64_t ldx, float* acc) {
  for_runs(n, [&](int64_t j, auto run) {
    F sum = load(acc + j, run);
    for (int64_t m = 0; m < rows; ++m) sum += load(x + m * ldx + j, run);
    store(acc + j, sum, run);
  });
}

void softmax_f32(const float* x, float* y, int64_t rows, int64_t n, float beta) {
  for (int64_t row = 0; row < rows; ++row, x += n, y += n) {
    const F top = set1(max_f32(x, n));
    F sum[kParts] = {};
    for_parts(n, [&](int p, int64_t i, auto run) {
      F e = exp_f((load(x + i, run) - top) * beta);
      store(y + i, e, run);
      if constexpr (__is_same(decltype(run), Part)) e = load(y + i, run);  // zeros in the lanes beyond
      sum[p] += e;
    });
    const F total = set1(lane_sum(sum));
    for_runs(n, [&](int64_t i, auto run) { store(y + i, load(y + i, run) / total, run); });
  }
}

void log_softmax_f32(const float* x, float* y, int64_t rows, int64_t n) {
  for (int64_t row = 0; row < rows; ++row, x += n, y += n) {
    const F top = set1(max_f32(x, n));
    F sum[kParts] = {};
    for_parts(n, [&](int p, int64_t i, auto run) {
      const F shifted = load(x + i, run) - top;
      store(y + i, shifted, run);
      F e = exp_f(shifted);
      if constexpr (__is_same(decltype(run), Part)) {
        float lanes[kLanes] = {};
        store(lanes, e, run);
        e = load(lanes);
      }
      sum[p] += e;
    });
    const F log_total = log_f(set1(lane_sum(sum)));
    for_runs(n, [&](int64_t i, auto run) { store(y + i, load(y + i, run) - log_total, run); });
  }
}

}  // namespace

void THIMBLE_FILL(reduce)(ReduceKernels& table) {
  table.name = THIMBLE_ISA_STRING;
  table.sum_f32 = sum_f32;
  table.dot_f32 = dot_f32;
  table.max_f32 = max_f32;
  table.min_f32 = min_f32;
  table.all_finite_f32 = all_finite_f32;
  table.sum_rows_f32 = sum_rows_f32;
  table.softmax_f32 = softmax_f32;
  table.log_softmax_f32 = log_softmax_f32;
}

}  // namespace thimble
