// Keeps the scales of an int8 plan where the kernels that will run it can work with them (formats/tflite/stock.h): an
// output whose range is empty, or far below what its inputs can resolve, gets a larger scale. Private to the compress
// room.
#pragma once

#include "compress/quantize/int8_plan.h"

namespace thimble::compress {

// The int8 form of a node's weights (QuantRule::weight_input) at the plan's scales.
Tensor int8_weights(const Graph& source, const QuantizeOptions& options, const Int8Plan& plan, size_t node);

// Raises scales of `plan` that are too small, of all tensors that share one together. Returns the int8 weights per
// node, which it needs; nodes that quantise themselves have none.
std::map<size_t, Tensor> hold_limits(const Graph& source, const QuantizeOptions& options, Int8Plan& plan);

}  // namespace thimble::compress
