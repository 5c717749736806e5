// float32 pooling, a register of channels at a time.
#include "kernels/pool.h"

#include "kernels/f32_fill.h"
#include "kernels/vec.h"

namespace thimble {
namespace {

constexpr float kLowest = -3.40282347e38f;  // what an empty window gives, as TFLite

void max_f32(const PoolF32Args& a) {
  const F lo = set1(a.lo), hi = set1(a.hi);
  for (int64_t m = 0; m < a.m; ++m) {
    const int32_t* offsets = a.offsets + m * a.taps;
    for_runs(a.channels, [&](int64_t c, auto run) {
      F best = set1(kLowest);
      for (int64_t t = 0; t < a.taps; ++t)
        if (offsets[t] >= 0) best = greater(load(a.x + offsets[t] + c, run), best);
      store(a.y + m * a.channels + c, clamp(best, lo, hi), run);
    });
  }
}

void average_f32(const PoolF32Args& a) {
  const F lo = set1(a.lo), hi = set1(a.hi);
  for (int64_t m = 0; m < a.m; ++m) {
    const int32_t* offsets = a.offsets + m * a.taps;
    int count = 0;
    for (int64_t t = 0; t < a.taps; ++t) count += offsets[t] >= 0;
    const F divisor = set1(count > 0 ? static_cast<float>(count) : 1.0f);
    for_runs(a.channels, [&](int64_t c, auto run) {
      F sum = {};
      for (int64_t t = 0; t < a.taps; ++t)
        if (offsets[t] >= 0) sum += load(a.x + offsets[t] + c, run);
      store(a.y + m * a.channels + c, clamp(sum / divisor, lo, hi), run);
    });
  }
}

}  // namespace

void THIMBLE_FILL(pool)(PoolKernels& table) {
  table.name = THIMBLE_ISA_STRING;
  table.max_f32 = max_f32;
  table.average_f32 = average_f32;
}

}  // namespace thimble
