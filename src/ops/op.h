// Names and per-operator rules that every layer shares: the Op enumeration and the table of shape
// inference and reference kernels, both generated from ops.def.
#pragma once

#include <atomic>

#include "graph/graph.h"
#include "ops/plan.h"

namespace thimble {

// In the order of ops.def.
enum class Op : uint16_t {
#define OP(id, types, family, packed) id,
#include "ops/ops.def"
  count
};

inline constexpr size_t kOpCount = static_cast<size_t>(Op::count);
constexpr size_t index(Op op) { return static_cast<size_t>(op); }

// Where an operator may stand: in models, or only in training graphs (one with a gradient, a gradient, an update).
enum class OpClass : uint8_t { model, training, gradient, update };
constexpr OpClass op_class(Op op) {
  constexpr OpClass kClasses[] = {
#define OP(id, types, family, packed) OpClass::model,
#define TRAINING(id, types, family) OpClass::training,
#define GRADIENT(id, types, family) OpClass::gradient,
#define UPDATE(id, types, family) OpClass::update,
#include "ops/ops.def"
  };
  return kClasses[index(op)];
}

// Element types an operator computes in (bits, for OpRow::types). HYBRID: float activations with
// int8 weights, multiplied as integers.
enum OpTypes : uint32_t {
  F32 = 1,
  S8 = 2,
  U8 = 4,
  HYBRID = 8,
  S16 = 16,
  I32 = 32,
  I64 = 64,
  BOOL = 128,
  F16 = 256,
  S16X8 = 512,
  U32 = 1024,
  U16 = 2048,
  U64 = 4096,
  F64 = 8192,
  C64 = 16384,
  BF16 = 32768,
  ANY = F32 | S8 | U8 | I32 | I64 | S16 | BOOL | F16 | U32 | U16 | U64 | F64 | C64 | BF16  // bytes are moved
};

struct TensorSpec {
  DType type = DType::f32;
  Shape shape;
};

// All that inference finds out about a node. It holds while the graph's shapes, types, scales, attributes and
// integer operands stay as they are; numbers of tensors and values of weights are not part of it.
struct Resolved {
  std::vector<TensorSpec> outputs;  // one per output
  int64_t macs = 0;                 // multiply-accumulates, where the operator has them
  int64_t scratch_bytes = 0;        // working memory that the reference kernel needs
  bool output_is_input = false;     // output 0 is the bytes of input 0: they may lie in one place
  // Bit i: output 0 may be written over input i, which is as long and whose element k is last read for element k of it
  // (or of the row where softmax stands); every path that computes the operator allows both pointers to be the same.
  uint32_t in_place = 0;
  Plan plan;  // dimensions, windows, multipliers … of its loops, where the operator has one
};

// What shape inference sees and fills in. An operator's whole contract is checked here and only
// here: arity, types, ranks, shape relations, quantisation; everything else relies on it.
class InferContext : public Resolved {
 public:
  InferContext(const Graph& g, const Node& n) : graph(g), node(n) { outputs.resize(n.outputs.size()); }

  const Graph& graph;
  const Node& node;

  int arity() const { return static_cast<int>(node.inputs.size()); }
  bool has(int i) const { return i < arity() && node.inputs[static_cast<size_t>(i)] != kNoTensor; }
  const Tensor& in(int i) const { return graph.at(node.inputs[static_cast<size_t>(i)]); }
  // The output tensor as declared so far (for operators whose output type is free: cast, quantize).
  const Tensor& declared(int i) const { return graph.at(node.outputs[static_cast<size_t>(i)]); }

  // Between lo and hi inputs, of which the first `required` are present; exactly `outs` outputs.
  Status expect_arity(int lo, int hi, int outs, int required = -1) const;
  Status expect_type(int input, std::initializer_list<DType> allowed) const;
  Status expect_rank(int input, int lo, int hi) const;
  // The input as a constant: `data` is there. Errors: needs_value where only the run knows it; `needs` is then the
  // input.
  Result<const Tensor*> constant(int input) const;
  mutable int needs = -1;  // the input whose value was asked for and is not known
  // A constant integer vector (int32 or int64) as 64-bit numbers; errors as for constant().
  Result<std::vector<int64_t>> constant_ints(int input) const;
  template <class T>
  Status expect_attrs() const {
    if (node.attrs.holds<T>()) return {};
    return fail(ErrorCode::internal, "node carries no attributes of its operator");
  }
  // Exactly one scale (per tensor), positive; asked of tensors that have to be integers, whatever type a file gives
  // them.
  Status expect_per_tensor_quantized(const Tensor& tensor) const;
};

using InferFn = Status (*)(InferContext&);

// One tensor as a reference kernel sees it. data is null for an optional input left out.
struct TensorView {
  DType type = DType::f32;
  Shape shape;
  const Quantization* quant = nullptr;
  void* data = nullptr;

  explicit operator bool() const { return data != nullptr; }
  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
  float scale(size_t channel = 0) const { return quant->scale[quant->per_axis() ? channel : 0]; }
  int32_t zero_point(size_t channel = 0) const { return quant->zero_point[quant->per_axis() ? channel : 0]; }
};

// Why a run cannot give an answer: an operand whose value is known only while running asks for something that is not
// there. Steps set it, from any thread; the session reads it when the step is over.
class RunFault {
 public:
  // An index into an axis of `length` entries. The first fault of a run stands.
  void index(int64_t value, int64_t length) { set(Kind::index, value, length); }
  // Two sizes of one dimension, which should broadcast.
  void sizes(int64_t a, int64_t b) { set(Kind::sizes, a, b); }
  // Another number that no answer follows from; `what` is a literal: "sigma is negative".
  void wrong(const char* what) { set(Kind::wrong, 0, 0, what); }
  bool set() const { return set_.load(std::memory_order_relaxed); }
  // `index 7 of an axis of 5 entries`, or what is wrong; clears it.
  std::string take();

 private:
  enum class Kind : uint8_t { index, sizes, wrong };
  void set(Kind kind, int64_t value, int64_t length, const char* what = nullptr) {
    if (set_.exchange(true)) return;
    kind_ = kind;
    what_ = what;
    value_ = value;
    length_ = length;
  }

  std::atomic<bool> set_ = false;
  Kind kind_ = Kind::index;
  const char* what_ = nullptr;
  int64_t value_ = 0, length_ = 0;
};

struct RefCall {
  const Node& node;
  std::span<const TensorView> in, out, intermediates;
  void* scratch = nullptr;
  RunFault* fault = nullptr;
  const Plan* derived = nullptr;

  bool has(size_t i) const { return i < in.size() && in[i].data; }
  // What infer has put down as the node's plan.
  template <class P>
  const P& plan() const {
    return derived->as<P>();
  }
};

// The scalar, readable definition: the oracle of the fast kernels and their fallback. What can be known
// beforehand is checked by infer; what cannot sets the fault, and nothing outside the tensors is touched.
using ReferenceFn = void (*)(const RefCall&);

struct OpRow {
  const char* name;
  uint32_t types;
  InferFn infer;
  ReferenceFn reference;
};
const OpRow& row(Op op);
inline const char* name(Op op) { return row(op).name; }

// An error where this build leaves the operator out (column.h).
Status in_build(Op op);
// How to build with more operators; empty where all of models are there.
std::string remedy_of_build();

}  // namespace thimble
