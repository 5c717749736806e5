// Products of matrices, for every operator that holds some.
#pragma once

#include "formats/onnx/maker.h"

namespace thimble::onnx {

// a · b as numpy.matmul: the last two axes are matrices, those before them broadcast.
TensorId matmul(Maker& m, TensorId a, TensorId b);
// x · wᵀ + bias over x's last axis; w [outputs, inputs], bias [outputs] or left out.
TensorId linear(Maker& m, TensorId x, TensorId w, TensorId bias = kNoTensor);
// The matrix transposed: its last two axes changed.
TensorId turned(Maker& m, TensorId x);

}  // namespace thimble::onnx
