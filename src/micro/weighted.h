// What the emit functions of layers share.
#pragma once

#include "micro/emit.h"

namespace thimble::micro {

// Weights and bias that are computed while it runs lie where AVR does not look for them.
void expect_constant_weights(EmitContext& ctx);

// The layer of uint8, whose loops are those of the reference.
Status emit_u8(EmitContext& ctx, std::string_view family);

// Of a layer with int8 x, int8 weights and an int32 bias, all but x constant; otherwise there are no lists.
struct LayerFacts {
  std::vector<int32_t> bias;    // one per output, 0 where the layer has none
  std::vector<int32_t> folded;  // bias − x_zero · Σ weights, modulo 2^32
  std::vector<int64_t> reach;   // how far Σ (x − x_zero) · weight can be from 0
};

// Weights of `outputs` outputs: output o has every `stride`-th of them from o · first on.
LayerFacts layer_facts(const EmitContext& ctx, int64_t outputs, int64_t first, int64_t stride, int32_t x_zero);

// Whether a layer is plain, as its fast kernel wants it (kernels/simd.h): it has facts, no sum can reach 2^30,
// multipliers are not negative and shifts are −1 … −31. Converters give outputs that do not depend on x biases beyond
// that: they get smaller ones with the same results.
bool make_plain(const thimble_requantize& y, LayerFacts& facts);

// Weights [rows, columns] in the order of the fast kernels: `group` rows at a time, of these 16 columns at a time, row
// behind row; columns that are left over in a shorter piece, rows that are left over as they are.
std::vector<int8_t> packed_weights(std::span<const int8_t> w, int64_t rows, int64_t columns, int64_t group);

// Weights [rows, columns] two rows at a time, theirs in turn; rows and columns filled up with 0 to even numbers. Behind
// the last there are as many zeros as reads of 16 weights of two rows need.
std::vector<int8_t> paired_weights(std::span<const int8_t> w, int64_t rows, int64_t columns);

}  // namespace thimble::micro
