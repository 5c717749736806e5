// The int8 matrix product in plain C++: the whole body of the scalar and NEON
// tables. Packed B is [panel of 8 columns][tap·k + i][8], the last panel padded
// with zeros.
#pragma once

#include "kernels/s8_scalar.h"

namespace thimble {
namespace {

constexpr int kGenericColumns = 8;

int64_t generic_packed_b_bytes(int64_t n, int64_t k, int64_t taps) {
  return (n + kGenericColumns - 1) / kGenericColumns * kGenericColumns * k * taps;
}

void generic_pack_b(const PackBS8Args& p) {
  int8_t* out = p.packed;
  for (int64_t j0 = 0; j0 < p.n; j0 += kGenericColumns)
    for (int64_t t = 0; t < p.taps; ++t)
      for (int64_t i = 0; i < p.k; ++i)
        for (int64_t j = j0; j < j0 + kGenericColumns; ++j)
          *out++ = j < p.n ? p.b[j * p.column_stride + t * p.tap_stride + i * p.row_stride] : int8_t{0};
}

// acc[0..8) = bias + Σ over taps and k, for row m and the panel starting at
// column j0.
inline void generic_row(const GemmS8Args& a, int64_t m, int64_t j0, int64_t columns, const int8_t* panel,
                        int32_t acc[kGenericColumns]) {
  uint32_t sum[kGenericColumns] = {};  // unsigned: sums wrap
  for (int64_t j = 0; j < columns; ++j) sum[j] = static_cast<uint32_t>(a.bias[j0 + j]);
  for (int64_t t = 0; t < a.taps; ++t) {
    const uint8_t* run = run_of(a, m, t);
    for (int64_t i = 0; i < a.k; ++i, panel += kGenericColumns) {
      const int32_t x = run[i];
      for (int j = 0; j < kGenericColumns; ++j) sum[j] += static_cast<uint32_t>(x * panel[j]);
    }
  }
  for (int j = 0; j < kGenericColumns; ++j) acc[j] = static_cast<int32_t>(sum[j]);
}

template <bool kRequant>
void generic_run(const GemmS8Args& a) {
  const int64_t panel_bytes = kGenericColumns * a.k * a.taps;
  int32_t acc[kGenericColumns];
  for (int64_t j0 = 0; j0 < a.n; j0 += kGenericColumns) {
    const int8_t* panel = a.b + j0 / kGenericColumns * panel_bytes;
    const int64_t columns = a.n - j0 < kGenericColumns ? a.n - j0 : kGenericColumns;
    for (int64_t m = 0; m < a.m; ++m) {
      generic_row(a, m, j0, columns, panel, acc);
      for (int64_t j = 0; j < columns; ++j) {
        if constexpr (kRequant)
          a.c_quantized[m * a.ldc + j0 + j] = a.requant.scale ? requantise_byte_in_double(acc[j], a.requant, j0 + j)
                                                              : requantise_byte(acc[j], a.requant, j0 + j);
        else
          a.c_float[m * a.ldc + j0 + j] = dequantise(acc[j], a, m, j0 + j);
      }
    }
  }
}

[[maybe_unused]] void fill_generic(GemmS8Kernels& table, const char* name) {
  table.name = name;
  table.mr = 1;
  table.nr = kGenericColumns;
  table.run_requant = generic_run<true>;
  table.run_dequant = generic_run<false>;
  table.pack_b = generic_pack_b;
  table.packed_b_bytes = generic_packed_b_bytes;
  table.flip = flip_bytes;
}

}  // namespace
}  // namespace thimble
