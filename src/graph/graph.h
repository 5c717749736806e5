// The one representation that everything in Thimble produces or consumes: tensors, and nodes in
// execution order. Plain data; a pass edits it and the verifier (verify.h, ops/check.h) is run
// after every pass. Constants may view a mapped file: `owner` keeps it alive.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/attrs.h"
#include "graph/type.h"

namespace thimble {

using TensorId = int32_t;
using NodeId = int32_t;
inline constexpr TensorId kNoTensor = -1;  // an optional input that is left out

enum class Op : uint16_t;  // the operators are listed in ops/ops.def

// real = (q − zero_point) · scale. One entry, or one per slice along `axis`.
struct Quantization {
  std::vector<float> scale;
  std::vector<int32_t> zero_point;
  int axis = 0;

  bool empty() const { return scale.empty(); }
  bool per_axis() const { return scale.size() > 1; }
  friend bool operator==(const Quantization&, const Quantization&) = default;
};

// Immutable bytes with shared ownership; a view when they live in a mapped file.
struct Data {
  std::shared_ptr<const void> owner;
  const uint8_t* bytes = nullptr;
  size_t size = 0;

  explicit operator bool() const { return bytes != nullptr; }
  static Data copy(std::span<const uint8_t> bytes);  // 64-byte aligned
  template <class T>
  static Data of(std::span<const T> values) {
    return copy({reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()});
  }
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes), size / sizeof(T)};
  }
};

struct Tensor {
  std::string name;
  DType type = DType::f32;
  Shape shape;
  Quantization quant;
  Data data;                   // constants; for a variable its initial value (zeros when absent)
  bool variable = false;       // keeps its value between runs (weights in training, LSTM state)
  bool batch_unknown = false;  // the file's shape signature has −1 in dimension 0
  uint32_t free_dims = 0;  // bit d: it has −1 in dimension d > 0, whose size in `shape` is then only a placeholder

  bool constant() const { return static_cast<bool>(data) && !variable; }
  int64_t bytes() const { return byte_size(type, shape); }
  std::string to_string() const;  // `conv1/out float32 [1, 26, 26, 32]`
};

struct Node {
  Op op{};
  std::vector<TensorId> inputs;  // kNoTensor for an optional input left out
  std::vector<TensorId> outputs;
  std::vector<TensorId> intermediates;  // quantisation parameters of values inside a fused operator
  Attrs attrs;
  std::string name;
};

struct Graph {
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;  // in execution order
  std::vector<TensorId> inputs, outputs;
  std::vector<std::string> input_names, output_names;  // of the signature; empty or one per tensor
  std::string signature;                               // its name in the file; empty: none or the usual one
  std::map<std::string, std::string> metadata;         // e.g. thimble.preprocess
  Data attached;                      // a zip archive of files that the metadata names (formats/tflite/attached.h)
  std::vector<std::string> left_out;  // what the file holds beside this graph: a writer would lose it, and refuses

  Tensor& at(TensorId id) { return tensors[static_cast<size_t>(id)]; }
  const Tensor& at(TensorId id) const { return tensors[static_cast<size_t>(id)]; }
  TensorId add(Tensor tensor) {
    tensors.push_back(std::move(tensor));
    return static_cast<TensorId>(tensors.size()) - 1;
  }
  // Node that writes each tensor, −1 where none does.
  std::vector<NodeId> producers() const;
  // How many nodes read each tensor (graph outputs count as one reader more).
  std::vector<int> use_counts() const;
  // Drops nodes and tensors that no output and no variable update needs, and renumbers.
  std::vector<char> remove_unused(std::span<const char> node_is_dead = {});
  // Drops the tensors that are not marked, and renumbers; nodes, inputs and outputs name marked ones only.
  void keep_tensors(std::span<const char> keep);
};

}  // namespace thimble
