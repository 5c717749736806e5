// fully_connected_blocks: a dense layer of float32 whose integer weights have a scale for every block of a row
//   y[b, o] = act(bias[o] + s_x[b] · Σ_g s[o, g] · Σ_{i in g} (x'[b, i] − z_x[b]) · w[o, i])
// where x' is each row of x, quantised asymmetrically to int8 at run time (scale s_x, zero point z_x).
//
//   x       float32, any rank ≥ 1; read as [batch, inputs]
//   w       [outputs, inputs], constant, int4 or int8, without a scale of its own, zero point 0
//   bias    [outputs], optional; float32
//   scales  constant float16 or float32, outputs · blocks of them, row by row; blocks divide the inputs
//   y       [batch, outputs], or x's shape with its last dimension replaced when keep_num_dims
// Sums of a block are exact, those of blocks are added in float32 in their order. Source: TensorFlow Lite
// FULLY_CONNECTED, version 12 and on, with weights of BlockwiseQuantization (int4): LiteRT's optimised kernel, which
// leaves the fused activation out, as its XNNPACK and this do not; its reference resolver takes the scales for 0.
#pragma once

#include "ops/op.h"

struct thimble_fully_connected_blocks {
  thimble_dim batch, inputs, outputs, blocks;
  thimble_range range;
};

namespace thimble {

struct FullyConnectedBlocksAttrs {
  Activation activation = Activation::none;
  bool keep_num_dims = false;
  template <class V>
  void fields(V& v) {
    v("activation", activation);
    v("keep_num_dims", keep_num_dims);
  }
};

namespace blocks_input {
enum Input { kX, kWeights, kBias, kScales };
}

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_fully_connected_blocks& p) {
  v.number("batch", p.batch);
  v.number("inputs", p.inputs);
  v.number("outputs", p.outputs);
  v.number("blocks of a row", p.blocks);
  fields(v, "range", p.range);
}
