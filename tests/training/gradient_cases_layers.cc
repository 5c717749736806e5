// Gradient cases of layers: dense, convolutions, pools, batch norm, dropout, lstm.
#include <algorithm>

#include "gradient_cases.h"
#include "ops/batch_norm/batch_norm.h"
#include "ops/depthwise_conv2d/depthwise_conv2d.h"
#include "ops/dropout/dropout.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/lstm/lstm.h"

namespace thimble::test {
namespace {

constexpr Activation kFused[] = {Activation::none, Activation::relu, Activation::relu6};

std::string with(std::string name, Activation activation) {
  return activation == Activation::none ? name : name + "_" + thimble::name(activation);
}

void add_dense(std::vector<GradientCase>& cases) {
  const auto add = [&](const char* name, Shape x, Shape w, bool bias, FullyConnectedAttrs attrs, bool large) {
    std::vector<Operand> in{uniform(x, -2, 2, 61), uniform(w, -1, 1, 62)};
    if (bias) in.push_back(uniform({w[0]}, -1, 1, 63));
    cases.push_back({.op = Op::fully_connected,
                     .name = with(name, attrs.activation),
                     .operands = std::move(in),
                     .attrs = attrs,
                     .forward = dense_forward(attrs.activation, attrs.keep_num_dims),
                     .tolerance = 4e-6,
                     .large = large});
  };
  for (const Activation a : kFused) {
    add("plain", {3, 5}, {4, 5}, true, {a}, false);
    add("keeps_dims", {2, 3, 5}, {4, 5}, true, {a, true}, false);
  }
  add("no_bias", {3, 5}, {4, 5}, false, {}, false);
  add("one_row", {1, 9}, {7, 9}, true, {}, false);
  add("one_unit", {6, 9}, {1, 9}, true, {}, false);
  add("flattens", {2, 2, 5}, {4, 10}, true, {}, false);
  add("large", {64, 196}, {130, 196}, true, {}, true);
  add("large_sequence", {5, 7, 33}, {65, 33}, true, {Activation::none, true}, true);
}

void add_convolutions(std::vector<GradientCase>& cases) {
  struct Row {
    const char* name;
    Shape x, w;
    Conv2dAttrs attrs;  // stride h, w, dilation h, w, padding
    bool bias = true, fused = false, large = false;
  };
  const auto same = Padding::same, valid = Padding::valid;
  const Row dense[] = {
      {"same", {2, 5, 6, 2}, {3, 3, 3, 2}, {1, 1, 1, 1, same}, true, true},
      {"valid", {2, 5, 6, 2}, {3, 3, 3, 2}, {1, 1, 1, 1, valid}, true, true},
      {"no_bias", {1, 4, 4, 2}, {3, 2, 2, 2}, {1, 1, 1, 1, valid}, false},
      {"1x1", {2, 3, 4, 5}, {4, 1, 1, 5}, {1, 1, 1, 1, valid}},
      {"1x1_stride2", {2, 4, 5, 3}, {4, 1, 1, 3}, {2, 2, 1, 1, same}},
      {"stride2", {1, 6, 7, 2}, {3, 3, 3, 2}, {2, 2, 1, 1, same}, true, true},
      {"stride_h3_w1", {1, 7, 5, 2}, {2, 3, 2, 2}, {3, 1, 1, 1, valid}},
      {"dilated", {1, 7, 8, 2}, {3, 3, 3, 2}, {1, 1, 2, 2, same}},
      {"dilated_h2_w3_valid", {1, 7, 9, 1}, {2, 3, 3, 1}, {1, 1, 2, 3, valid}},
      {"dilated_stride", {1, 9, 9, 2}, {2, 3, 3, 2}, {2, 2, 2, 2, same}},
      {"grouped", {1, 4, 5, 6}, {4, 3, 3, 3}, {1, 1, 1, 1, same}},
      {"groups3_stride2", {2, 5, 5, 6}, {3, 3, 3, 2}, {2, 2, 1, 1, valid}},
      {"even_kernel", {1, 5, 5, 2}, {2, 4, 2, 2}, {1, 1, 1, 1, same}},
      {"kernel_over_image", {1, 2, 3, 2}, {2, 5, 5, 2}, {1, 1, 1, 1, same}},
      {"one_channel", {2, 6, 6, 1}, {4, 3, 3, 1}, {1, 1, 1, 1, valid}},
      {"large", {4, 14, 14, 33}, {20, 3, 3, 33}, {1, 1, 1, 1, same}, true, false, true},
      {"large_first_layer", {8, 28, 28, 1}, {32, 3, 3, 1}, {1, 1, 1, 1, valid}, true, false, true},
      {"large_stride2", {5, 15, 13, 16}, {24, 3, 3, 16}, {2, 2, 1, 1, same}, true, false, true},
      {"large_1x1", {6, 9, 9, 40}, {30, 1, 1, 40}, {1, 1, 1, 1, valid}, true, false, true},
      {"large_grouped", {3, 10, 10, 16}, {32, 3, 3, 4}, {1, 1, 1, 1, same}, true, false, true},
  };
  const Row depthwise[] = {
      {"same", {2, 5, 6, 3}, {1, 3, 3, 3}, {1, 1, 1, 1, same}, true, true},
      {"valid", {2, 5, 6, 3}, {1, 3, 3, 3}, {1, 1, 1, 1, valid}, true, true},
      {"no_bias", {1, 4, 4, 2}, {1, 2, 2, 2}, {1, 1, 1, 1, valid}, false},
      {"stride2", {1, 6, 7, 3}, {1, 3, 3, 3}, {2, 2, 1, 1, same}, true, true},
      {"stride_h1_w2", {1, 5, 7, 2}, {1, 3, 2, 2}, {1, 2, 1, 1, valid}},
      {"multiplier2", {1, 5, 5, 3}, {1, 3, 3, 6}, {1, 1, 1, 1, same}},
      {"multiplier4_one_channel", {2, 5, 5, 1}, {1, 3, 3, 4}, {2, 2, 1, 1, valid}},
      {"dilated", {1, 7, 8, 2}, {1, 3, 3, 2}, {1, 1, 2, 2, same}},
      {"dilated_multiplier2", {1, 8, 8, 2}, {1, 3, 3, 4}, {1, 1, 2, 3, valid}},
      {"kernel_over_image", {1, 2, 3, 2}, {1, 5, 5, 2}, {1, 1, 1, 1, same}},
      {"large", {8, 14, 14, 33}, {1, 3, 3, 33}, {1, 1, 1, 1, same}, true, false, true},
      {"large_stride2", {8, 15, 15, 40}, {1, 3, 3, 40}, {2, 2, 1, 1, same}, true, false, true},
      {"large_5x5", {4, 12, 12, 24}, {1, 5, 5, 24}, {1, 1, 1, 1, valid}, true, false, true},
      {"large_multiplier8", {4, 12, 12, 3}, {1, 3, 3, 24}, {1, 1, 1, 1, same}, true, false, true},
  };
  const auto add = [&](Op op, const Row& r, Activation activation) {
    Conv2dAttrs attrs = r.attrs;
    attrs.activation = activation;
    std::vector<Operand> in{uniform(r.x, -2, 2, 71), uniform(r.w, -1, 1, 72)};
    if (r.bias) in.push_back(uniform({op == Op::conv2d ? r.w[0] : r.w[3]}, -1, 1, 73));
    cases.push_back({.op = op,
                     .name = with(r.name, activation),
                     .operands = std::move(in),
                     .attrs = attrs,
                     .forward = conv_forward(attrs, op == Op::depthwise_conv2d),
                     .tolerance = 4e-6,
                     .large = r.large});
  };
  for (const Activation a : kFused) {
    for (const Row& r : dense)
      if (r.fused || a == Activation::none) add(Op::conv2d, r, a);
    for (const Row& r : depthwise)
      if (r.fused || a == Activation::none) add(Op::depthwise_conv2d, r, a);
  }
}

void add_pools(std::vector<GradientCase>& cases) {
  struct Row {
    const char* name;
    Shape x;
    Pool2dAttrs attrs;  // filter h, w, stride h, w, padding
    bool large = false;
  };
  const auto same = Padding::same, valid = Padding::valid;
  const Row rows[] = {{"2x2", {2, 4, 6, 3}, {2, 2, 2, 2, valid}},
                      {"2x2_odd", {1, 5, 7, 2}, {2, 2, 2, 2, valid}},
                      {"2x2_odd_same", {1, 5, 7, 2}, {2, 2, 2, 2, same}},
                      {"3x3_overlapping", {1, 7, 7, 2}, {3, 3, 2, 2, same}},
                      {"3x3_stride1", {1, 5, 5, 2}, {3, 3, 1, 1, same}},
                      {"3x2_stride_h1_w2", {1, 6, 5, 1}, {3, 2, 1, 2, valid}},
                      {"stride_over_filter", {1, 7, 7, 2}, {2, 2, 3, 3, valid}},
                      {"whole", {2, 4, 5, 3}, {4, 5, 4, 5, valid}},
                      {"large", {8, 24, 24, 9}, {2, 2, 2, 2, valid}, true},
                      {"large_overlapping", {4, 13, 13, 20}, {3, 3, 2, 2, same}, true}};
  for (const bool maximum : {true, false})
    for (const Row& r : rows)
      for (const Activation a : kFused) {
        if (a != Activation::none && r.name != std::string("2x2")) continue;
        Pool2dAttrs attrs = r.attrs;
        attrs.activation = a;
        cases.push_back({.op = maximum ? Op::max_pool : Op::average_pool,
                         .name = with(r.name, a),
                         .operands = {distinct(r.x, r.large ? 1 / 4096.0f : 1 / 8.0f, 81)},
                         .attrs = attrs,
                         .forward = pool_forward(attrs, maximum),
                         .large = r.large});
      }
}

void add_norms(std::vector<GradientCase>& cases) {
  for (const bool training : {true, false})
    for (const Shape& s : {Shape{6, 3}, Shape{2, 3, 4, 5}, Shape{1, 2, 2, 1}, Shape{8, 14, 14, 20}}) {
      const Shape channels{s.dim(-1)};
      BatchNormAttrs attrs;
      attrs.training = training;
      cases.push_back({.op = Op::batch_norm,
                       .name = format("{}_{}", training ? "training" : "inference", s.elements()),
                       .operands = {uniform(s, -1, 3, 91), uniform(channels, 0.5f, 2, 92), uniform(channels, -1, 1, 93),
                                    fixed(uniform(channels, -1, 1, 94)), fixed(uniform(channels, 0.3f, 2, 95))},
                       .attrs = attrs,
                       .outputs = training ? 3 : 1,
                       .forward = batch_norm_forward(attrs.epsilon, training),
                       .tolerance = 5e-6,
                       .large = s.elements() > 1000});
    }
  for (const float rate : {0.5f, 0.25f, 0.1f, 0.0f})
    for (const Shape& s : {Shape{3, 37}, Shape{64, 131}}) {
      DropoutAttrs attrs{rate, 17, 2};
      const std::vector<float> ones(static_cast<size_t>(s.elements()), 1);
      std::vector<float> mask(ones.size());
      DropoutMask(attrs, 5).apply(ones.data(), mask.data(), 0, s.elements());
      Operand step = ints({5});
      step.constant = false;
      cases.push_back({.op = Op::dropout,
                       .name = format("rate{}_{}", static_cast<int>(100 * rate), s.elements()),
                       .operands = {uniform(s, -2, 2, 96), step},
                       .attrs = attrs,
                       .forward = scaled_forward({mask.begin(), mask.end()}),
                       .large = s.elements() > 1000});
    }
  for (const bool sequences : {true, false})
    for (const auto& [batch, time, depth, units] :
         {std::array<int64_t, 4>{2, 4, 3, 5}, {1, 1, 2, 3}, {3, 2, 1, 1}, {16, 12, 20, 24}}) {
      cases.push_back(
          {.op = Op::lstm,
           .name = format("{}_{}x{}x{}x{}", sequences ? "sequences" : "last", batch, time, depth, units),
           .operands = {uniform({batch, time, depth}, -1, 1, 97), uniform({4 * units, depth}, -0.6f, 0.6f, 98),
                        uniform({4 * units, units}, -0.6f, 0.6f, 99), uniform({4 * units}, -0.5f, 0.5f, 100)},
           .attrs = LstmAttrs{sequences},
           .outputs = 5,
           .forward = lstm_forward(sequences),
           .tolerance = 5e-6,
           .large = batch > 10});
    }
}

}  // namespace

void add_layer_cases(std::vector<GradientCase>& cases) {
  add_dense(cases);
  add_convolutions(cases);
  add_pools(cases);
  add_norms(cases);
}

}  // namespace thimble::test
