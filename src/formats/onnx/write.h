// Writing .onnx, node by node. A tensor of ours may have several values in the file: as it lies ([n, h, w, c]) and with
// channels first, its integers and the floats that they stand for. Each is made when an operator first asks for it, so
// that no transposition and no QuantizeLinear stands in a file without need.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"
#include "ops/op.h"

namespace thimble::onnx {

// An attribute of a node of the file.
struct Attribute {
  Attribute(std::string_view n, int64_t v) : name(n), kind(2), i(v) {}
  Attribute(std::string_view n, int v) : name(n), kind(2), i(v) {}
  Attribute(std::string_view n, float v) : name(n), kind(1), f(v) {}
  Attribute(std::string_view n, const char* v) : name(n), kind(3), s(v) {}
  Attribute(std::string_view n, std::vector<int64_t> v) : name(n), kind(7), ints(std::move(v)) {}

  std::string_view name;
  int kind;  // AttributeProto.AttributeType
  int64_t i = 0;
  float f = 0;
  std::string s;
  std::vector<int64_t> ints;
};

using Names = std::vector<std::string>;

class FileWriter {
 public:
  FileWriter(const Graph& of, int64_t version) : graph(of), opset(version) {}

  const Graph& graph;
  const int64_t opset;

  enum class Layout : uint8_t { own, channels_first };

  // The value of a tensor: what lies there, or (`real`) the float that integers with a scale stand for.
  std::string value(TensorId t, Layout layout = Layout::own);
  std::string real(TensorId t, Layout layout = Layout::own);
  // A constant's floats with its axes in another order.
  std::string turned(TensorId t, const std::vector<int64_t>& perm);
  // Whether it is there without a transposition.
  bool has(TensorId t, Layout layout) const;
  // Says what a tensor's value is called; of `given_real` it is still to be quantised, where the tensor has a scale.
  void give(TensorId t, std::string name, Layout layout = Layout::own);
  void give_real(TensorId t, std::string name, Layout layout = Layout::own);

  // A node; its outputs' names.
  std::string node(std::string_view op, const Names& inputs, const std::vector<Attribute>& attributes = {},
                   std::string_view hint = {});
  Names nodes(std::string_view op, const Names& inputs, const std::vector<Attribute>& attributes, int outputs,
              std::string_view hint = {});
  // Constants.
  std::string tensor(DType type, const std::vector<int64_t>& dims, std::span<const uint8_t> bytes,
                     std::string_view hint);
  std::string floats(const std::vector<int64_t>& dims, std::span<const float> values,
                     std::string_view hint = "constant");
  std::string number(float value);
  std::string ints(const std::vector<int64_t>& values);
  // Activations that ONNX has as nodes of their own.
  std::string activated(std::string name, Activation activation, DType type = DType::f32);
  // Another shape; a size of 0 is meant as such.
  std::string reshaped(const std::string& name, const std::vector<int64_t>& dims, std::string_view hint = {});
  // Another element type.
  std::string cast(const std::string& name, DType type);

  Result<std::vector<uint8_t>> finish();
  std::vector<Error> refusals();

 private:
  struct Key {
    TensorId t;
    Layout layout;
    bool real;
    auto operator<=>(const Key&) const = default;
  };
  void begin(std::string* io);
  Status write_node(size_t n);
  std::string fresh(std::string_view hint);
  std::string dequantized(const Tensor& tensor, const std::string& name, int64_t axis);

  std::map<Key, std::string> values_;
  std::set<std::string, std::less<>> names_;
  std::map<std::vector<int64_t>, std::string> int_constants_;
  std::map<float, std::string> number_constants_;
  std::string nodes_, constants_;  // encoded fields of GraphProto
  bool sixteen_bits_ = false;      // there are quantised integers of 16 bits
  std::string missing_;            // a tensor that was asked for and that nothing computes
};

// What a node of ours is in the file. Errors: unsupported.
struct NodeWriter {
  FileWriter& w;
  const Node& node;

  const Tensor& in(size_t i) const { return w.graph.at(node.inputs[i]); }
  const Tensor& out(size_t i = 0) const { return w.graph.at(node.outputs[i]); }
  bool has(size_t i) const { return i < node.inputs.size() && node.inputs[i] != kNoTensor; }
  std::string real(size_t i) const { return w.real(node.inputs[i]); }
  std::string value(size_t i) const { return w.value(node.inputs[i]); }
  // A constant's integers.
  Result<std::vector<int64_t>> constant_ints(size_t i) const;
};

using WriteFn = Status (*)(NodeWriter&);
struct WriteRule {
  Op op;
  WriteFn write;
};
std::span<const WriteRule> layer_writers();
std::span<const WriteRule> elementwise_writers();
std::span<const WriteRule> shape_writers();
std::span<const WriteRule> recurrent_writers();
std::span<const WriteRule> logic_writers();

}  // namespace thimble::onnx
