// int8 products with sparse weights in plain C++, for the scalar and NEON tables.
#pragma once

#include "kernels/s8_scalar.h"
#include "kernels/sparse.h"

namespace thimble {
namespace {

void generic_sparse(const SparseS8Args& g) {
  for (int64_t p = 0; p < g.m; p += kSparseRows) {
    for (int64_t j = 0; j < g.n; ++j) {
      uint32_t sum[kSparseRows];  // unsigned: sums wrap
      for (uint32_t& s : sum) s = static_cast<uint32_t>(g.bias[j]);
      for (int64_t e = g.begin[j], end = g.begin[j + 1]; e < end; ++e) {
        const uint8_t* x = g.a + (g.offset[e] + p) * 4;
        const int8_t* w = g.value + e * 4;
        for (int r = 0; r < kSparseRows; ++r)
          sum[r] +=
              static_cast<uint32_t>(x[4 * r] * w[0] + x[4 * r + 1] * w[1] + x[4 * r + 2] * w[2] + x[4 * r + 3] * w[3]);
      }
      for (int r = 0; r < kSparseRows; ++r) g.c[j * g.ldc + p + r] = static_cast<int32_t>(sum[r]);
    }
  }
}

[[maybe_unused]] void generic_row(const SparseRowS8Args& g) {
  for (int64_t j = 0; j < g.n; ++j) {
    auto sum = static_cast<uint32_t>(g.bias[j]);
    for (int64_t e = g.begin[j], end = g.begin[j + 1]; e < end; ++e) {
      const uint8_t* x = g.a + int64_t{16} * g.block[e];
      const int8_t* w = g.value + e * 16;
      for (int i = 0; i < 16; ++i) sum += static_cast<uint32_t>(x[i] * w[i]);
    }
    g.c[j] = static_cast<int32_t>(sum);
  }
}

void generic_pack_group(const int8_t weights[4], int8_t* packed) {
  for (int i = 0; i < 4; ++i) packed[i] = weights[i];
}

void generic_requantise(const GemmS8Args& a, const int32_t* sums, int64_t lds) {
  for (int64_t m = 0; m < a.m; ++m)
    for (int64_t j = 0; j < a.n; ++j)
      a.c_quantized[m * a.ldc + j] = a.requant.scale ? requantise_byte_in_double(sums[m * lds + j], a.requant, j)
                                                     : requantise_byte(sums[m * lds + j], a.requant, j);
}

[[maybe_unused]] void fill_generic_sparse(SparseKernels& table) {
  table.s8 = generic_sparse;
  table.pack_group = generic_pack_group;
  table.group_bytes = 4;
  table.requantise = generic_requantise;
  table.row_s8 = generic_row;
}

}  // namespace
}  // namespace thimble
