#include "train/layers.h"

#include <cmath>

#include "base/suggest.h"
#include "ops/batch_norm/batch_norm.h"
#include "ops/binary/binary.h"
#include "ops/concatenation/concatenation.h"
#include "ops/conv2d/conv2d.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"
#include "ops/dropout/dropout.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/pad/pad.h"
#include "ops/pool2d/pool2d.h"
#include "ops/reshape/reshape.h"
#include "ops/split/split.h"
#include "ops/transpose/transpose.h"
#include "train/gru_layer.h"
#include "train/layer_norm.h"
#include "train/lstm_layer.h"

namespace thimble {
namespace {

Status expect_rank(const LayerBuilder& b, TensorId x, int rank, const char* what) {
  if (b.shape(x).rank() == rank) return {};
  return fail(
      ErrorCode::usage, format("takes {}, but its input is {}", what, b.shape(x).to_string()),
      rank == 4 ? "pictures are [height, width, channels]; put it before flatten" : "put flatten = true before it");
}

// units, filters … must be whole and at least 1.
Result<int64_t> count_of(const LayerSpec& spec, const char* what) {
  if (!(spec.size >= 1) || spec.size != std::floor(spec.size) || spec.size > 1e6)
    return fail(ErrorCode::usage, format("{} = {} must be a whole number from 1 to 1,000,000", what, spec.size));
  return static_cast<int64_t>(spec.size);
}

// ---- dense and convolution ----
Result<TensorId> dense(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  THIMBLE_ASSIGN(const int64_t units, count_of(spec, "dense"));
  const int64_t inputs = b.shape(x).dim(-1);
  THIMBLE_ASSIGN(
      const TensorId w,
      b.weight(name + "/kernel", Shape{units, inputs}, spec.initializer,
               {.elements = units * inputs, .fan_in = inputs, .fan_out = units, .rows = units, .columns = inputs}));
  std::vector<TensorId> in{x, w};
  if (spec.bias) {
    THIMBLE_ASSIGN(const TensorId bias, b.weight(name + "/bias", Shape{units}, "zeros", {.elements = units}));
    in.push_back(bias);
  }
  FullyConnectedAttrs attrs;
  attrs.activation = LayerBuilder::fused(spec.activation);
  attrs.keep_num_dims = b.shape(x).rank() > 2;
  return b.builder().op(Op::fully_connected, in, attrs, name);
}

Conv2dAttrs conv_attrs(const LayerSpec& spec) {
  Conv2dAttrs a;
  a.stride_h = spec.stride_h ? spec.stride_h : 1;
  a.stride_w = spec.stride_w ? spec.stride_w : 1;
  a.dilation_h = spec.dilation_h;
  a.dilation_w = spec.dilation_w;
  a.padding = spec.padding;
  a.activation = LayerBuilder::fused(spec.activation);
  return a;
}

Result<TensorId> conv2d(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  THIMBLE_TRY(expect_rank(b, x, 4, "a picture"));
  THIMBLE_ASSIGN(const int64_t filters, count_of(spec, "conv2d"));
  const int64_t channels = b.shape(x)[3];
  if (spec.groups < 1 || channels % spec.groups != 0 || filters % spec.groups != 0)
    return fail(ErrorCode::usage,
                format("groups = {} must divide {} input channels and {} filters", spec.groups, channels, filters));
  const int64_t h = spec.kernel_h, w = spec.kernel_w, each = channels / spec.groups;
  THIMBLE_ASSIGN(const TensorId kernel, b.weight(name + "/kernel", Shape{filters, h, w, each}, spec.initializer,
                                                 {.elements = filters * h * w * each,
                                                  .fan_in = h * w * each,
                                                  .fan_out = h * w * filters,
                                                  .rows = filters,
                                                  .columns = h * w * each}));
  std::vector<TensorId> in{x, kernel};
  if (spec.bias) {
    THIMBLE_ASSIGN(const TensorId bias, b.weight(name + "/bias", Shape{filters}, "zeros", {.elements = filters}));
    in.push_back(bias);
  }
  return b.builder().op(Op::conv2d, in, conv_attrs(spec), name);
}

Result<TensorId> depthwise_conv2d(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  THIMBLE_TRY(expect_rank(b, x, 4, "a picture"));
  THIMBLE_ASSIGN(const int64_t multiplier, count_of(spec, "depthwise_conv2d"));
  const int64_t outputs = b.shape(x)[3] * multiplier, h = spec.kernel_h, w = spec.kernel_w;
  THIMBLE_ASSIGN(const TensorId kernel, b.weight(name + "/kernel", Shape{1, h, w, outputs}, spec.initializer,
                                                 {.elements = h * w * outputs,
                                                  .fan_in = h * w * b.shape(x)[3],
                                                  .fan_out = h * w * multiplier,
                                                  .rows = h * w,
                                                  .columns = outputs}));
  std::vector<TensorId> in{x, kernel};
  if (spec.bias) {
    THIMBLE_ASSIGN(const TensorId bias, b.weight(name + "/bias", Shape{outputs}, "zeros", {.elements = outputs}));
    in.push_back(bias);
  }
  return b.builder().op(Op::depthwise_conv2d, in, Attrs(DepthwiseConv2dAttrs(conv_attrs(spec))), name);
}

// depthwise_conv2d, then a 1×1 conv2d that carries the bias and the activation.
Result<TensorId> separable_conv2d(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  LayerSpec depthwise = spec, pointwise = spec;
  depthwise.size = static_cast<double>(spec.depth_multiplier);
  depthwise.bias = false;
  depthwise.activation.clear();
  pointwise.kernel_h = pointwise.kernel_w = 1;
  pointwise.stride_h = pointwise.stride_w = pointwise.dilation_h = pointwise.dilation_w = 1;
  THIMBLE_ASSIGN(const TensorId between, depthwise_conv2d(b, x, depthwise, name + "/depthwise"));
  return conv2d(b, between, pointwise, name);
}

// ---- pooling ----
template <Op kOp>
Result<TensorId> pool(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  THIMBLE_TRY(expect_rank(b, x, 4, "a picture"));
  Pool2dAttrs a;
  a.filter_h = spec.window_h ? spec.window_h : static_cast<int>(spec.size);
  a.filter_w = spec.window_w ? spec.window_w : static_cast<int>(spec.size);
  a.stride_h = spec.stride_h ? spec.stride_h : a.filter_h;
  a.stride_w = spec.stride_w ? spec.stride_w : a.filter_w;
  a.padding = spec.padding;
  return b.builder().op(kOp, {x}, a, name);
}

// Over the whole picture, then [batch, channels].
template <Op kOp>
Result<TensorId> global_pool(LayerBuilder& b, TensorId x, const LayerSpec&, const std::string& name) {
  THIMBLE_TRY(expect_rank(b, x, 4, "a picture"));
  const Shape s = b.shape(x);
  Pool2dAttrs a;
  a.filter_h = a.stride_h = static_cast<int>(s[1]);
  a.filter_w = a.stride_w = static_cast<int>(s[2]);
  THIMBLE_ASSIGN(const TensorId pooled, b.builder().op(kOp, {x}, a, name + "/pool"));
  const int32_t dims[] = {-1, static_cast<int32_t>(s[3])};
  return b.builder().op(Op::reshape, {pooled, b.builder().constant_i32(name + "/shape", dims)}, ReshapeAttrs{}, name);
}

// ---- shape ----
Result<TensorId> flatten(LayerBuilder& b, TensorId x, const LayerSpec&, const std::string& name) {
  const Shape& s = b.shape(x);
  const int32_t dims[] = {-1, static_cast<int32_t>(s.elements(1, s.rank()))};
  return b.builder().op(Op::reshape, {x, b.builder().constant_i32(name + "/shape", dims)}, ReshapeAttrs{}, name);
}

Result<TensorId> reshape(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  std::vector<int32_t> dims{-1};
  for (int64_t d : spec.shape) {
    if (d < 1 || d > 1'000'000) return fail(ErrorCode::usage, format("reshape has dimension {}", d));
    dims.push_back(static_cast<int32_t>(d));
  }
  const Shape& s = b.shape(x);
  int64_t wanted = 1;
  for (size_t i = 1; i < dims.size(); ++i) wanted *= dims[i];
  if (wanted != s.elements(1, s.rank()))
    return fail(ErrorCode::usage,
                format("{} values per sample cannot be reshaped into {}", s.elements(1, s.rank()), wanted));
  return b.builder().op(Op::reshape, {x, b.builder().constant_i32(name + "/shape", dims)}, ReshapeAttrs{}, name);
}

Result<TensorId> zero_pad(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  THIMBLE_TRY(expect_rank(b, x, 4, "a picture"));
  std::vector<int64_t> edges = spec.shape;
  if (edges.empty()) edges.assign(4, static_cast<int64_t>(spec.size));
  if (edges.size() == 2) edges = {edges[0], edges[0], edges[1], edges[1]};
  if (edges.size() != 4)
    return fail(ErrorCode::usage, "zero_pad takes a number, [vertical, horizontal] or [top, bottom, left, right]");
  std::vector<int32_t> pads{0, 0, 0, 0, 0, 0, 0, 0};
  for (size_t i = 0; i < 4; ++i) {
    if (edges[i] < 0 || edges[i] > 10000) return fail(ErrorCode::usage, format("zero_pad by {}", edges[i]));
    pads[2 + i] = static_cast<int32_t>(edges[i]);
  }
  const TensorId table =
      b.builder().constant(name + "/paddings", DType::i32, Shape{4, 2}, Data::of(std::span<const int32_t>(pads)));
  return b.builder().op(Op::pad, {x, table}, PadAttrs{}, name);
}

// ---- training only, or different there ----
Result<TensorId> dropout(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  if (!(spec.size >= 0 && spec.size < 1))
    return fail(ErrorCode::usage, format("dropout = {} must be at least 0 and below 1", spec.size));
  const int number = b.next_dropout();
  if (!b.options().training || spec.size == 0) return x;
  if (b.model().step == kNoTensor) b.model().step = b.builder().variable("step", DType::i32, Shape{1});
  DropoutAttrs attrs;
  attrs.rate = static_cast<float>(spec.size);
  attrs.seed = b.options().seed;
  attrs.layer = number;
  return b.builder().op(Op::dropout, {x, b.model().step}, attrs, name);
}

Result<TensorId> batch_norm(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  const int64_t channels = b.shape(x).dim(-1);
  const WeightShape fans{.elements = channels};
  TensorId gamma;
  if (spec.norm_scale) {
    THIMBLE_ASSIGN(gamma, b.weight(name + "/gamma", Shape{channels}, "ones", fans));
  } else {
    const std::vector<float> ones(static_cast<size_t>(channels), 1.0f);
    gamma = b.builder().constant_f32(name + "/gamma", Shape{channels}, ones);
  }
  THIMBLE_ASSIGN(const TensorId beta, b.weight(name + "/beta", Shape{channels}, "zeros", fans));
  const TensorId mean = b.statistic(name + "/moving_mean", Shape{channels}, 0);
  const TensorId variance = b.statistic(name + "/moving_variance", Shape{channels}, 1);
  BatchNormAttrs attrs;
  attrs.momentum = static_cast<float>(spec.momentum);
  attrs.epsilon = static_cast<float>(spec.epsilon);
  attrs.training = b.options().training;
  THIMBLE_ASSIGN(const auto outputs, b.builder().node(Op::batch_norm, {x, gamma, beta, mean, variance}, attrs, name,
                                                      attrs.training ? 3 : 1));
  return outputs[0];
}

// ---- composition ----
// Adds x to what its layers make of it, or to a shortcut's (the second branch) where the shapes change.
Result<TensorId> residual(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  if (spec.branches.empty() || spec.branches.size() > 2)
    return fail(ErrorCode::usage, "residual takes one list of layers, and a second one as shortcut");
  const bool has_shortcut = spec.branches.size() == 2;
  THIMBLE_ASSIGN(const TensorId y, b.sequence(x, spec.branches[0], name + "/"));
  TensorId other = x;
  if (has_shortcut) {
    THIMBLE_ASSIGN(other, b.sequence(x, spec.branches[1], name + "/shortcut/"));
  }
  if (!(b.shape(other) == b.shape(y)))
    return fail(ErrorCode::usage,
                format("residual adds {} to {}: the shapes differ", b.shape(y).to_string(), b.shape(other).to_string()),
                has_shortcut
                    ? "give the shortcut the same stride and as many filters"
                    : "use padding = \"same\", stride 1 and as many filters as there are input channels, or give it a "
                      "shortcut = [ … ] of its own");
  return b.builder().op(Op::add, {other, y}, BinaryAttrs{LayerBuilder::fused(spec.activation)}, name);
}

// One tensor per branch: x itself, or equal shares of its channels.
Result<std::vector<TensorId>> branch_inputs(LayerBuilder& b, TensorId x, const LayerSpec& spec,
                                            const std::string& name) {
  const size_t count = spec.branches.size();
  if (!spec.split || count == 1) return std::vector<TensorId>(count, x);
  const int64_t channels = b.shape(x).dim(-1);
  if (channels % static_cast<int64_t>(count) != 0)
    return fail(ErrorCode::usage, format("{} channels do not split among {} branches", channels, count),
                "choose the filters before it so that they do");
  const int32_t axis[] = {static_cast<int32_t>(b.shape(x).rank() - 1)};
  return b.builder().node(Op::split, {b.builder().constant_i32(name + "/axis", axis), x}, SplitAttrs{}, name + "/split",
                          static_cast<int>(count));
}

Result<TensorId> parallel(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  if (spec.branches.empty()) return fail(ErrorCode::usage, "parallel takes a list of lists of layers");
  THIMBLE_ASSIGN(const std::vector<TensorId> inputs, branch_inputs(b, x, spec, name));
  std::vector<TensorId> ends;
  for (size_t i = 0; i < spec.branches.size(); ++i) {
    THIMBLE_ASSIGN(const TensorId end, b.sequence(inputs[i], spec.branches[i], format("{}/{}/", name, i)));
    ends.push_back(end);
  }
  ConcatenationAttrs attrs;
  attrs.axis = b.shape(x).rank() - 1;
  return b.builder().op(Op::concatenation, ends, attrs, name);
}

// Channel c of g groups of n goes to place (c mod n)·g + c div n: seen as [g, n], the channels are transposed. Four
// dimensions are enough for that, since height and width stay together: what older runtimes take.
Result<TensorId> channel_shuffle(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  THIMBLE_TRY(expect_rank(b, x, 4, "a picture"));
  THIMBLE_ASSIGN(const int64_t groups, count_of(spec, "channel_shuffle"));
  const Shape s = b.shape(x);
  if (s[3] % groups != 0)
    return fail(ErrorCode::usage, format("{} channels do not divide into {} groups", s[3], groups));
  const auto places = static_cast<int32_t>(s[1] * s[2]), g = static_cast<int32_t>(groups);
  const auto each = static_cast<int32_t>(s[3] / groups);
  const int32_t apart[] = {-1, places, g, each}, order[] = {0, 1, 3, 2};
  const int32_t whole[] = {-1, static_cast<int32_t>(s[1]), static_cast<int32_t>(s[2]), static_cast<int32_t>(s[3])};
  Builder& out = b.builder();
  THIMBLE_ASSIGN(const TensorId grouped, out.op(Op::reshape, {x, out.constant_i32(name + "/groups/shape", apart)},
                                                ReshapeAttrs{}, name + "/groups"));
  THIMBLE_ASSIGN(const TensorId turned, out.op(Op::transpose, {grouped, out.constant_i32(name + "/order", order)},
                                               TransposeAttrs{}, name + "/turned"));
  return out.op(Op::reshape, {turned, out.constant_i32(name + "/shape", whole)}, ReshapeAttrs{}, name);
}

struct LayerRow {
  const char* word;
  LayerFn fn;
  const char* about;
};
constexpr LayerRow kWords[] = {
    {"conv2d", conv2d, "convolution; the value is its filters"},
    {"depthwise_conv2d", depthwise_conv2d, "each channel convolved alone; the value is the depth multiplier"},
    {"separable_conv2d", separable_conv2d, "a depthwise and a 1×1 convolution; the value is the filters"},
    {"dense", dense, "every input to every output; the value is the units"},
    {"max_pool", pool<Op::max_pool>, "the largest of each window; the value is the window, n or [h, w]"},
    {"average_pool", pool<Op::average_pool>, "the mean of each window; the value is the window, n or [h, w]"},
    {"global_average_pool", global_pool<Op::average_pool>, "the mean of each channel over the whole picture"},
    {"global_max_pool", global_pool<Op::max_pool>, "the largest of each channel over the whole picture"},
    {"flatten", flatten, "a picture or sequence as one row, before dense layers"},
    {"reshape", reshape, "the same values in another shape: [h, w, c], without the batch"},
    {"zero_pad", zero_pad, "zeros around a picture: n, [vertical, horizontal] or [top, bottom, left, right]"},
    {"dropout", dropout, "in training a share of the values becomes zero; the value is the rate"},
    {"batch_norm", batch_norm,
     "each channel to mean 0 and deviation 1 over the batch; folded into its neighbour on export"},
    {"layer_norm", layer_norm, "each place to mean 0 and deviation 1 over its channels"},
    {"residual", residual, "adds its input to what the layers in the list make of it"},
    {"parallel", parallel, "several lists of layers side by side, their results concatenated"},
    {"channel_shuffle", channel_shuffle, "mixes the channels of groups; the value is the groups"},
    {"lstm", lstm_layer, "long short-term memory over [time, features]; the value is the units"},
    {"gru", gru_layer, "gated recurrent unit over [time, features]; the value is the units"},
};

}  // namespace

LayerFn find_layer(const std::string& word) {
  for (const LayerRow& w : kWords)
    if (word == w.word) return w.fn;
  return nullptr;
}

std::vector<Word> layer_vocabulary() {
  std::vector<Word> words;
  for (const LayerRow& w : kWords) words.push_back({w.word, w.about});
  return words;
}

std::vector<std::string> layer_words() {
  std::vector<std::string> words;
  for (const LayerRow& w : kWords) words.emplace_back(w.word);
  for (std::string& name : activation_names()) words.push_back(std::move(name));
  return words;
}

}  // namespace thimble
