#include "passes/fuse_activation.h"

#include <gtest/gtest.h>

#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "ops/conv2d/conv2d.h"
#include "ops/unary/unary.h"

namespace thimble {
namespace {

TEST(FuseActivation, MovesIntoTheProducerThatNothingElseReads) {
  Graph graph;
  Builder b(graph);
  const TensorId x = b.input("x", DType::f32, {1, 4, 4, 1});
  const std::vector<float> ones(9, 1.0f);
  const TensorId w = b.constant_f32("w", {1, 3, 3, 1}, ones);
  const TensorId conv = *b.op(Op::conv2d, {x, w}, Conv2dAttrs{}, "conv");
  const TensorId first = *b.op(Op::relu6, {conv}, UnaryAttrs{}, "first");
  const TensorId sum = *b.op(Op::add, {first, b.scalar_f32(1)}, BinaryAttrs{}, "sum");
  const TensorId second = *b.op(Op::relu, {sum}, UnaryAttrs{}, "second");
  const TensorId shared = *b.op(Op::mul, {second, second}, BinaryAttrs{}, "shared");
  const TensorId third = *b.op(Op::relu, {shared}, UnaryAttrs{}, "third");
  const TensorId fourth = *b.op(Op::relu, {third}, UnaryAttrs{}, "fourth");
  graph.outputs = {*b.op(Op::add, {shared, fourth}, BinaryAttrs{}, "y")};
  EXPECT_EQ(fuse_activations(graph), 2);
  ASSERT_TRUE(verify(graph));
  ASSERT_EQ(graph.nodes.size(), 6u);
  EXPECT_EQ(graph.nodes[0].attrs.as<Conv2dAttrs>().activation, Activation::relu6);
  EXPECT_EQ(graph.at(graph.nodes[0].outputs[0]).name, "first");
  EXPECT_EQ(graph.nodes[1].attrs.as<BinaryAttrs>().activation, Activation::relu);
  EXPECT_EQ(graph.nodes[2].attrs.as<BinaryAttrs>().activation, Activation::none);  // read twice
  EXPECT_EQ(graph.nodes[3].op, Op::relu);
  EXPECT_EQ(fuse_activations(graph), 0);
}

}  // namespace
}  // namespace thimble
