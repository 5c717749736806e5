// Windows over images as ONNX describes them: by axis, with paddings of both sides. Images are [n, c, h, w] in the file
// and [n, h, w, c] in our operators; one axis alone ([n, c, l]) is a row of height 1.
#pragma once

#include "formats/onnx/rule.h"

namespace thimble::onnx {

struct Slide {
  int64_t in = 1, kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;
  int64_t span() const { return (kernel - 1) * dilation + 1; }
  // Windows that fit; `up`: one that begins inside but ends behind the padding counts too (ceil_mode).
  int64_t windows(bool up = false) const;
  // Whether TensorFlow's SAME pads like this.
  bool same() const;
};

// One per spatial axis, from kernel_shape (or `kernel`), strides, dilations, pads, auto_pad. Errors: through m.
std::vector<Slide> slides(Maker& m, const Call& c, const Shape& x, Ints kernel, bool up = false);

// [n, c, …] → [n, h, w, c], and back to the shape of the file.
TensorId channels_last(Maker& m, TensorId x);
TensorId channels_first(Maker& m, TensorId y, int rank);

}  // namespace thimble::onnx
