// A graph while a file is read into it, node by node: shapes are inferred, and what follows from known values is
// computed at once by the reference kernels. Where an operator asks for a value, it is computed from constants, or
// asked of the run that the file is read for.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "formats/stages.h"

namespace thimble {

// Where a tensor's value comes from.
enum class Origin : uint8_t {
  nothing,   // the file does not say it, and no operator so far computes it
  constant,  // stored in the file
  known,     // an input whose value is known, or computed while reading: it has data, unless an operator in between
             // cannot compute it
  follows,   // computed by nodes from constants and known values alone: it has data once an operator has asked for it
  run_time,  // a graph input, a variable, or computed from one
};

// What a file says of a tensor's shape.
struct DeclaredShape {
  bool open = false;       // nothing, or not all: whatever is computed is right
  uint32_t free_dims = 0;  // bit d: dimension d is -1 in the file, its size in the graph a placeholder
};

class GraphReading {
 public:
  // Whoever holds tensors that later nodes may read: marks them, where a stage ends.
  using Holder = std::function<void(std::vector<char>& held)>;

  static constexpr size_t kMaxTensors = 1'000'000, kMaxOperators = 100'000;

  // values: null where only what follows from constants and known inputs is known.
  explicit GraphReading(RunTimeValues* values = nullptr) : values_(values) {}

  Graph graph;
  // Shapes that the file declares are those of a run with other inputs or values: what is computed is right.
  bool shapes_open = false;
  // What no output needs is left out: of branches and loops in their places, much is for their conditions alone.
  bool prune = false;

  TensorId add(Tensor tensor, DeclaredShape declared, Origin origin);
  Origin& origin(TensorId t) { return origins_[static_cast<size_t>(t)]; }
  std::span<const Origin> origins() const { return origins_; }
  // Whether what the file declares leaves room for the shape.
  bool may_be(TensorId t, const Shape& shape) const;
  // Number of what a run holds for the tensor.
  void set_slot(TensorId t, Slot slot);
  // A name for the memory of a variable, the same whenever this file is read; without, the tensor's and a number.
  void set_variable(TensorId t, std::string name) { variables_[t] = std::move(name); }

  void hold(const Holder* holder) { holders_.push_back(holder); }
  void release() { holders_.pop_back(); }

  // Puts the node into the graph, with the shapes of its outputs; or their values, where it is computed at once. `what`
  // is the operator as messages call it; at_once: constants alone are reason enough, where it is part of an operator
  // that is. Errors: those of inference; needs_value.
  Status emit(Node node, const std::string& what, bool at_once = false);
  // The value of the tensor, which is a constant from now on. Errors: needs_value, those of running.
  Status know(TensorId t);
  // An output that is given otherwise than by a node. Errors: bad_file where it is given already.
  Status expect_not_given(TensorId t, const std::string& what) const;
  // Whether all its operands are known, and one at least follows from shapes or inputs whose values are known.
  bool follows_from_known(const Node& node) const;
  Status expect_defined(const Node& node) const;
  // Values that follow from what is known, but not by an operator that Thimble has for their type.
  Status leave_open(const Node& node, const std::string& what);
  // Counts against the limit on operators, also those that make no node. Errors: unsupported.
  Status count_operators(size_t count);

  // Shows what a view looks at: the tensor itself where it is none.
  TensorId seen_by(TensorId t) const;

  // The graph as it is, checked: the end of a reading without stages.
  Result<Checked> finish();
  // The end of one with them.
  Result<StagedModel> finish_staged();

 private:
  Result<Resolved> infer(const Node& node);
  bool computable(const Node& node) const;
  Status compute(const Node& node, const Resolved& resolved, const std::string& what);
  Status compute_ancestors(TensorId t);
  std::vector<char> needed_nodes(std::span<const TensorId> wanted, bool all) const;
  void keep_following(std::vector<char> needed);
  Result<Stage> end_stage(std::span<const TensorId> wanted);
  Slot slot_of(TensorId t);
  bool has_data(TensorId t) const { return static_cast<bool>(graph.at(t).data); }

  RunTimeValues* const values_;
  std::vector<DeclaredShape> declared_;  // per tensor, as the next three
  std::vector<Origin> origins_;
  std::vector<NodeId> producer_;    // node of the graph, −1: none of those that are there
  std::vector<char> read_;          // a node has been inferred that reads it
  std::vector<Resolved> resolved_;  // per node
  std::vector<char> computed_;      // per node: its outputs are constants, it is left out
  std::map<TensorId, Slot> slots_;
  std::map<TensorId, std::string> variables_;
  std::map<std::string, int> same_names_;  // variables of a name so far
  std::vector<const Holder*> holders_;
  Slot next_slot_ = 0;
  size_t operators_ = 0;
  bool infer_again_ = false;  // a tensor that nodes read has become a constant
  int64_t computed_bytes_ = 0, computed_macs_ = 0;
};

}  // namespace thimble
