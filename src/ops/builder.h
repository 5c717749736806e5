// Builds graphs node by node; output shapes and types come from the operators' own inference, so
// a graph that is built is a graph that verifies.
#pragma once

#include "ops/check.h"

namespace thimble {

class Builder {
 public:
  explicit Builder(Graph& graph) : graph_(graph) {}

  Graph& graph() { return graph_; }
  const Tensor& at(TensorId t) const { return graph_.at(t); }

  TensorId input(std::string name, DType type, Shape shape);
  TensorId constant(std::string name, DType type, Shape shape, Data data);
  TensorId constant_f32(std::string name, Shape shape, std::span<const float> values);
  TensorId constant_i32(std::string name, std::span<const int32_t> values);  // rank 1
  TensorId scalar_f32(float value);                                          // shape [], shared by value
  // A tensor that keeps its value between runs; zeros when `initial` is empty.
  TensorId variable(std::string name, DType type, Shape shape, Data initial = {});

  // Adds a node with `outs` outputs and infers them. `like` presets the first output's type and
  // quantisation for operators that leave them free. The first output is called `name`.
  Result<std::vector<TensorId>> node(Op op, std::vector<TensorId> inputs, Attrs attrs, std::string name, int outs,
                                     const Tensor* like = nullptr);
  // The common case of one output.
  Result<TensorId> op(Op op, std::vector<TensorId> inputs, Attrs attrs, std::string name, const Tensor* like = nullptr);
  // A node that only changes variables.
  Status effect(Op op, std::vector<TensorId> inputs, Attrs attrs, std::string name);

 private:
  Graph& graph_;
  std::map<float, TensorId> scalars_;
};

}  // namespace thimble
