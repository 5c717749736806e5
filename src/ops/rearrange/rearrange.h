// Elements of x at other places of y, none of them changed. Any type of whole bytes; input and output have one
// quantisation.
//   space_to_depth     [b, h, w, c] → [b, h/s, w/s, s·s·c]: a block of s × s pixels becomes channels, its rows first
//   depth_to_space     the way back
//   space_to_batch_nd  x, block [m], paddings [m, 2]: dimensions 1 … m are padded with 0 (quantised: the zero point)
//   and
//                      divided by the block; the places in a block become the outermost part of the batch
//   batch_to_space_nd  x, block [m], crops [m, 2]: the way back
//   mirror_pad         x, paddings [rank, 2]: y[i] = x mirrored at its ends; symmetric: the end itself is repeated
//   tile               x, multiples [rank]: x repeated along every dimension
//   reverse            x, axes [any]: x backwards along the axes
//   resize_nearest_neighbor  x [b, h, w, c], size [2]: y[i] = x[⌊i · s⌋], s = in / out in float32; half_pixel_centers:
//                      x[⌊(i + 0.5) · s⌋]; align_corners: s = (in − 1) / (out − 1), rounded half away from zero
// Block, paddings, crops, multiples, axes and size are constants of int32 or int64. Source: TensorFlow Lite
// SPACE_TO_DEPTH … RESIZE_NEAREST_NEIGHBOR.
//
// rearrange_grad(dy, constants…) → dx in `shape`: every dy added at the place that it came from, in the order of dy.
#pragma once

#include "ops/op.h"
#include "ops/rearrange/kernel.h"

namespace thimble {

struct BlockAttrs {  // space_to_depth, depth_to_space
  int block = 0;
  template <class V>
  void fields(V& v) {
    v("block", block);
  }
};

struct MirrorPadAttrs {
  bool symmetric = false;
  template <class V>
  void fields(V& v) {
    v("symmetric", symmetric);
  }
};

struct ResizeAttrs {  // resize_nearest_neighbor, resize_bilinear
  bool align_corners = false, half_pixel_centers = false;
  template <class V>
  void fields(V& v) {
    v("align_corners", align_corners);
    v("half_pixel_centers", half_pixel_centers);
  }
};

struct RearrangeAttrs {  // the others
  template <class V>
  void fields(V&) {}
};

struct RearrangeGradAttrs {
  int of = 0;                  // the operator, by its number
  std::vector<int64_t> shape;  // of x
  int block = 0;
  bool symmetric = false, align_corners = false, half_pixel_centers = false;
  template <class V>
  void fields(V& v) {
    v("of", of);
    v("shape", shape);
    v("block", block);
    v("symmetric", symmetric);
    v("align_corners", align_corners);
    v("half_pixel_centers", half_pixel_centers);
  }
};

// What one of the operators does to a tensor of shape x.
struct Rearrangement {
  Shape y;
  bool scatters = false;  // x is walked and y has the places
  // Per dimension of what is walked: the part of the place, in elements of the other.
  std::array<std::vector<int64_t>, Shape::kMaxRank> places;
  std::array<bool, Shape::kMaxRank> moved{};  // dimensions of x that are not y's as they are
};
// `settings` are the attributes of the node in the form that the gradient has, `operands` its constants. Every error
// that they can have is found here.
Result<Rearrangement> rearrangement(const RearrangeGradAttrs& settings, const Shape& x,
                                    std::span<const std::vector<int64_t>> operands);
RearrangeGradAttrs rearrange_settings(const Node& node);
// How many constants follow x.
int rearrange_operands(Op op);
// Of x in the output of a node whose inference is right: which dimensions move. All where a constant is not known.
std::array<bool, Shape::kMaxRank> moved_dimensions(const Graph& graph, const Node& node);

}  // namespace thimble

void fields(thimble::PlanVisitor& v, const thimble_rearrange& p);
