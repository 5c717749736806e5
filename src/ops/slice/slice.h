// slice(x, begin, size): the box of `size` that begins at `begin`; size −1: to the end.
// strided_slice(x, begin, end, strides): Python's x[begin:end:stride, …]; bit i of a mask says of entry
//   i: begin/end are left out, it stands for as many whole dimensions as are left over (ellipsis), it
//   is a new dimension of 1, it takes one element and drops the dimension (shrink). offset: `end`
//   counts from `begin`. Positions outside x are clamped, except of a shrunk dimension.
//   begin, size, end, strides  constant int32/int64
// Any element type of whole bytes; bytes are copied, so quantisation of input and output is the same.
// Source: TensorFlow Lite SLICE, STRIDED_SLICE.
//
// slice_grad(dy) → zeros of `shape` with dy's elements at begin + i·stride. float32.
#pragma once

#include "graph/graph.h"
#include "ops/axes.h"
#include "ops/slice/kernel.h"
#include "ops/strided_copy.h"

namespace thimble {

struct SliceAttrs {
  template <class V>
  void fields(V&) {}
};

struct StridedSliceAttrs {
  int64_t begin_mask = 0, end_mask = 0, ellipsis_mask = 0, new_axis_mask = 0, shrink_axis_mask = 0;
  bool offset = false;
  template <class V>
  void fields(V& v) {
    v("begin_mask", begin_mask);
    v("end_mask", end_mask);
    v("ellipsis_mask", ellipsis_mask);
    v("new_axis_mask", new_axis_mask);
    v("shrink_axis_mask", shrink_axis_mask);
    v("offset", offset);
  }
};

struct SliceGradAttrs {
  std::vector<int64_t> shape;          // of the result
  std::vector<int64_t> begin, stride;  // per dimension of it
  std::vector<int64_t> count;          // elements taken per dimension: dy's, before any reshape
  template <class V>
  void fields(V& v) {
    v("shape", shape);
    v("begin", begin);
    v("stride", stride);
    v("count", count);
  }
};

// What is taken from x: per dimension where it begins, the stride, how many.
struct SliceBox {
  Shape count;
  std::array<int64_t, Shape::kMaxRank> begin{}, stride{};
  Shape shape;  // of the result: count with dimensions dropped and added
};

// Of checked or unchecked operands; every error that they can have is found here.
Result<SliceBox> slice_box(const Shape& x, std::span<const int64_t> begin, std::span<const int64_t> size);
Result<SliceBox> strided_slice_box(const Shape& x, std::span<const int64_t> begin, std::span<const int64_t> end,
                                   std::span<const int64_t> strides, const StridedSliceAttrs& attrs);
// The box of a slice or strided_slice node whose constant operands lie at `data`, as tensors.
Result<SliceBox> slice_box(const Node& node, const Shape& x, std::span<const IntList> operands);
SliceBox slice_box(const SliceGradAttrs& attrs);

// The copy out of x into a dense tensor, or of a dense tensor into x's places.
thimble_strided_copy plan_slice(const SliceBox& box, const Shape& x, int64_t width, bool into_x);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_slice& p) { fields(v, "copy", p.copy); }
