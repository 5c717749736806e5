#include "passes/fold_constants.h"

#include <gtest/gtest.h>

#include "base/half.h"
#include "ops/binary/binary.h"
#include "ops/builder.h"
#include "passes/pipeline.h"

namespace thimble {
namespace {

TensorId half_constant(Graph& graph, const std::string& name, std::vector<float> values) {
  std::vector<uint16_t> half;
  for (float v : values) half.push_back(float_to_half(v));
  return graph.add({.name = name,
                    .type = DType::f16,
                    .shape = {static_cast<int64_t>(half.size())},
                    .data = Data::of(std::span<const uint16_t>(half))});
}

TEST(FoldConstants, FoldsChainsAndKeepsWhatDependsOnInputs) {
  Graph graph;
  Builder b(graph);
  const TensorId x = b.input("x", DType::f32, {3});
  const TensorId wide = *b.op(Op::dequantize, {half_constant(graph, "half", {1, 2, 3})}, {}, "wide");
  const TensorId sum = *b.op(Op::add, {wide, wide}, BinaryAttrs{}, "sum");
  graph.outputs = {*b.op(Op::mul, {x, sum}, BinaryAttrs{}, "y")};
  const auto prepared = prepare_for_inference(graph);
  ASSERT_TRUE(prepared) << prepared.error().to_string();
  const Graph* folded = &prepared->graph;
  ASSERT_EQ(folded->nodes.size(), 1u);
  const Tensor& constant = folded->at(folded->nodes[0].inputs[1]);
  EXPECT_EQ(constant.name, "sum");
  const auto values = constant.data.as<float>();
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[0], 2);
  EXPECT_EQ(values[2], 6);
  EXPECT_EQ(folded->tensors.size(), 3u);  // the float16 and the first sum are gone
}

TEST(FoldConstants, GraphOutputsAndVariablesStay) {
  Graph graph;
  Builder b(graph);
  const TensorId state = b.variable("state", DType::f32, {2});
  const TensorId of_state = *b.op(Op::add, {state, b.scalar_f32(1)}, BinaryAttrs{}, "of_state");
  const TensorId result = *b.op(Op::add, {b.scalar_f32(1), b.scalar_f32(2)}, BinaryAttrs{}, "result");
  graph.outputs = {of_state, result};
  const auto folded = fold_constants(graph);
  ASSERT_TRUE(folded);
  EXPECT_EQ(folded->nodes.size(), 2u);
}

}  // namespace
}  // namespace thimble
