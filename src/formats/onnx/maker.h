// Makes the nodes that an ONNX operator becomes. What constants alone give is computed at once. An error sticks: what
// is asked for after it does nothing and gives kNoTensor, so that rules read like formulas; whoever calls a rule looks
// at failed() once.
#pragma once

#include <map>
#include <optional>

#include "ops/check.h"
#include "ops/unary/unary.h"

namespace thimble::onnx {

using Ids = std::vector<TensorId>;
using Ints = std::vector<int64_t>;

class Maker {
 public:
  Graph graph;
  std::vector<Resolved> resolved;  // one per node

  // ---- errors ----
  bool failed() const { return error_.has_value(); }
  Error take_error() {
    Error error = std::move(*error_);
    error_.reset();
    return error;
  }
  TensorId fail(ErrorCode code, std::string message, std::string hint = {});
  TensorId fail(Error error);
  TensorId unsupported(std::string message) { return fail(ErrorCode::unsupported, std::move(message)); }
  TensorId bad(std::string message) { return fail(ErrorCode::bad_file, std::move(message)); }

  // ---- what is known of a tensor; after an error a tensor of eight ones ----
  const Tensor& at(TensorId t) const;
  Shape shape(TensorId t) const { return at(t).shape; }  // a copy: tensors move when another is made
  Ints dims(TensorId t) const;
  DType type(TensorId t) const { return at(t).type; }
  int rank(TensorId t) const { return at(t).shape.rank(); }
  bool constant(TensorId t) const { return t != kNoTensor && at(t).constant(); }
  // The file's element type of integers of less than 8 bits, which are bytes here (constants.h); 0 of all else.
  int32_t small(TensorId t) const {
    const auto found = small_.find(t);
    return found == small_.end() ? 0 : found->second;
  }
  void mark_small(TensorId t, int32_t small) {
    if (small && t != kNoTensor) small_[t] = small;
  }
  // The tensor as one of such integers (0: as what it is): a tensor of its own where it was another.
  TensorId as_small(TensorId t, int32_t small);
  // Integers of a constant; without one needs_value, of which `what` says what it decides.
  Ints ints(TensorId t, const char* what);
  std::vector<float> floats(TensorId t, const char* what);
  // An axis as 0 … rank − 1.
  int axis(int64_t axis, int rank);
  // The tensor whose value the last needs_value error asks for.
  TensorId needed() const { return needed_; }

  // ---- constants ----
  TensorId constant(Tensor tensor);
  TensorId scalar(float value);               // shape [], shared by value
  TensorId scalar(DType type, double value);  // of any type
  TensorId values(Shape shape, std::span<const float> values);
  TensorId i32s(std::span<const int64_t> values);
  TensorId i64s(std::span<const int64_t> values);

  // ---- nodes ----
  // One operator of ours with its first output, or all; `like` has the outputs' type (and scale) where the operator
  // leaves them free.
  TensorId op(Op op, Ids in, Attrs attrs = {}, TensorId like = kNoTensor);
  Ids ops(Op op, Ids in, Attrs attrs, int outs, Tensor like = {});
  // The same for what computes: types that the operator lacks are widened where that gives the same numbers (floats of
  // 16 bits by float32, small integers by int32), and its result is narrowed again. From one such operator to the next
  // floats stay in float32, as ONNX Runtime keeps them: outputs, casts and other operators see them rounded.
  TensorId compute(Op op, Ids in, Attrs attrs = {});

  // x where the condition holds, else y; the three broadcast.
  TensorId select(TensorId condition, TensorId x, TensorId y);
  TensorId cast(TensorId x, DType type);
  TensorId reshape(TensorId x, Shape to);
  TensorId reshape(TensorId x, std::span<const int64_t> dims);
  TensorId transpose(TensorId x, std::span<const int64_t> perm);
  TensorId transpose(TensorId x, std::initializer_list<int64_t> perm) {
    return transpose(x, std::span<const int64_t>(perm.begin(), perm.size()));
  }
  TensorId concat(const Ids& parts, int axis);
  // x[begin:end:stride] of every axis; negative strides count down (end −1: to the first).
  TensorId strided(TensorId x, const Ints& begin, const Ints& end, const Ints& stride);
  TensorId part(TensorId x, int axis, int64_t begin, int64_t size);
  TensorId pad(TensorId x, const Ints& before, const Ints& after, TensorId value = kNoTensor);
  TensorId reduce(Op op, TensorId x, const Ints& axes, bool keep);
  // x repeated to a shape that it broadcasts to.
  TensorId expand(TensorId x, Shape to);

  TensorId unary(Op op, TensorId x, float alpha = 0, bool approximate = false) {
    return compute(op, {x}, UnaryAttrs{alpha, approximate});
  }
  bool integer(TensorId t) const { return !is_float(type(t)); }
  static bool is_float(DType t) { return t == DType::f32 || t == DType::f16 || t == DType::f64 || t == DType::bf16; }
  static bool is_unsigned(DType t) {
    return t == DType::u8 || t == DType::u16 || t == DType::u32 || t == DType::u64 || t == DType::boolean;
  }
  // What floats are computed in: float32 for those of 16 bits.
  static DType wide(DType t) { return t == DType::f16 || t == DType::bf16 ? DType::f32 : t; }
  // The tensor in that type: what was computed in it, not yet rounded, where there is such.
  TensorId widened(TensorId x);
  TensorId add(TensorId a, TensorId b);
  TensorId sub(TensorId a, TensorId b);
  TensorId mul(TensorId a, TensorId b);
  TensorId div(TensorId a, TensorId b);
  TensorId maximum(TensorId a, TensorId b);
  TensorId minimum(TensorId a, TensorId b);
  TensorId absolute(TensorId x);
  // ---- integers that stand for floats ----
  // A tensor of integers has a scale where it is known (`quantize`, scaled), through what moves values; other operators
  // get it without, so that they take integers as such.
  // The same integers with this scale.
  TensorId scaled(TensorId x, const Quantization& quant);
  // What integers with a scale stand for. Of constants that is computed at once, and again made of the integers at the
  // end (restore_integers), also where they have been moved.
  TensorId dequantized(TensorId x);
  // Once everything is made: constants that were dequantised, and only moved since, are given by `dequantize` nodes of
  // their integers again. Whether there are any: what inference found out of their readers is then void.
  bool restore_integers();

  // Of a number and a tensor of floats, in the tensor's type.
  TensorId add(TensorId a, float b) { return add(a, like(a, b)); }
  TensorId mul(TensorId a, float b) { return mul(a, like(a, b)); }
  TensorId like(TensorId x, double value) { return scalar(type(x), value); }

  // Within what a file may make: nodes, and bytes computed while reading.
  static constexpr int64_t kMostNodes = 100'000, kMostBytes = int64_t{1} << 28, kMostWork = int64_t{1} << 31;

 private:
  std::optional<Error> error_;
  TensorId needed_ = kNoTensor;
  TensorId unscaled(TensorId x);
  void move_integers(const Node& node);

  std::map<float, TensorId> scalars_;
  std::map<TensorId, int32_t> small_;
  std::map<TensorId, TensorId> unrounded_;            // of floats of 16 bits: the float32 that they were
  std::map<TensorId, TensorId> unscaled_, integers_;  // of integers: those without a scale; of floats: their integers
  int64_t made_ = 0, bytes_ = 0, work_ = 0;
};

}  // namespace thimble::onnx
