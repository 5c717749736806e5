// The state of one emission: what the operators' emit functions add to through EmitContext.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "base/numbers.h"
#include "micro/emit.h"
#include "micro/head.h"
#include "micro/memory.h"
#include "micro/plan_writer.h"

namespace thimble::micro {

class Emitter {
 public:
  Emitter(const Checked& checked, const EmitOptions& options);

  Result<Emitted> run();
  std::vector<Error> refusals();

  const Checked& checked;
  const EmitOptions& options;

  // A pointer to the tensor's elements, as an expression: of its place, of its constant (written at the first use), or
  // NULL for kNoTensor.
  std::string address(TensorId t);
  std::string plan_of(NodeId node, std::string_view type);
  EmitContext::Buffer scratch(NodeId node, int64_t least, int64_t step, int64_t most);
  std::string constant_of(NodeId node, std::string_view what, std::span<const int32_t> values, bool on_avr);
  template <class T>
  std::string numbers_of(NodeId node, std::string_view what, const char* type, std::span<const T> values);
  Weights weights_of(NodeId node) const;
  void stored(StoredTensor tensor);
  void plain_because(TensorId t, std::string why) { plain_reasons_[t] = std::move(why); }
  std::string declared(NodeId node, std::string_view what, std::string_view type, std::string_view value,
                       int64_t count);
  std::string packed_of(NodeId node, std::string_view what, std::span<const int8_t> values,
                        std::span<const int8_t> on_avr);
  void windows_of(NodeId node, const thimble_axis& h) { windows_[static_cast<size_t>(node)] = h; }
  const Resolved& resolved(NodeId node) const;
  void not_on_avr(std::string why) { avr_obstacle_ = std::move(why); }
  void call(NodeId node, const std::string& header, std::string_view function, const std::string& text);
  void on_avr(const std::string& header, std::string_view function, const std::string& text);
  std::string_view indent() const { return row_call_ ? "        " : "  "; }

 private:
  // The calls of one operator of a chain, while they are written.
  struct RowCall {
    const RowOperator& op;
    std::map<TensorId, std::string> at;  // rows, as pointers
    std::string plan_type;               // of the plan that gets another h
  };

  Status nodes();
  Status grow_scratch();
  Status expect_forms() const;
  Status node(NodeId n);
  Status call_of(NodeId n);
  Status chain(const RowChain& chain, std::span<const int64_t> lines);
  std::string caption(NodeId n) const;
  std::string title(NodeId n) const;
  std::vector<Error> refused_types() const;
  bool plain_interface() const { return g_.inputs.size() == 1 && g_.outputs.size() == 1; }
  // Examples are given, and no tensor of the interface is empty (C has no arrays of no elements).
  bool has_self_test() const;
  bool has_states() const;
  int64_t state_bytes() const;
  int64_t arena_bytes() const;
  std::string constant(TensorId t);
  HeadWords head_words();
  std::string header();
  std::string source();
  std::string weights() const;
  std::string self_test() const;
  // Real values go in and come out, of every input and output.
  bool has_run_float() const;
  bool has_predict_class() const;
  bool has_prepare() const { return plain_interface() && options.preparation; }
  std::string conveniences() const;
  std::string run_float(bool state) const;
  std::string predict_class() const;
  std::string prepare() const;
  bool hears() const;  // rows of base/c99_micro_speech.h go in: sounds.cc
  std::string hear_interface() const;
  std::string hear_functions() const;
  std::string wrapper() const;
  std::string port(const char* what, size_t i) const;  // KWS_INPUT of "INPUT"
  std::string place_of(const char* what, size_t i) const;
  std::string head(const std::string& what) const;
  std::string parameters(bool state) const;
  Result<std::vector<File>> shipped_headers() const;

  const Graph& g_;
  std::string name_, macro_;  // kws, KWS
  Memory memory_;
  std::vector<Scratch> scratch_;
  struct Growth {
    int64_t step, most;
  };
  std::vector<Growth> growth_;                        // per scratch_
  std::map<NodeId, std::vector<size_t>> scratch_of_;  // indices into scratch_
  std::map<NodeId, size_t> scratch_used_;
  std::vector<std::optional<thimble_axis>> windows_;  // per node, what it said
  std::vector<std::optional<RowOperator>> row_operators_;
  std::vector<RowChain> chains_;
  RowCall* row_call_ = nullptr;
  std::set<std::string> headers_;
  std::map<TensorId, std::string> constants_;
  std::string weights_, plans_, body_;
  WrittenArrays written_;  // in plans_
  std::optional<Head> head_;
  size_t features_end_ = 0;   // of body_: the calls before this give the features of the head
  std::string avr_obstacle_;  // why AVR would read the wrong memory; empty: it would not
  int64_t weights_bytes_ = 0, derived_bytes_ = 0;
  std::vector<KernelCall> calls_;
  std::vector<StoredTensor> stored_;
  std::map<TensorId, std::string> plain_reasons_;
  bool forms_ = false;  // weights may take other forms
  struct AvrCall {
    std::string function, text;
  };
  std::optional<AvrCall> avr_call_;  // of the next call
};

// What a header of the project is called in a package.
std::string shipped_name(std::string_view path);

}  // namespace thimble::micro
