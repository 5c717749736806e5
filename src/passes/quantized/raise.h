// Float operators between dequantize and quantize as the integer operators that they stand for.
#pragma once

#include "ops/check.h"

namespace thimble {

// For a graph that says by `quantize` and `dequantize` around float operators which integers they are to work on
// (ONNX's form of quantised networks; docs/notes/onnx.md). A float operator whose activations are all dequantised, and
// whose result is only quantised again, becomes the integer operator of these scales, as TensorFlow Lite has it: a
// layer with its weights around 0 and its bias in int32, sums, products, pools, tables. Operators that only move or
// clamp values let the integers pass as they are. uint8 becomes int8, whose zero points are 128 lower, but for inputs
// and outputs of the graph; only weights that do not fit around 0 leave a network in uint8, as TensorFlow Lite's first
// integer networks are. What has no integer form, or not of these scales, stays in float32.
//
// Each integer operator rounds as its file format's does: results may lie a quantum beside those of the floats. Where
// no operator became one of integers, `quantize` is taken apart instead into the arithmetic that ONNX defines (rounded
// half to even), so that such a graph computes exactly what its file says.
Result<Checked> raise_quantized(Checked checked);

}  // namespace thimble
