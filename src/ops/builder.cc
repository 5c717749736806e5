#include "ops/builder.h"

#include <cmath>

namespace thimble {

TensorId Builder::input(std::string name, DType type, Shape shape) {
  const TensorId t = graph_.add({.name = std::move(name), .type = type, .shape = shape});
  graph_.inputs.push_back(t);
  return t;
}

TensorId Builder::constant(std::string name, DType type, Shape shape, Data data) {
  return graph_.add({.name = std::move(name), .type = type, .shape = shape, .data = std::move(data)});
}

TensorId Builder::constant_f32(std::string name, Shape shape, std::span<const float> values) {
  return constant(std::move(name), DType::f32, shape, Data::of(values));
}

TensorId Builder::constant_i32(std::string name, std::span<const int32_t> values) {
  return constant(std::move(name), DType::i32, Shape{static_cast<int64_t>(values.size())}, Data::of(values));
}

TensorId Builder::scalar_f32(float value) {
  if (std::isnan(value)) return constant_f32("nan", {}, std::span(&value, 1));
  const auto [it, fresh] = scalars_.try_emplace(value, kNoTensor);
  if (fresh) it->second = constant_f32(format("{}", value), {}, std::span(&value, 1));
  return it->second;
}

TensorId Builder::variable(std::string name, DType type, Shape shape, Data initial) {
  return graph_.add(
      {.name = std::move(name), .type = type, .shape = shape, .data = std::move(initial), .variable = true});
}

Result<std::vector<TensorId>> Builder::node(Op op, std::vector<TensorId> inputs, Attrs attrs, std::string name,
                                            int outs, const Tensor* like) {
  Node node{.op = op, .inputs = std::move(inputs), .attrs = std::move(attrs), .name = name};
  for (int i = 0; i < outs; ++i) {
    Tensor tensor{.name = i == 0 ? name : format("{}:{}", name, i)};
    if (like) {
      tensor.type = like->type;
      tensor.quant = like->quant;
    }
    node.outputs.push_back(graph_.add(std::move(tensor)));
  }
  InferContext context(graph_, node);
  if (Status s = infer_node(graph_, node, &context); !s) {
    graph_.tensors.resize(graph_.tensors.size() - static_cast<size_t>(outs));
    return tl::unexpected<Error>(std::move(s).error());
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    Tensor& tensor = graph_.at(node.outputs[i]);
    tensor.type = context.outputs[i].type;
    tensor.shape = context.outputs[i].shape;
  }
  std::vector<TensorId> ids = node.outputs;
  graph_.nodes.push_back(std::move(node));
  return ids;
}

Result<TensorId> Builder::op(Op op, std::vector<TensorId> inputs, Attrs attrs, std::string name, const Tensor* like) {
  THIMBLE_ASSIGN(const auto ids, node(op, std::move(inputs), std::move(attrs), std::move(name), 1, like));
  return ids[0];
}

Status Builder::effect(Op op, std::vector<TensorId> inputs, Attrs attrs, std::string name) {
  THIMBLE_ASSIGN(const auto ids, node(op, std::move(inputs), std::move(attrs), std::move(name), 0));
  return {};
}

}  // namespace thimble
