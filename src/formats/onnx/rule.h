// How one ONNX operator is read: a row of a family's table, whose function says with Maker which operators of ours it
// is.
//   {"Relu", 1, 1, [](Maker& m, Call& c) -> Ids { return {m.unary(Op::relu, c[0])}; }},
// A rule gives the outputs in ONNX's order (fewer where the last ones are never asked for).
#pragma once

#include <string>

#include "formats/onnx/maker.h"
#include "formats/onnx/proto.h"

namespace thimble::onnx {

// Attributes that a function's body takes from the node that calls it.
struct Bindings {
  std::map<std::string_view, const AttributeProto*> attributes;
};

// One node of the file while it is read. Attributes that are left out have the default; one of another type is an
// error.
class Call {
 public:
  Call(Maker& m, const NodeProto& of, int64_t version, const Bindings* bindings)
      : node(of), opset(version), m_(m), bindings_(bindings) {}

  const NodeProto& node;
  const int64_t opset;  // of the node's domain
  Ids in;
  // Reads the values of this node's outputs, for errors; what a Constant holds.
  class ConstantReader* constants = nullptr;

  bool has(size_t i) const { return i < in.size() && in[i] != kNoTensor; }
  TensorId operator[](size_t i) const { return i < in.size() ? in[i] : kNoTensor; }
  size_t outs() const { return node.outputs.size(); }
  bool wants(size_t output) const { return output < node.outputs.size() && !node.outputs[output].empty(); }

  const AttributeProto* attribute(std::string_view name) const;
  bool given(std::string_view name) const { return attribute(name) != nullptr; }
  int64_t i(std::string_view name, int64_t otherwise) const;
  float f(std::string_view name, float otherwise) const;
  std::string_view s(std::string_view name, std::string_view otherwise) const;
  Ints ints(std::string_view name, Ints otherwise = {}) const;
  std::vector<float> floats(std::string_view name) const;
  std::vector<std::string_view> strings(std::string_view name) const;
  // Integers that newer opsets have as an input and older ones as an attribute; `given` whether they are there.
  Ints ints_of(size_t input, std::string_view name, bool* given) const;
  // The same node with other inputs, read as an operator of this opset of ai.onnx.
  Call with(Ids inputs, int64_t version) const;

 private:
  const AttributeProto* typed(std::string_view name, AttributeType type) const;

  Maker& m_;
  const Bindings* bindings_;
};

using RuleFn = Ids (*)(Maker&, Call&);

struct Rule {
  std::string_view op;
  int least, most;  // inputs
  RuleFn read;
  int64_t until = INT64_MAX;  // the last opset that has it
};

inline constexpr std::string_view kPreview = "ai.onnx.preview", kTraining = "ai.onnx.preview.training";

// Null where there is none. Domains: "" (ai.onnx), ai.onnx.ml, kTraining and com.microsoft.
const Rule* rule_of(std::string_view op, std::string_view domain = {});
std::vector<std::string_view> known_operators();

// The families.
std::span<const Rule> elementwise_rules();
std::span<const Rule> shape_rules();
std::span<const Rule> movement_rules();
std::span<const Rule> matrix_rules();
std::span<const Rule> conv_rules();
std::span<const Rule> pool_rules();
std::span<const Rule> norm_rules();
std::span<const Rule> reduce_rules();
std::span<const Rule> recurrent_rules();
std::span<const Rule> integer_rules();
std::span<const Rule> resize_rules();
std::span<const Rule> bits_rules();
std::span<const Rule> sample_rules();
std::span<const Rule> attention_rules();
std::span<const Rule> loss_rules();
std::span<const Rule> index_rules();
std::span<const Rule> logic_rules();
std::span<const Rule> product_rules();
std::span<const Rule> sequence_rules();
// Of com.microsoft.
std::span<const Rule> microsoft_rules();
std::span<const Rule> spectrum_rules();
std::span<const Rule> region_rules();
std::span<const Rule> place_rules();
std::span<const Rule> unique_rules();
// Of the domain kTraining.
std::span<const Rule> training_rules();
// Of the domain ai.onnx.ml.
std::span<const Rule> ml_rules();

}  // namespace thimble::onnx
