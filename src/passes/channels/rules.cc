// One rule per operator: how the channels of its inputs and outputs hang together. To teach the analysis a new
// operator, write a function and add a row to kRules.
#include "passes/channels/rules.h"

#include <algorithm>

#include "ops/axes.h"
#include "ops/batch_norm/batch_norm.h"
#include "ops/concatenation/concatenation.h"
#include "ops/reshape/reshape.h"
#include "ops/slice/slice.h"
#include "ops/split/split.h"
#include "ops/unary/unary.h"

namespace thimble::channels {
namespace {

IntList ints(const Graph& graph, TensorId t) {
  const Tensor& c = graph.at(t);
  return {c.type, c.data.bytes, c.constant() ? c.shape.elements() : 0};
}

// The node reads a copy of its integer constant `input` with other values.
void replace_ints(Graph& graph, Node& node, size_t input, std::span<const int64_t> values) {
  Tensor c = graph.at(node.inputs[input]);
  if (c.type == DType::i64) {
    c.data = Data::of(values);
  } else {
    const std::vector<int32_t> narrow(values.begin(), values.end());
    c.data = Data::of(std::span<const int32_t>(narrow));
  }
  node.inputs[input] = graph.add(std::move(c));
}

void elementwise(Context& c) { c.tie_all(c.x(), c.y()); }

void weights_and_bias(Context& c, int weight_axis) {
  c.slot(1, weight_axis, c.y());
  if (c.has(2)) c.slot(2, c.shape(c.x(2)).rank() - 1, c.y());
}

void fully_connected(Context& c) {
  weights_and_bias(c, 0);
  const int64_t columns = c.shape(c.x(1)).dim(-1), channels = c.channels(c.x());
  if (columns % channels != 0)
    c.block_all(c.x(), format("{} reads {} columns of {} channels", c.who(), columns, channels));
  else
    c.slot(1, 1, c.x(), /*contracts=*/true);
}

// A grouped convolution keeps groups of one size: the same place of every group goes together.
void conv2d(Context& c) {
  weights_and_bias(c, 0);
  c.slot(1, 3, c.x(), /*contracts=*/true);
  const int64_t group_channels = c.shape(c.x(1)).dim(-1), groups = c.channels(c.x()) / group_channels;
  const int64_t group_outputs = c.channels(c.y()) / groups;
  for (int64_t g = 1; g < groups; ++g) {
    for (int64_t i = 0; i < group_channels; ++i) c.tie(c.x(), i, c.x(), g * group_channels + i);
    for (int64_t o = 0; o < group_outputs; ++o) c.tie(c.y(), o, c.y(), g * group_outputs + o);
  }
}

void depthwise_conv2d(Context& c) {
  weights_and_bias(c, 3);
  const int64_t channels = c.channels(c.x()), multiplier = c.channels(c.y()) / channels;
  if (channels == 1) return c.block(c.x(), 0, format("{} has a single input channel", c.who()));
  for (int64_t k = 0; k < channels; ++k)
    for (int64_t m = 0; m < multiplier; ++m) c.tie(c.x(), k, c.y(), k * multiplier + m);
}

void batch_norm(Context& c) {
  if (c.node.outputs.size() > 1) return c.block_node(format("{} is in its training form", c.who()));
  elementwise(c);
  for (int i = 1; i < 5; ++i) c.slot(i, 0, c.y());
}

// An operand along the channels is tied (or sliced, if constant); one value for all channels is not.
void operand(Context& c, size_t i) {
  const TensorId t = c.x(i);
  const int64_t own = c.channels(t);
  if (own != c.channels(c.y())) {
    if (!c.constant(i)) c.block_all(t, format("{} repeats it over all channels", c.who()));
  } else if (!c.constant(i)) {
    c.tie_all(t, c.y());
  } else if (c.shape(t).rank() > 0 && own > 1) {
    c.slot(static_cast<int>(i), c.shape(t).rank() - 1, c.y());
  }
}

void binary(Context& c) {
  operand(c, 0);
  operand(c, 1);
}

void softmax(Context& c) { c.block_node(format("{} works along the channels", c.who())); }

// Row-major order: where one length divides the other, places of the shorter repeat in the longer.
void reshape(Context& c) {
  const int64_t from = c.channels(c.x()), to = c.channels(c.y());
  if (from < 1 || to < 1 || (from % to != 0 && to % from != 0))
    return c.block_all(c.x(), format("{} cuts {} channels into rows of {}", c.who(), from, to)),
           c.block_all(c.y(), format("{} cuts {} channels into rows of {}", c.who(), from, to));
  for (int64_t i = 0; i < std::max(from, to); ++i) c.tie(c.x(), i % from, c.y(), i % to);
}

Status adapt_reshape(Graph& graph, Node& node, const Tensor& was, std::span<const int64_t> channels) {
  if (was.shape.rank() == 0) return {};
  const auto with_last = [&](std::vector<int64_t> dims) {
    if (!dims.empty() && dims.back() != -1) dims.back() = channels[0];
    return dims;
  };
  if (node.inputs.size() > 1 && node.inputs[1] != kNoTensor) {
    const IntList list = ints(graph, node.inputs[1]);
    replace_ints(graph, node, 1, with_last({list.span().begin(), list.span().end()}));
  }
  node.attrs = ReshapeAttrs{with_last(node.attrs.as<ReshapeAttrs>().shape)};
  return {};
}

void same_last_axis(Context& c) {  // squeeze, expand_dims
  if (c.channels(c.x()) == c.channels(c.y())) return elementwise(c);
  c.block_all(c.x(), format("{} moves the channel axis", c.who()));
  c.block_all(c.y(), format("{} moves the channel axis", c.who()));
}

void concatenation(Context& c) {
  const int rank = c.shape(c.y()).rank(), axis = c.node.attrs.as<ConcatenationAttrs>().axis;
  const bool along = (axis < 0 ? axis + rank : axis) == rank - 1;
  int64_t offset = 0;
  for (size_t i = 0; i < c.node.inputs.size(); ++i) {
    const int64_t own = c.channels(c.x(i));
    for (int64_t k = 0; k < own && along; ++k) {
      if (c.constant(i))
        c.block(c.y(), offset + k, format("{} takes it from a constant", c.who()));
      else
        c.tie(c.x(i), k, c.y(), offset + k);
    }
    if (!along && c.constant(i)) c.slot(static_cast<int>(i), rank - 1, c.y());
    if (!along && !c.constant(i)) c.tie_all(c.x(i), c.y());
    offset += own;
  }
}

// Equal parts stay equal: the same place of every part goes together. split_v may take a different part of each.
void split(Context& c) {
  const SplitInputs in = split_inputs(c.node.op);
  const TensorId x = c.x(static_cast<size_t>(in.x));
  const IntList axis = ints(c.graph, c.x(static_cast<size_t>(in.axis)));
  const int rank = c.shape(x).rank();
  const bool along = (axis.values[0] < 0 ? axis.values[0] + rank : axis.values[0]) == rank - 1;
  int64_t offset = 0;
  for (size_t p = 0; p < c.node.outputs.size(); ++p) {
    const int64_t own = c.channels(c.y(p));
    for (int64_t k = 0; k < own; ++k) {
      c.tie(x, along ? offset + k : k, c.y(p), k);
      if (along && c.node.op == Op::split) c.tie(c.y(0), k, c.y(p), k);
    }
    offset += own;
  }
}

Status adapt_split_v(Graph& graph, Node& node, const Tensor& was, std::span<const int64_t> channels) {
  const IntList axis = ints(graph, node.inputs[2]);
  const int rank = was.shape.rank();
  if ((axis.values[0] < 0 ? axis.values[0] + rank : axis.values[0]) == rank - 1) replace_ints(graph, node, 1, channels);
  return {};
}

void slice(Context& c) {
  const Shape& x = c.shape(c.x());
  std::vector<IntList> operands;
  for (size_t i = 1; i < c.node.inputs.size(); ++i) operands.push_back(ints(c.graph, c.x(i)));
  const auto box = slice_box(c.node, x, operands);
  const auto last = static_cast<size_t>(std::max(x.rank() - 1, 0));
  const bool whole = box && x.rank() > 0 && box->begin[last] == 0 && box->stride[last] == 1 &&
                     box->count.dim(-1) == x.dim(-1) && c.channels(c.y()) == x.dim(-1);
  if (whole) return elementwise(c);
  c.block_all(c.x(), format("{} takes some of the channels", c.who()));
  c.block_all(c.y(), format("{} takes some of the channels", c.who()));
}

Status adapt_slice(Graph& graph, Node& node, const Tensor&, std::span<const int64_t> channels) {
  IntList size = ints(graph, node.inputs[2]);
  if (size.count > 0 && size.values[size.count - 1] != -1) {
    size.values[size.count - 1] = channels[0];
    replace_ints(graph, node, 2, size.span());
  }
  return {};
}

void transpose(Context& c) {
  const IntList perm = ints(c.graph, c.x(1));
  const auto rank = static_cast<int64_t>(perm.count);
  const int64_t last = rank > 0 ? perm.values[perm.count - 1] : 0;
  if (rank > 0 && (last == rank - 1 || last == -1)) return elementwise(c);
  c.block_all(c.x(), format("{} moves the channel axis", c.who()));
  c.block_all(c.y(), format("{} moves the channel axis", c.who()));
}

void pad(Context& c) {
  const IntList amount = ints(c.graph, c.x(1));
  const int64_t before = amount.count >= 2 ? amount.values[amount.count - 2] : 0, own = c.channels(c.x());
  for (int64_t j = 0; j < c.channels(c.y()); ++j) {
    if (j >= before && j < before + own)
      c.tie(c.x(), j - before, c.y(), j);
    else
      c.block(c.y(), j, format("{} fills it", c.who()));
  }
}

void reduce(Context& c) {
  const int rank = c.shape(c.x()).rank();
  const auto axes = ints(c.graph, c.x(1));
  for (int64_t a : axes.span())
    if ((a < 0 ? a + rank : a) == rank - 1) {
      c.block_all(c.x(), format("{} works along the channels", c.who()));
      return c.block_all(c.y(), format("{} works along the channels", c.who()));
    }
  elementwise(c);
}

void prelu(Context& c) {
  operand(c, 1);
  elementwise(c);
}

constexpr Rule kRules[] = {
    {Op::fully_connected, fully_connected},
    {Op::conv2d, conv2d},
    {Op::depthwise_conv2d, depthwise_conv2d},
    {Op::max_pool, elementwise},
    {Op::average_pool, elementwise},
    {Op::batch_norm, batch_norm},
    {Op::softmax, softmax},
    {Op::log_softmax, softmax},
    {Op::prelu, prelu},
    {Op::add, binary},
    {Op::sub, binary},
    {Op::mul, binary},
    {Op::div, binary},
    {Op::maximum, binary},
    {Op::minimum, binary},
    {Op::squared_difference, binary},
    {Op::reshape, reshape, adapt_reshape},
    {Op::squeeze, same_last_axis},
    {Op::expand_dims, same_last_axis},
    {Op::concatenation, concatenation},
    {Op::pad, pad},
    {Op::slice, slice, adapt_slice},
    {Op::strided_slice, slice},
    {Op::transpose, transpose},
    {Op::split, split},
    {Op::split_v, split, adapt_split_v},
    {Op::mean, reduce},
    {Op::sum, reduce},
    {Op::reduce_max, reduce},
    {Op::reduce_min, reduce},
    {Op::quantize, elementwise},
    {Op::dequantize, elementwise},
    {Op::cast, elementwise},
};
constexpr Rule kUnary{Op::relu, elementwise};

}  // namespace

const Rule* rule_of(Op op) {
  if (is_unary(op)) return &kUnary;
  for (const Rule& rule : kRules)
    if (rule.op == op) return &rule;
  return nullptr;
}

}  // namespace thimble::channels
