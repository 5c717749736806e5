// Quantisation by a scale and a zero point, which several of ONNX's operators hold.
#pragma once

#include "formats/onnx/constants.h"
#include "formats/onnx/rule.h"

namespace thimble::onnx {

// The numbers of QuantizeLinear and its kin. Zero point: kNoTensor where it is 0. One of each, one per entry of `axis`,
// or (block > 0) one per block of it.
struct Scale {
  TensorId scale, zero = kNoTensor;
  int64_t axis = 1, block = 0;
};

// Floats as integers of a type: a `quantize` node where one scale and zero point are known, else the arithmetic that
// defines it.
TensorId quantised(Maker& m, TensorId x, const Scale& by, Stored to);
// Integers as floats, in float32: by `dequantize` where the numbers are known.
TensorId dequantised(Maker& m, TensorId x, const Scale& by);

// Whether the product y = x · w of these scales is one of our integer operators: all scales are known, and weights lie
// around 0.
bool integer_layer(Maker& m, const Scale& x, TensorId w, const Scale& of_w, const Scale& y);

}  // namespace thimble::onnx
