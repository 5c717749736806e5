// The operators of a .tflite file in their order: each is read by its rule (rule.h), its outputs get the shapes that
// follow from its inputs, and what depends on the shapes of tensors alone is computed at once.
#pragma once

#include <optional>
#include <set>

#include "formats/tflite/rule.h"

namespace thimble::tflite {

// What the file says of a tensor's shape.
struct DeclaredShape {
  bool open = false;       // nothing, or not all: whatever is computed is right
  uint32_t free_dims = 0;  // bit d: dimension d is -1 in the file, its size in the graph a placeholder
};

// What operators of this builtin code are in a graph (SHAPE: none, PACK: two); nothing where there is no rule for it.
std::optional<std::vector<Op>> operators_of(int builtin);
// The same of an operator code of the file, which may be custom.
std::optional<std::vector<Op>> operators_of(const Table& code);

class NodeReader {
 public:
  // `declared` is per tensor of the graph, whose tensors, inputs and outputs are all there; `valued` are the inputs
  // whose values are known.
  NodeReader(Graph& graph, std::vector<DeclaredShape> declared, std::span<const TensorId> valued);

  // One operator of the file. `node` has its operands and its name, `what` is the operator as messages call it
  // ("PACK v2 (node 0 "y")"). Errors: bad_file, unsupported.
  Status add(Node node, int builtin, int version, int options_type, const Table& options, const std::string& what);

  // The same of a custom operator, known by its name; its options are bytes that nobody has looked at.
  Status add_custom(Node node, std::string_view name, std::span<const uint8_t> options, const std::string& what);

  // What inference has found out about each node of the graph.
  std::vector<Resolved> take_resolved() { return std::move(resolved_); }

  // Outputs of DENSIFY, which are the constants that their inputs have become when they were read.
  const std::set<TensorId>& densified() const { return densified_; }

 private:
  Status rule_node(Node node, int builtin, int version, int options_type, const Table& options,
                   const std::string& what);
  Status read_by(const TfliteRule& rule, ReadContext& ctx, const std::string& place, const std::string& what);
  Status densify(const Node& node);
  Status shape(const Node& node, const std::string& what);
  Status pack(const Node& node, int axis, const std::string& what);
  bool follows_from_known(const Node& node) const;
  Status emit(Node node, bool at_once, const std::string& what);
  Status leave_open(const Node& node, const std::string& what);
  Status expect_defined(const Node& node) const;
  bool reshapes_densified(const Node& node, int builtin) const;
  Origin& origin(TensorId t) { return origins_[static_cast<size_t>(t)]; }
  TensorId add_tensor(Tensor tensor, Origin origin);

  Graph& graph_;
  std::vector<DeclaredShape> declared_;
  std::vector<Origin> origins_;
  std::set<TensorId> densified_;
  std::vector<Resolved> resolved_;
};

}  // namespace thimble::tflite
