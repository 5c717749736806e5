// What the emit functions of layers share.
#pragma once

#include "micro/emit.h"

namespace thimble::micro {

// Weights and bias that are computed while it runs lie where AVR does not look for them.
void expect_constant_weights(EmitContext& ctx);

// Of a layer with int8 weights and an int32 bias.
struct LayerFacts {
  bool constant = false;
  std::vector<int32_t> folded;  // bias − x_zero · Σ weights, modulo 2^32, one per output
};

// Weights of `outputs` outputs: output o has every `stride`-th of them from o · first on.
LayerFacts layer_facts(const EmitContext& ctx, int64_t outputs, int64_t first, int64_t stride, int32_t x_zero);

// Weights [rows, columns] in the order of the fast kernels: `group` rows at a time, of these 16 columns at a time, row
// behind row; columns that are left over in a shorter piece, rows that are left over as they are.
std::vector<int8_t> packed_weights(std::span<const int8_t> w, int64_t rows, int64_t columns, int64_t group);

// Whether every shift is −1 or less, as thimble_requantized_right wants them.
bool shifts_right(const thimble_requantize& y, int64_t outputs);

}  // namespace thimble::micro
