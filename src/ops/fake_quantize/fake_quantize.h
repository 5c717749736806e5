// fake_quantize: a float tensor takes the value that the integer network has in its place, and its gradient
// passes straight through. The integers are not computed here: they are an operand, filled before each step
// by a run of the integer graph itself, so that training sees exactly what will be deployed.
//
//   x           float32, any shape
//   q           int8, shape of x: the integers
//   scale       float32 [scales]: of element i, scale[i / inner mod scales]
//   zero_point  int32 [1]
//   range       float32 [2], a variable, optional: becomes keep·range + (1 − keep)·(least x, greatest x)
//               where these are finite
//   keep        float32 [1], with range
//   learned     float32 [scales], optional: the factors by which the scales are being learned (scale =
//               initial scale · learned); read by the gradient only
//   y           (q − zero_point)·scale
//
// fake_quantize_grad: from x, scale, zero_point, dy and, with a learned scale, y and learned:
//   dx = dy where low − ½ < x / scale + zero_point < high + ½ or where clip is off, else 0
//   dlearned = gradient_scale · Σ dy·∂y/∂scale · scale / learned, with
//   ∂y/∂scale = q − zero_point − x / scale inside those bounds, q − zero_point outside.
// Source: Esser et al., Learned Step Size Quantization (2020), equations 2 and 3 and section 2.2.
// Sums are gathered in pieces that the shape fixes: the bits do not depend on threads.
#pragma once

#include <algorithm>

#include "graph/graph.h"

namespace thimble {

struct FakeQuantizeAttrs {
  int low = -128, high = 127;  // the integers that q may hold
  int64_t inner = 1;
  bool clip = true;
  float gradient_scale = 1;
  template <class V>
  void fields(V& v) {
    v("low", low);
    v("high", high);
    v("inner", inner);
    v("clip", clip);
    v("gradient_scale", gradient_scale);
  }
};

namespace fake_quantize {

enum Input { kX, kQ, kScale, kZeroPoint, kRange, kKeep, kLearned, kInputs };
enum GradInput { kGradX, kGradScale, kGradZeroPoint, kGradDy, kGradY, kGradLearned, kGradInputs };

// Runs of elements with one scale; one scale for all is cut into runs of a fixed length.
struct Pieces {
  Pieces() = default;
  Pieces(int64_t elements, int64_t inner, int64_t all_scales)
      : n(elements), scales(all_scales), length(all_scales == 1 ? 16384 : inner) {}
  int64_t count() const { return (n + length - 1) / length; }
  int64_t begin(int64_t piece) const { return piece * length; }
  int64_t size(int64_t piece) const { return std::min(length, n - piece * length); }
  int64_t scale(int64_t piece) const { return piece % scales; }

  int64_t n = 0, scales = 1, length = 1;
};

}  // namespace fake_quantize
}  // namespace thimble
