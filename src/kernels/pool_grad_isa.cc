// Max pooling's gradient, a register of channels at a time.
#include "kernels/f32_fill.h"
#include "kernels/pool.h"
#include "kernels/vec.h"

namespace thimble {
namespace {

constexpr float kLowest = -3.40282347e38f;  // below what any window holds

template <bool kDisjoint>
THIMBLE_INLINE void max_grad(const MaxPoolGradF32Args& a) {
  const F lo = set1(a.lo), hi = set1(a.hi);
  const bool clamped = a.lo > -kInf || a.hi < kInf;
  for (int64_t m = 0; m < a.m; ++m) {
    const int32_t* offsets = a.offsets + m * a.taps;
    for_runs(a.channels, [&](int64_t c, auto run) {
      F best = set1(kLowest);
      I winner = set1i(-1);
      for (int64_t t = 0; t < a.taps; ++t) {
        if (offsets[t] < 0) continue;
        const F x = load(a.x + offsets[t] + c, run);
        const I wins = (x > best) | ((x == best) & (winner < 0));
        best = select(wins, x, best);
        winner = wins ? set1i(static_cast<int32_t>(t)) : winner;
      }
      F dy = load(a.dy + m * a.channels + c, run);
      if (clamped) dy = select((best > lo) & (best < hi), dy, F{});
      for (int64_t t = 0; t < a.taps; ++t) {
        if (offsets[t] < 0) continue;
        float* to = a.dx + offsets[t] + c;
        const F old = kDisjoint ? F{} : load(to, run);
        store(to, select(winner == static_cast<int32_t>(t), kDisjoint ? dy : old + dy, old), run);
      }
    });
  }
}

void max_grad_f32(const MaxPoolGradF32Args& a) { a.disjoint ? max_grad<true>(a) : max_grad<false>(a); }

}  // namespace

void THIMBLE_FILL(pool_grad)(PoolKernels& table) { table.max_grad_f32 = max_grad_f32; }

}  // namespace thimble
