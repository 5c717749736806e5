// Gradient cases of data movement and reductions. Where an operator only moves elements, its map is
// taken from the operator itself: its reference kernel is run on the elements' own numbers.
#include <numeric>

#include "gradient_cases.h"
#include "gradient_graph.h"
#include "ops/concatenation/concatenation.h"
#include "ops/embedding_lookup/embedding_lookup.h"
#include "ops/gather/gather.h"
#include "ops/nd_index/nd_index.h"
#include "ops/pad/pad.h"
#include "ops/rearrange/rearrange.h"
#include "ops/reduce/reduce.h"
#include "ops/reshape/reshape.h"
#include "ops/slice/slice.h"
#include "ops/split/split.h"
#include "ops/transpose/transpose.h"

namespace thimble::test {
namespace {

GradientCase moves(Op op, std::string name, std::vector<Operand> operands, Attrs attrs, int outputs = 1) {
  GradientCase c{.op = op,
                 .name = std::move(name),
                 .operands = std::move(operands),
                 .attrs = std::move(attrs),
                 .outputs = outputs,
                 .used = outputs};
  c.tolerance = 1e-7;
  // Numbers from 1: a pad's zero is no element.
  GradientCase numbered = c;
  std::vector<int64_t> position;  // of each number in all operands laid end to end
  int64_t at = 0;
  float number = 1;
  for (Operand& o : numbered.operands) {
    for (float& v : o.values) {
      if (o.wanted) {
        v = number++;
        position.push_back(at);
      }
      ++at;
    }
    at += static_cast<int64_t>(o.integers.size());
  }
  std::vector<std::vector<int64_t>> sources;
  for (const auto& y : run_forward(numbered)) {
    std::vector<int64_t> source;
    for (float v : y) source.push_back(v < 1 ? -1 : position[static_cast<size_t>(v) - 1]);
    sources.push_back(std::move(source));
  }
  c.forward = moved_forward(std::move(sources));
  return c;
}

}  // namespace

void add_movement_cases(std::vector<GradientCase>& cases) {
  const auto x = [](Shape s) { return uniform(s, -2, 2, 111); };
  const auto add = [&](GradientCase c) { cases.push_back(std::move(c)); };
  add(moves(Op::reshape, "flat", {x({2, 3, 4}), ints({-1, 12})}, ReshapeAttrs{}));
  add(moves(Op::reshape, "attributes", {x({2, 3, 4})}, ReshapeAttrs{{4, 6}}));
  add(moves(Op::squeeze, "axes", {x({2, 1, 3, 1})}, SqueezeAttrs{{1}}));
  add(moves(Op::squeeze, "all", {x({1, 3, 1})}, SqueezeAttrs{}));
  add(moves(Op::expand_dims, "front", {x({2, 3}), ints(Shape{}, {0})}, ExpandDimsAttrs{}));
  add(moves(Op::expand_dims, "back", {x({2, 3}), ints({-1})}, ExpandDimsAttrs{}));
  add(moves(Op::concatenation, "last", {x({2, 3, 2}), x({2, 3, 5})}, ConcatenationAttrs{2}));
  add(moves(Op::concatenation, "three_middle", {x({2, 3, 2}), x({2, 1, 2}), x({2, 4, 2})}, ConcatenationAttrs{1}));
  add(moves(Op::concatenation, "negative", {x({2, 3}), x({4, 3})}, ConcatenationAttrs{-2}));
  add(moves(Op::concatenation, "one", {x({2, 3})}, ConcatenationAttrs{0}));
  add(moves(Op::pad, "picture", {x({2, 3, 4, 2}), ints({4, 2}, {0, 0, 1, 2, 3, 0, 0, 0})}, PadAttrs{}));
  add(moves(Op::pad, "vector", {x({5}), ints({1, 2}, {2, 1})}, PadAttrs{}));
  add(moves(Op::pad, "channels", {x({2, 3}), ints({2, 2}, {1, 0, 0, 3})}, PadAttrs{}));
  add(moves(Op::gather, "rows", {x({4, 3}), ints({2, 0, 3})}, GatherAttrs{}));
  add(moves(Op::gather, "repeated", {x({3, 5, 2}), ints({2, 2}, {4, 1, 1, 1})}, GatherAttrs{1}));
  add(moves(Op::gather, "batch", {x({2, 3, 4}), ints({2, 2}, {0, 3, 2, 2})}, GatherAttrs{2, 1}));
  add(moves(Op::slice, "box", {x({3, 4, 5}), ints({1, 0, 2}), ints({2, 3, -1})}, SliceAttrs{}));
  add(moves(Op::slice, "whole", {x({3, 4}), ints({0, 0}), ints({-1, -1})}, SliceAttrs{}));
  add(moves(Op::strided_slice, "strides", {x({5, 7}), ints({1, 0}), ints({5, 7}), ints({2, 3})}, StridedSliceAttrs{}));
  add(moves(Op::strided_slice, "backwards", {x({5, 7}), ints({4, 6}), ints({0, 0}), ints({-1, -2})},
            StridedSliceAttrs{.end_mask = 1}));
  add(moves(Op::strided_slice, "shrinks", {x({3, 4, 5}), ints({0, -1, 1}), ints({3, 0, 4}), ints({1, 1, 1})},
            StridedSliceAttrs{.shrink_axis_mask = 2}));
  add(moves(Op::strided_slice, "new_axis", {x({3, 4}), ints({0, 0, 1}), ints({2, 0, 4}), ints({1, 1, 2})},
            StridedSliceAttrs{.new_axis_mask = 2}));
  add(moves(Op::transpose, "matrix", {x({3, 5}), ints({1, 0})}, TransposeAttrs{}));
  add(moves(Op::transpose, "nhwc_nchw", {x({2, 3, 4, 5}), ints({0, 3, 1, 2})}, TransposeAttrs{}));
  add(moves(Op::transpose, "reversed", {x({2, 3, 4}), ints({2, 1, 0})}, TransposeAttrs{}));
  add(moves(Op::split, "last", {ints(Shape{}, {-1}), x({2, 3, 6})}, SplitAttrs{}, 3));
  add(moves(Op::split, "first", {ints(Shape{}, {0}), x({4, 3})}, SplitAttrs{}, 2));
  add(moves(Op::split_v, "sizes", {x({2, 7}), ints({2, 4, 1}), ints(Shape{}, {1})}, SplitAttrs{}, 3));
  add(moves(Op::split_v, "rest", {x({5, 2}), ints({2, -1}), ints(Shape{}, {0})}, SplitAttrs{}, 2));
  add(moves(Op::unpack, "middle", {x({2, 3, 2})}, UnpackAttrs{1}, 3));
  add(moves(Op::unpack, "last", {x({3, 2})}, UnpackAttrs{-1}, 2));
  add(moves(Op::space_to_depth, "", {x({1, 4, 6, 3})}, BlockAttrs{2}));
  add(moves(Op::depth_to_space, "", {x({2, 2, 1, 18})}, BlockAttrs{3}));
  add(moves(Op::space_to_batch_nd, "padded", {x({2, 3, 2, 2}), ints({2, 3}), ints({2, 2}, {1, 0, 1, 3})},
            RearrangeAttrs{}));
  add(moves(Op::batch_to_space_nd, "cropped", {x({6, 2, 3, 2}), ints({2, 3}), ints({2, 2}, {1, 0, 2, 3})},
            RearrangeAttrs{}));
  add(moves(Op::mirror_pad, "reflect", {x({3, 4}), ints({2, 2}, {2, 1, 0, 3})}, MirrorPadAttrs{}));
  add(moves(Op::mirror_pad, "symmetric", {x({2, 3, 2}), ints({3, 2}, {2, 2, 0, 3, 0, 0})}, MirrorPadAttrs{true}));
  add(moves(Op::tile, "", {x({2, 3, 2}), ints({2, 1, 3})}, RearrangeAttrs{}));
  add(moves(Op::reverse, "", {x({2, 3, 4}), ints({1, -1})}, RearrangeAttrs{}));
  add(moves(Op::resize_nearest_neighbor, "larger", {x({1, 2, 3, 2}), ints({5, 4})}, ResizeAttrs{false, true}));
  add(moves(Op::resize_nearest_neighbor, "smaller", {x({2, 5, 4, 1}), ints({2, 3})}, ResizeAttrs{true, false}));
  add(moves(Op::gather_nd, "slices", {x({3, 4, 2}), ints({3, 2}, {2, 1, 0, 3, 2, 1})}, NdIndexAttrs{}));
  add(moves(Op::gather_nd, "elements", {x({4}), ints({2, 1}, {3, 3})}, NdIndexAttrs{}));
  add(moves(Op::scatter_nd, "slices", {ints({2, 1}, {3, 0}), x({2, 3}), ints({4, 3})}, NdIndexAttrs{}));
  add(moves(Op::embedding_lookup, "", {ints({3, 0, 3}), x({4, 2})}, EmbeddingLookupAttrs{}));
  for (const auto& [name, attrs] : {std::pair{"plain", ResizeAttrs{}}, std::pair{"corners", ResizeAttrs{true, false}},
                                    std::pair{"centers", ResizeAttrs{false, true}}})
    for (const auto& size : {std::vector<int32_t>{5, 7}, std::vector<int32_t>{2, 2}})
      add({.op = Op::resize_bilinear,
           .name = std::string(name) + (size[0] > 2 ? "_larger" : "_smaller"),
           .operands = {x({2, 3, 4, 2}), ints(size)},
           .attrs = attrs,
           .forward = resize_forward(attrs, size[0], size[1])});
  // Only one of the parts enters the loss: the gradient of the other is zero.
  GradientCase part = moves(Op::split, "one_part_used", {ints(Shape{}, {0}), x({4, 3})}, SplitAttrs{}, 2);
  part.used = 1;
  add(part);
  GradientCase same = moves(Op::reshape, "", {x({4, 3}), ints({4, 3})}, ReshapeAttrs{});
  same.op = Op::cast;
  same.name = "float_to_float";
  same.operands.resize(1);
  same.attrs = {};
  add(same);

  for (const Op op : {Op::mean, Op::sum, Op::reduce_max, Op::reduce_min}) {
    struct Row {
      const char* name;
      Shape x;
      std::vector<int32_t> axes;
      std::vector<int> positive;
    };
    const Row rows[] = {{"last", {3, 4, 5}, {2}, {2}},
                        {"first", {3, 4, 5}, {0}, {0}},
                        {"middle", {3, 4, 5}, {1}, {1}},
                        {"negative", {3, 4, 5}, {-1, 0}, {2, 0}},
                        {"all", {3, 4, 5}, {0, 1, 2}, {0, 1, 2}},
                        {"picture", {2, 3, 4, 3}, {1, 2}, {1, 2}},
                        {"large", {16, 20, 20, 12}, {1, 2}, {1, 2}},
                        {"large_last", {600, 70}, {1}, {1}}};
    for (const Row& r : rows)
      for (const bool keep : {false, true}) {
        const bool large = r.x.elements() > 1000;
        cases.push_back({.op = op,
                         .name = std::string(r.name) + (keep ? "_kept" : ""),
                         .operands = {distinct(r.x, large ? 1 / 4096.0f : 1 / 8.0f, 121), ints(r.axes)},
                         .attrs = ReduceAttrs{keep},
                         .forward = reduce_forward(op, r.positive),
                         .large = large});
      }
  }
}

}  // namespace thimble::test
