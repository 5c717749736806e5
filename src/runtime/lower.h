// How an operator becomes steps. Each src/ops/*/lower.cc defines lowering functions: they choose
// kernels from the table, prepack weights, state scratch, and register which pointers the session
// has to fill in once the arena stands. Everything is decided here, at plan time; a step's run
// function only computes.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>

#include "kernels/kernels.h"
#include "ops/check.h"
#include "ops/column.h"

namespace thimble {

// part of parts: the share of the step's work that this call does.
using RunFn = void (*)(const void* params, int part, int parts);

struct ScratchId {
  int32_t id = -1;
};

// A pointer inside a step's parameters that the session sets to where a tensor or scratch lies, or to its RunFault.
struct Fixup {
  enum class To : uint8_t { tensor, scratch, fault };
  uint32_t offset = 0;  // of the pointer, in bytes from the start of the parameters
  To to = To::tensor;
  int32_t id = 0;        // tensor or scratch number
  int64_t bytes_in = 0;  // added to the address
  // Where in the parameters stands what is xor-ed onto the bytes at this address (LowerContext::takes_flipped); −1:
  // they are what the tensor's type says.
  int32_t flip = -1;
};

struct StepPlan {
  RunFn run = nullptr;
  std::string_view name;  // of the function that runs, for people
  NodeId node = 0;
  int parts = 1;
  std::vector<std::max_align_t> params;
  std::vector<Fixup> fixups;
  ScratchId flips_into;  // set: the step does nothing but flip the sign bits of its one tensor into this scratch
};

struct ScratchPlan {
  int64_t bytes = 0;
  int first_step = 0, last_step = 0;
};

namespace detail {
template <class>
struct RunSignature;
template <class P>
struct RunSignature<void (*)(const P&, int, int)> {
  using Params = P;
};
// "run_s8" of thimble::lowering::{anonymous}::run_s8<3>, as the compiler spells it.
template <auto Fn>
constexpr std::string_view function_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.find("Fn = ") + 5);
  text = text.substr(0, text.find_first_of(";]"));
  text = text.substr(0, text.find('<'));
  const size_t scope = text.rfind(':');
  return scope == text.npos ? text : text.substr(scope + 1);
}
}  // namespace detail

// The form of constant weights: whichever is fastest by measured costs, dense everywhere, or one of the others wherever
// it can be done (tests, comparisons): without their zeros, or as codes of few values.
enum class ConstantForm { automatic, dense, sparse, palette };

class LowerContext {
 public:
  LowerContext(const Checked& checked, NodeId id, const KernelTable& k, int max_threads, ConstantForm weights)
      : graph(checked.graph),
        node_id(id),
        node(graph.nodes[static_cast<size_t>(id)]),
        resolved(checked.nodes[static_cast<size_t>(id)]),
        kernels(k),
        threads(max_threads),
        form(weights) {}

  const Graph& graph;
  const NodeId node_id;
  const Node& node;
  const Resolved& resolved;
  const KernelTable& kernels;
  const int threads;
  const ConstantForm form;

  bool may_take(ConstantForm f) const { return form == ConstantForm::automatic || form == f; }
  bool has(int i) const { return i < static_cast<int>(node.inputs.size()) && node.inputs[static_cast<size_t>(i)] >= 0; }
  const Tensor& in(int i) const { return graph.at(node.inputs[static_cast<size_t>(i)]); }
  const Tensor& out(int i = 0) const { return graph.at(node.outputs[static_cast<size_t>(i)]); }
  // What infer has put down as the node's plan.
  template <class P>
  const P& plan() const {
    return resolved.plan.as<P>();
  }

  // Adds a step run by Fn, a `void fn(const Params&, int part, int parts)`, and returns its
  // zero-initialised parameters to fill in. Params are trivially copyable; pointers in them are
  // plan-time memory (constant()) or are registered with bind.
  template <auto Fn>
  auto* step(int parts = 1) {
    using P = typename detail::RunSignature<decltype(Fn)>::Params;
    static_assert(std::is_trivially_copyable_v<P> && std::is_trivially_destructible_v<P>);
    void* memory = raw_step(
        detail::function_name<Fn>(), [](const void* p, int part, int of) { Fn(*static_cast<const P*>(p), part, of); },
        sizeof(P), parts);
    return new (memory) P{};
  }
  void* raw_step(std::string_view name, RunFn run, size_t bytes, int parts);

  // `*where`, a pointer inside the parameters of the step added last, will hold the tensor's (or
  // scratch's) address plus bytes_in when the session runs.
  template <class T>
  void bind(T** where, TensorId tensor, int64_t bytes_in = 0) {
    bind_address(reinterpret_cast<std::byte*>(where), tensor, bytes_in);
  }
  template <class T>
  void bind_in(T** where, int i) {
    if (has(i)) bind(where, node.inputs[static_cast<size_t>(i)]);
  }
  template <class T>
  void bind_out(T** where, int i = 0) {
    bind(where, node.outputs[static_cast<size_t>(i)]);
  }
  // The int8 bytes behind the pointer bound last may also lie with their sign bit flipped, as unsigned q + 128: the
  // byte *flip of the parameters, 0 as it is now or 0x80, says which. Pointers with one *flip in common are of one form
  // (runtime/sign_bits.h).
  void takes_flipped(const uint8_t* flip);
  // Working memory, alive from the step that follows to the node's last step.
  ScratchId scratch(int64_t bytes);
  template <class T>
  void bind_scratch(T** where, ScratchId id, int64_t bytes_in = 0) {
    bind_scratch_address(reinterpret_cast<std::byte*>(where), id, bytes_in);
  }

  // For steps that can meet values for which there is no answer.
  void bind_fault(RunFault** where);

  // Plan-time memory that lives as long as the program (prepacked weights, tables); zeroed,
  // 64-byte aligned, with 64 readable bytes after its end.
  template <class T>
  T* constant(int64_t count) {
    return static_cast<T*>(constant_bytes(static_cast<size_t>(count) * sizeof(T)));
  }
  template <class T>
  const T* constant(const std::vector<T>& values) {
    T* copy = constant<T>(static_cast<int64_t>(values.size()));
    for (size_t i = 0; i < values.size(); ++i) copy[i] = values[i];
    return copy;
  }

  // How many parts are worth it for work of about this many nanoseconds on one core: hand-off
  // costs a microsecond or two to a thread that waits, ten to one that sleeps.
  int parts_for(double nanoseconds) const { return nanoseconds > 25000 ? threads : 1; }

  // Results, taken over by the program.
  std::vector<StepPlan> steps;
  std::vector<ScratchPlan> scratches;  // first/last are step indices within this node
  std::vector<Data> constants;

 private:
  void bind_address(std::byte* where, TensorId tensor, int64_t bytes_in);
  void bind_scratch_address(std::byte* where, ScratchId id, int64_t bytes_in);
  void* constant_bytes(size_t bytes);
};

// true: lowered; false: this case (a type, an attribute) has no fast path, run the reference.
using LowerFn = Result<bool> (*)(LowerContext&);
const Cell<LowerFn>& lowering_of(Op op);

// [begin, end) of n items for one part; boundaries at multiples of `granule`.
struct Range {
  int64_t begin, end;
};
inline Range part_range(int64_t n, int part, int parts, int64_t granule = 1) {
  const int64_t blocks = (n + granule - 1) / granule;
  const int64_t lo = blocks * part / parts * granule, hi = blocks * (part + 1) / parts * granule;
  return {lo < n ? lo : n, hi < n ? hi : n};
}

}  // namespace thimble
