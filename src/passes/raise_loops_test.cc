// Layers written step by step in several ways; that results stay the same is held by
// tests/conformance/recurrent_test.cc.
#include "passes/raise_loops.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/concatenation/concatenation.h"
#include "ops/fully_connected/fully_connected.h"
#include "ops/gather/gather.h"
#include "ops/lstm/lstm.h"
#include "ops/reshape/reshape.h"
#include "ops/split/split.h"
#include "ops/unary/unary.h"
#include "passes/roll_lstm.h"
#include "passes/shorten_moves.h"

namespace thimble {
namespace {

constexpr int64_t kSteps = 3, kInputs = 2, kUnits = 2;

std::vector<float> numbers(int64_t count, float first) {
  std::vector<float> v;
  for (int64_t i = 0; i < count; ++i) v.push_back(first + 0.25f * static_cast<float>(i));
  return v;
}

// What differs from a layer that can be rolled.
struct Form {
  std::array<int, 4> gates{0, 1, 2, 3};  // which part of the sums is the gate i, f, g, o
  std::array<int32_t, kSteps> order{0, 1, 2};
  Op squash = Op::sigmoid;
  bool swap = false;           // operands of sums and products
  bool separate_bias = false;  // added behind the products
  bool last_differs = false;   // the last step has a bias of its own
  bool cell_is_read = false;   // by an output
  bool sequences = false;      // all h are outputs, joined along time
  bool state_is_given = false;
};

class Unrolled {
 public:
  explicit Unrolled(const Form& form) : form_(form), b_(graph) {
    x_ = b_.input("x", DType::f32, {1, kSteps, kInputs});
    const TensorId turned =
        *b_.op(Op::reshape, {x_, b_.constant_i32("turned/shape", std::array<int32_t, 3>{kSteps, 1, kInputs})},
               ReshapeAttrs{}, "turned");
    const TensorId w = b_.constant_f32("w", {4 * kUnits, kInputs}, numbers(4 * kUnits * kInputs, -1)),
                   r = b_.constant_f32("r", {4 * kUnits, kUnits}, numbers(4 * kUnits * kUnits, -2)),
                   bias = b_.constant_f32("b", {4 * kUnits}, numbers(4 * kUnits, 0.5f)),
                   other = b_.constant_f32("other", {4 * kUnits}, numbers(4 * kUnits, 0.75f));
    const std::vector<float> zeros(kUnits, form.state_is_given ? 0.5f : 0.0f);
    TensorId h = b_.constant_f32("h", {1, kUnits}, zeros), c = b_.constant_f32("c", {1, kUnits}, zeros);
    std::vector<TensorId> rows;
    for (int64_t t = 0; t < kSteps; ++t) {
      const std::string at = format("layer/while/{}", t);
      const TensorId step = b_.constant(at + "/t", DType::i32, {},
                                        Data::of(std::span<const int32_t>(&form.order[static_cast<size_t>(t)], 1)));
      const TensorId x = *b_.op(Op::gather, {turned, step}, GatherAttrs{}, at + "/x");
      const TensorId b = form.last_differs && t == kSteps - 1 ? other : bias;
      TensorId z =
          *b_.op(Op::fully_connected, {x, w, form.separate_bias ? kNoTensor : b}, FullyConnectedAttrs{}, at + "/w");
      z = both(Op::add, z, *b_.op(Op::fully_connected, {h, r, kNoTensor}, FullyConnectedAttrs{}, at + "/r"),
               at + "/sum");
      if (form.separate_bias) z = both(Op::add, z, b, at + "/biased");
      const TensorId axis = b_.constant(at + "/axis", DType::i32, {}, Data::of(std::span<const int32_t>(&kAxis, 1)));
      const auto part = *b_.node(Op::split, {axis, z}, SplitAttrs{}, at + "/split", 4);
      const auto gate = [&](size_t g, Op op) {
        return unary(op, part[static_cast<size_t>(form.gates[g])], format("{}/{}", at, g));
      };
      const TensorId kept = both(Op::mul, gate(1, form.squash), c, at + "/kept");
      const TensorId fresh = both(Op::mul, gate(0, form.squash), gate(2, Op::tanh), at + "/new");
      c = both(Op::add, kept, fresh, at + "/c");
      h = both(Op::mul, gate(3, form.squash), unary(Op::tanh, c, at + "/tanh"), at + "/h");
      rows.push_back(*b_.op(Op::reshape, {h, b_.constant_i32(at + "/row/shape", std::array<int32_t, 3>{1, 1, kUnits})},
                            ReshapeAttrs{}, at + "/row"));
    }
    graph.outputs = {h};
    if (form.sequences) graph.outputs = {*b_.op(Op::concatenation, rows, ConcatenationAttrs{.axis = 1}, "all")};
    if (form.cell_is_read) graph.outputs.push_back(c);
  }

  Graph graph;

 private:
  static constexpr int32_t kAxis = 1;

  TensorId both(Op op, TensorId x, TensorId y, const std::string& name) {
    return *b_.op(op, form_.swap ? std::vector{y, x} : std::vector{x, y}, BinaryAttrs{}, name);
  }
  TensorId unary(Op op, TensorId x, const std::string& name) { return *b_.op(op, {x}, UnaryAttrs{}, name); }

