// The walk over an .onnx file: what is known of inputs, nodes by their rules (read.cc); functions and control flow by
// what is known (control.cc); going on behind what is refused (refused.cc).
#pragma once

#include <map>
#include <set>

#include "formats/onnx/constants.h"
#include "formats/onnx/onnx.h"
#include "formats/onnx/rule.h"

namespace thimble::onnx {

inline constexpr int64_t kMostVisits = 100'000;  // of nodes of the file, again in each call

// Names and what they stand for; those of the graph around it are seen from a subgraph.
struct Scope {
  const Scope* parent = nullptr;
  const Bindings* bindings = nullptr;
  const std::map<std::string_view, int64_t>* opsets = nullptr;
  int depth = 0;
  std::map<std::string_view, TensorId> values;

  const TensorId* find(std::string_view name) const {
    for (const Scope* s = this; s; s = s->parent)
      if (const auto found = s->values.find(name); found != s->values.end()) return &found->second;
    return nullptr;
  }
};

// By domain; "" is ai.onnx.
std::map<std::string_view, int64_t> opsets_of(const std::vector<OpsetProto>& list);

// Reads one model once: either its edges or all of it.
class Reader {
 public:
  Reader(const ModelProto& model, std::shared_ptr<const void> owner, std::span<const KnownInput> known,
         const OnnxReadOptions& options)
      : model_(model), known_(known), constants_(std::move(owner), options.folder), refused_(options.refused) {
    if (!refused_) return;
    for (const auto* list : {&model.graph.values, &model.graph.outputs})
      for (const ValueProto& v : *list) declared_.emplace(v.name, &v);
  }

  // As read_onnx_edges and read_checked_onnx (onnx.h).
  Result<Graph> edges();
  Result<Checked> run();

 private:
  static tl::unexpected<Error> damaged(std::string what) { return fail(ErrorCode::bad_file, std::move(what)); }
  // Whether all its operators mean in the first opset what they mean in the oldest that is read.
  static bool unchanged(const GraphProto& graph);
  static tl::unexpected<Error> too_many() {
    return fail(ErrorCode::unsupported, format("functions and loops come to more than {} operators", kMostVisits));
  }
  // How many nodes these come to with the functions that they call, at least, before any memory is taken for them: a
  // function that calls one ten times which calls one ten times … is short. A ring is found when it is walked.
  int64_t visits_ahead(const std::vector<NodeProto>& list, std::map<const FunctionProto*, int64_t>* counted, int depth);
  void metadata();
  // The declared shape; sizes that are free are 1, and marked where they stay so.
  static Status placeholder(const ValueProto& v, bool free, Tensor* x);
  Status initializers(const GraphProto& graph, Scope* scope);
  // What is neither fed nor known is a placeholder of the file's shape.
  Status inputs(Scope* scope);
  Status input(const ValueProto& v, const KnownInput* known, Scope* scope);
  Status outputs(const Scope& scope);
  Result<TensorId> copy_of(TensorId x);

  // ---- nodes ----
  Status nodes(const std::vector<NodeProto>& list, Scope* scope);
  Status node(const NodeProto& n, Scope* scope);
  static const Rule* rule_for(const NodeProto& n) {
    return rule_of(n.op, n.domain == "ai.onnx" ? std::string_view() : n.domain);
  }
  // Whether it stands for nodes of a graph in the file.
  bool is_control(const NodeProto& n) const;
  Result<Ids> rule(Call& call, std::string_view domain);
  // Free sizes that nothing is known of are 1 here. What does not go together then may well do so with those that are
  // fed: no fault of the file.
  Error sizes_asked(Error error) const;
  tl::unexpected<Error> mismatch(std::string what) const {
    return tl::unexpected<Error>(sizes_asked(Error{ErrorCode::bad_file, std::move(what), {}, {}}));
  }
  // What computes in float32 does not take float64.
  Status expect_digits(const Call& call, std::string_view domain) const;
  // The integers of less than 8 bits that a node gives because it moves them; 0: none. Others must not take them for
  // bytes.
  Result<int32_t> small_of(const Call& call) const;

  // ---- going on behind what is refused, so that one reading says all that is wrong ----
  // An input or a constant that cannot be read. False: the error ends the reading.
  bool refuse(std::string_view name, const Error& error, Scope* scope);
  // A node: what it reads is an output of the graph, and what it would give an input, as the file declares it.
  bool refuse(const NodeProto& n, std::string called, const Error& error, Scope* scope);
  // A value that nothing gives: of the declared type and shape, or, where these are not known, one that no node reads.
  void stand_in(std::string_view name, const ValueProto* declared, Scope* scope);
  bool reads_doubtful(const NodeProto& n, const Scope& scope) const;
  void doubt(const NodeProto& n, const Scope& scope);

  // ---- functions ----
  Result<Ids> function(const FunctionProto& f, const Call& call, const Scope& from);

  // ---- control flow ----
  Result<Ids> body(const Call& call, const char* attribute, const Scope& from, const Ids& in);
  // The integer, or truth, that decides what is read.
  Result<int64_t> decided(TensorId t, const char* what);
  Result<Ids> branch(const Call& call, const Scope& from);
  Result<Ids> loop(const Call& call, const Scope& from);
  // Outputs of all rounds along a new axis each.
  Result<Ids> joined(const Call& call, Ids out, const std::vector<Ids>& rounds, const Ints& axes,
                     const Ints& directions);
  // Scores and probabilities go through graphs of the model's own.
  Result<Ids> flex_attention(const Call& call, const Scope& from);
  // Opset 8: inputs and outputs have the batch before their axis, of which each entry is scanned by itself.
  Result<Ids> batched_scan(const Call& call, const Scope& from);
  struct ScanAxes {
    Ints axes, directions, output_axes, output_directions;
  };
  Result<Ids> scan(const Call& call, const Scope& from);
  // The states come first among the inputs.
  Result<Ids> scan_over(const Call& call, const Scope& from, const Ids& inputs, size_t states, const ScanAxes& how);

  struct FunctionKey {
    std::string_view domain, name, overload;
    auto operator<=>(const FunctionKey&) const = default;
  };

  const ModelProto& model_;
  std::span<const KnownInput> known_;
  ConstantReader constants_;
  Maker m_;
  std::map<FunctionKey, const FunctionProto*> functions_;
  int64_t visits_ = 0, rounds_ = 0;
  bool free_sizes_ = false;  // an input has sizes of which nothing is known
  Refusals* const refused_;
  std::map<std::string_view, const ValueProto*> declared_;  // of the main graph
  std::set<const NodeProto*> refused_nodes_;
  // Tensors that are not what the file says they are: what refused nodes would give and what follows from it, and those
  // of which neither type nor shape is known.
  std::set<TensorId> doubtful_, unread_;
};

}  // namespace thimble::onnx
