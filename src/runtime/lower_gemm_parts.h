// What the float, int8 and hybrid forms of lower_gemm share. Private to the lower_gemm*.cc files.
#pragma once

#include <algorithm>

#include "runtime/lower_gemm.h"

namespace thimble::gemm_lowering {

// Splits m rows of `images` images into parts: whole rows across the flattened (image, row) space.
template <class Body>
void for_rows(int64_t images, int64_t m, int64_t granule, int part, int parts, Body body) {
  const Range r = part_range(images * m, part, parts, granule);
  for (int64_t at = r.begin; at < r.end;) {
    const int64_t image = at / m, first = at % m, count = std::min(m - first, r.end - at);
    body(image, first, count);
    at += count;
  }
}

// Runs shorter than this are first copied into plain rows, a block at a time: the kernels work in
// steps of several elements and would waste most of them (first layers with 1 or 3 channels).
inline bool gather_rows(const GemmShape& s, bool integer) {
  if (s.offsets.empty() || s.taps == 1) return false;
  return integer ? s.k < 8 && s.k % 4 != 0 : s.k < 4;
}
inline constexpr int64_t kGatherBlock = 96;  // rows; a multiple of every kernel's mr

// `runs` runs of kRun elements from x at their offsets, one behind the other.
template <int64_t kRun, class T>
void gather_runs(const T* x, const int32_t* offsets, int64_t runs, T pad, T* y) {
  T padding[kRun];
  std::fill_n(padding, kRun, pad);
  for (int64_t i = 0; i < runs; ++i, y += kRun) {
    const T* from = offsets[i] < 0 ? padding : x + offsets[i];
    __builtin_memcpy(y, from, kRun * sizeof(T));  // a few moves; std::copy_n of three bytes is a call
  }
}

// y[row, taps·k] from x at offsets[row·taps + t]; padding is `pad`.
template <class T>
void gather(const T* x, const int32_t* offsets, int64_t rows, int64_t taps, int64_t k, T pad, T* y) {
  const int64_t runs = rows * taps;
  switch (k) {
    case 1:
      for (int64_t i = 0; i < runs; ++i) y[i] = offsets[i] < 0 ? pad : x[offsets[i]];
      return;
    case 2: return gather_runs<2>(x, offsets, runs, pad, y);
    case 3: return gather_runs<3>(x, offsets, runs, pad, y);
    default: break;
  }
  for (int64_t i = 0; i < runs; ++i, y += k) {
    if (offsets[i] < 0)
      std::fill_n(y, k, pad);
    else
      std::copy_n(x + offsets[i], k, y);
  }
}

// Sum over all taps and rows of each column's int8 weights.
std::vector<int32_t> column_sums(const GemmShape& s, const int8_t* w);
// The weights packed for the int8 kernel, as `taps` runs of k.
const int8_t* pack_s8(LowerContext& ctx, const GemmShape& s, const int8_t* w, int64_t k, int64_t taps);

Result<bool> lower_f32(LowerContext& ctx, const GemmShape& s);
// Weights of int8 and zero point 0 that stand for input 1. x and y are int8, or uint8 (legacy), whose bytes are what
// the kernel multiplies as they lie.
Result<bool> lower_s8(LowerContext& ctx, const GemmShape& s, const int8_t* w);
Result<bool> lower_u8(LowerContext& ctx, const GemmShape& s);
Result<bool> lower_hybrid(LowerContext& ctx, const GemmShape& s);

}  // namespace thimble::gemm_lowering
