// batch_matmul: y[b, i, j] = Σ_k x[b, i, k] · w[b, k, j], over batches of matrices that broadcast against each other
//
//   x  [..., rows, depth], or [..., depth, rows] with adj_x;  rank 2 to 5
//   w  [..., depth, columns], or [..., columns, depth] with adj_y;  rank 2 to 5; constant or computed
//   y  [..., rows, columns]
// Types: float32; int8 × int8 to int8, or to int32 (the sums of the
// integers as they are: the reference takes no zero points off); int16 × int16 and int16 × int8 to int16, all
// zero points 0, 64-bit sums; hybrid: float32 × int8 with one scale or one per column of w, each row of x quantised at
// run time. int8: acc = Σ (x − zx)·(w − zw), requantised by gemmlowp double rounding with s_x·s_w taken in float32.
// int8 w beside integers may have a scale per column too, its zero points 0: then columns are requantised as the
// channels of conv2d are. (LiteRT's reference takes such scales for 0, so every result for the zero point; the oracle
// is its CONV_2D of one place.) Source: TensorFlow Lite BATCH_MATMUL, versions 1 to 4.
#pragma once

#include "ops/batch_matmul/kernel.h"
#include "ops/op.h"

namespace thimble {

struct BatchMatmulAttrs {
  bool adj_x = false, adj_y = false;
  bool asymmetric_quantize_inputs = false;  // hybrid
  template <class V>
  void fields(V& v) {
    v("adj_x", adj_x);
    v("adj_y", adj_y);
    v("asymmetric_quantize_inputs", asymmetric_quantize_inputs);
  }
};

}  // namespace thimble

void fields(thimble::PlanVisitor& v, const thimble_batch_matmul& p);
