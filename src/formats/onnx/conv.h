// The convolution that several of ONNX's operators hold.
#pragma once

#include "formats/onnx/window.h"

namespace thimble::onnx {

// x [n, c, …] by w [outputs, c / groups, …] over one to three axes; bias [outputs] or left out.
TensorId convolved(Maker& m, TensorId x, TensorId w, TensorId bias, std::vector<Slide> s, int64_t groups);

}  // namespace thimble::onnx