  const Form form_;
  Builder b_;
  TensorId x_ = kNoTensor;
};

std::vector<std::string> operators(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.emplace_back(name(node.op));
  return names;
}

using Names = std::vector<std::string>;

TEST(RollLstm, StepsBecomeALayer) {
  for (const bool swap : {false, true})
    for (const bool separate_bias : {false, true}) {
      Unrolled net({.swap = swap, .separate_bias = separate_bias});
      const auto layers = roll_lstm(net.graph);
      ASSERT_TRUE(layers) << layers.error().to_string();
      ASSERT_EQ(*layers, 1);
      ASSERT_EQ(operators(net.graph), Names{"lstm"});
      const Node& node = net.graph.nodes.back();
      EXPECT_EQ(node.name, "layer");
      EXPECT_FALSE(node.attrs.as<LstmAttrs>().return_sequences);
      const auto values = [&](size_t i) {
        const auto v = net.graph.at(node.inputs[i]).data.as<float>();
        return std::vector<float>(v.begin(), v.end());
      };
      EXPECT_EQ(values(1), numbers(4 * kUnits * kInputs, -1));
      EXPECT_EQ(values(2), numbers(4 * kUnits * kUnits, -2));
      EXPECT_EQ(values(3), numbers(4 * kUnits, 0.5f));
    }
}

TEST(RollLstm, GatesAreWhatTheyAreUsedFor) {
  const std::array<int, 4> parts{2, 0, 3, 1};
  Unrolled net({.gates = parts});
  ASSERT_EQ(*roll_lstm(net.graph), 1);
  const auto bias = net.graph.at(net.graph.nodes.back().inputs[3]).data.as<float>();
  const std::vector<float> given = numbers(4 * kUnits, 0.5f);
  for (size_t g = 0; g < 4; ++g)
    for (size_t u = 0; u < kUnits; ++u)
      EXPECT_EQ(bias[g * kUnits + u], given[static_cast<size_t>(parts[g]) * kUnits + u]);
}

TEST(RollLstm, BackwardStepsReadTheInputReversed) {
  Unrolled net({.order = {2, 1, 0}});
  ASSERT_EQ(*roll_lstm(net.graph), 1);
  EXPECT_EQ(operators(net.graph), (Names{"reverse", "lstm"}));
}

TEST(RollLstm, WhatDiffersStays) {
  for (const Form& form :
       {Form{.squash = Op::tanh}, Form{.squash = Op::hard_sigmoid}, Form{.last_differs = true},
        Form{.cell_is_read = true}, Form{.state_is_given = true}, Form{.order = {0, 2, 1}}, Form{.order = {0, 0, 0}}}) {
    Unrolled net(form);
    const std::string before = dump(net.graph);
    ASSERT_EQ(*roll_lstm(net.graph), 0);
    EXPECT_EQ(dump(net.graph), before);
  }
}

TEST(RaiseLoops, ALayerThatGivesAllStepsIsOneNode) {
  Unrolled net({.sequences = true});
  const auto raised = raise_loops(*check(net.graph));
  ASSERT_TRUE(raised) << raised.error().to_string();
  ASSERT_EQ(operators(raised->graph), Names{"unidirectional_sequence_lstm"});
  EXPECT_EQ(raised->graph.at(raised->graph.outputs[0]).name, "all");
  EXPECT_EQ(raised->graph.inputs, std::vector<TensorId>{raised->graph.nodes[0].inputs[0]});
}

TEST(RaiseLoops, StepsThatStayShareOneProductWithTheInput) {
  Unrolled net({.squash = Op::hard_sigmoid});
  const auto raised = raise_loops(*check(net.graph));
  ASSERT_TRUE(raised) << raised.error().to_string();
  const Names names = operators(raised->graph);
  EXPECT_EQ(std::ranges::count(names, "gather"), 0);
  EXPECT_EQ(std::ranges::count(names, "strided_slice"), kSteps);
  EXPECT_EQ(std::ranges::count(names, "reshape"), 0);
  EXPECT_EQ(std::ranges::count(names, "fully_connected"), 1 + kSteps - 1);  // the first step's state is 0
  const Node& product = raised->graph.nodes[0];
  EXPECT_EQ(raised->graph.at(product.outputs[0]).shape, (Shape{1, kSteps, 4 * kUnits}));
  EXPECT_EQ(product.inputs[0], raised->graph.inputs[0]);
}

TEST(RaiseLoops, LeavesOtherGraphsAlone) {
  Graph graph;
  Builder b(graph);
  const TensorId x = b.input("x", DType::f32, {1, 4});
  const TensorId w = b.constant_f32("w", {4, 4}, numbers(16, 0));
  const TensorId first = *b.op(Op::fully_connected, {x, w, kNoTensor}, FullyConnectedAttrs{}, "first");
  graph.outputs = {*b.op(Op::tanh, {first}, UnaryAttrs{}, "y")};
  const auto raised = raise_loops(*check(graph));
  ASSERT_TRUE(raised);
  EXPECT_EQ(dump(raised->graph), dump(graph));
}

}  // namespace
}  // namespace thimble
