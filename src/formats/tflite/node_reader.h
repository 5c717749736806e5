// The operators of a .tflite file in their order: each is read by its rule (rule.h), its outputs get the shapes that
// follow from its inputs, and what depends on the shapes of tensors alone is computed at once.
#pragma once

#include <optional>
#include <set>

#include "formats/tflite/rule.h"
#include "ops/custom/custom.h"

namespace thimble::tflite {

// What operators of this builtin code are in a graph (SHAPE: none, PACK: two); nothing where there is no rule for it.
std::optional<std::vector<Op>> operators_of(int builtin);
// The same of an operator code of the file, which may be custom.
std::optional<std::vector<Op>> operators_of(const Table& code);

class NodeReader {
 public:
  explicit NodeReader(GraphReading& reading) : reading_(reading), graph_(reading.graph) {}

  const CustomOperators* custom = nullptr;    // what a program brings along
  std::map<TensorId, WeightBlocks> blocks{};  // of the tensors that have them

  // One operator of the file. `node` has its operands and its name, `what` is the operator as messages call it
  // ("PACK v2 (node 0 "y")"). Errors: bad_file, unsupported, needs_value.
  Status add(Node node, int builtin, int version, int options_type, const Table& options, const std::string& what);

  // The same of a custom operator, known by its name; its options are bytes that nobody has looked at.
  Status add_custom(Node node, std::string_view name, std::span<const uint8_t> options, const std::string& what);

  // Outputs of DENSIFY, which are the constants that their inputs have become when they were read.
  const std::set<TensorId>& densified() const { return densified_; }

 private:
  Status rule_node(Node node, int builtin, int version, int options_type, const Table& options,
                   const std::string& what);
  Status read_by(const TfliteRule& rule, ReadContext& ctx, const std::string& place, const std::string& what);
  Status densify(const Node& node);
  Status shape(const Node& node, bool rank_alone, const std::string& what);
  Status pack(const Node& node, int axis, const std::string& what);
  bool reshapes_densified(const Node& node, int builtin) const;

  GraphReading& reading_;
  Graph& graph_;
  std::set<TensorId> densified_;
};

}  // namespace thimble::tflite
