// The tables: complete, in order, and forced by name.
#include "kernels/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace thimble {
namespace {

TEST(Kernels, TablesAreComplete) {
  ASSERT_FALSE(available_kernels().empty());
  EXPECT_EQ(available_kernels()[0]->isa, Isa::scalar);
  for (const KernelTable* t : available_kernels()) {
    EXPECT_TRUE(t->gemm_f32.run && t->gemm_f32.pack_b && t->gemm_f32.run_tn && t->gemm_f32.mr > 0 &&
                t->gemm_f32.nr > 0);
    EXPECT_TRUE(t->gemm_s8.run_requant && t->gemm_s8.run_dequant && t->gemm_s8.pack_b && t->gemm_s8.packed_b_bytes);
    EXPECT_TRUE(t->gemm_s8.flip);
    EXPECT_TRUE(t->depthwise.f32 && t->depthwise.grad_w_f32 && t->depthwise.s8);
    const auto there = [](auto f) { return f != nullptr; };
    EXPECT_TRUE(std::ranges::all_of(t->map.unary_f32, there));
    EXPECT_TRUE(std::ranges::all_of(t->map.unary_grad_f32, there));
    EXPECT_TRUE(std::ranges::all_of(t->map.binary_f32, there));
    EXPECT_TRUE(t->map.lut_u8 && t->map.f16_to_f32);
    EXPECT_TRUE(t->map.quantize_s8 && t->map.dequantize_s8 && t->map.quantize_row);
    EXPECT_TRUE(t->map.range && t->map.quantize_shifted && t->map.quantize_centred && t->map.scale_columns);
    EXPECT_TRUE(t->reduce.sum_f32 && t->reduce.dot_f32 && t->reduce.max_f32 && t->reduce.min_f32);
    EXPECT_TRUE(t->reduce.all_finite_f32 && t->reduce.sum_rows_f32);
    EXPECT_TRUE(t->reduce.softmax_f32 && t->reduce.log_softmax_f32);
    EXPECT_TRUE(t->pool.max_f32 && t->pool.average_f32 && t->pool.max_grad_f32 && t->pool.max_s8 && t->pool.average_s8);
    EXPECT_TRUE(t->lstm.cell_f32 && t->lstm.cell_grad_f32);
    EXPECT_TRUE(std::ranges::all_of(t->update.step, there));
  }
}

TEST(Kernels, ForcedByName) {
  const KernelTable* usual = &kernels();
  for (const KernelTable* t : available_kernels()) {
    EXPECT_TRUE(force_isa(name(t->isa)));
    EXPECT_EQ(&kernels(), t);
    EXPECT_FALSE(force_isa("sse9"));
    EXPECT_EQ(&kernels(), t);
  }
  EXPECT_TRUE(force_isa(""));
  EXPECT_EQ(&kernels(), usual);
}

}  // namespace
}  // namespace thimble
