#include "formats/onnx/maker.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/half.h"
#include "base/numbers.h"
#include "ops/binary/binary.h"
#include "ops/concatenation/concatenation.h"
#include "ops/evaluate.h"
#include "ops/moved_constant.h"
#include "ops/operands.h"
#include "ops/pad/pad.h"
#include "ops/reduce/reduce.h"
#include "ops/reshape/reshape.h"
#include "ops/select/select.h"
#include "ops/slice/slice.h"
#include "ops/transpose/transpose.h"

namespace thimble::onnx {
namespace {

// Infinities stay.
constexpr BinaryAttrs kUnbounded{.unbounded = true};

bool small_integer(DType t) { return t == DType::i8 || t == DType::u8 || t == DType::i16 || t == DType::u16; }

bool computes(Op op, DType type) {
  const uint32_t types = row(op).types;
  switch (type) {
    case DType::f32: return types & F32;
    case DType::i32: return types & I32;
    case DType::i64: return types & I64;
    case DType::boolean: return types & BOOL;
    case DType::f64: return types & F64;
    case DType::u32: return types & U32;
    case DType::u64: return types & U64;
    default: return false;  // int8 and its like are quantised there
  }
}

// Whether the operator takes integers with scales as they are: it moves them, or reads only their bytes.
bool keeps_scales(const Graph& graph, Op op, const Ids& in) {
  const OperandRule* rule = operands_of(op);
  if (op == Op::concatenation)
    return std::ranges::all_of(in, [&](TensorId t) { return graph.at(t).quant == graph.at(in[0]).quant; });
  if (op == Op::pad) return in.size() == 3;
  return op == Op::gather || op == Op::resize_bilinear || op == Op::cast || op == Op::dequantize ||
         (rule && rule->moves);
}

}  // namespace

TensorId Maker::fail(ErrorCode code, std::string message, std::string hint) {
  return fail(Error{code, std::move(message), {}, std::move(hint)});
}

TensorId Maker::fail(Error error) {
  if (!error_) error_ = std::move(error);
  return kNoTensor;
}

const Tensor& Maker::at(TensorId t) const {
  static const Tensor none{.shape = {1, 1, 1, 1, 1, 1, 1, 1}};
  return t == kNoTensor ? none : graph.at(t);
}

Ints Maker::dims(TensorId t) const {
  const auto list = at(t).shape.dims();
  return {list.begin(), list.end()};
}

Ints Maker::ints(TensorId t, const char* what) {
  Ints values;
  if (failed()) return values;
  if (t == kNoTensor) {
    bad(format("{} is left out", what));
    return values;
  }
  const Tensor& tensor = at(t);
  if (!tensor.constant()) {
    needed_ = t;
    fail(ErrorCode::needs_value, format("{} is \"{}\", whose value only the run knows", what, tensor.name));
    return values;
  }
  const auto take = [&](auto list) { values.assign(list.begin(), list.end()); };
  switch (tensor.type) {
    case DType::i64: take(tensor.data.as<int64_t>()); break;
    case DType::i32: take(tensor.data.as<int32_t>()); break;
    case DType::i16: take(tensor.data.as<int16_t>()); break;
    case DType::i8: take(tensor.data.as<int8_t>()); break;
    case DType::u8:
    case DType::boolean: take(tensor.data.as<uint8_t>()); break;
    default: bad(format("{} is {}, not integers", what, tensor.to_string()));
  }
  return values;
}

std::vector<float> Maker::floats(TensorId t, const char* what) {
  if (failed()) return {};
  const TensorId x = t != kNoTensor && type(t) != DType::f32 ? cast(t, DType::f32) : t;
  if (failed()) return {};
  if (!constant(x)) {
    needed_ = t;
    fail(ErrorCode::needs_value, format("{} is \"{}\", whose value only the run knows", what, at(t).name));
    return {};
  }
  const auto list = at(x).data.as<float>();
  return {list.begin(), list.end()};
}

int Maker::axis(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) {
    bad(format("axis {} is outside rank {}", axis, rank));
    return 0;
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

// ---- constants ----

TensorId Maker::constant(Tensor tensor) { return graph.add(std::move(tensor)); }

TensorId Maker::scalar(float value) {
  if (std::isnan(value)) return values({}, std::span(&value, 1));
  if (value == 0 && std::signbit(value)) return values({}, std::span(&value, 1));
  const auto [it, fresh] = scalars_.try_emplace(value, kNoTensor);
  if (fresh) it->second = values({}, std::span(&value, 1));
  return it->second;
}

TensorId Maker::scalar(DType type, double value) {
  if (type == DType::f32) return scalar(static_cast<float>(value));
  Tensor t{.name = format("{}", value), .type = type, .shape = {}};
  const auto put = [&](auto v) { t.data = Data::of(std::span<const decltype(v)>(&v, 1)); };
  switch (type) {
    case DType::f16: put(float_to_half(static_cast<float>(value))); break;
    case DType::bf16: return cast(scalar(static_cast<float>(value)), type);
    case DType::f64: put(value); break;
    case DType::i8: put(static_cast<int8_t>(value)); break;
    case DType::u8: put(static_cast<uint8_t>(value)); break;
    case DType::i16: put(static_cast<int16_t>(value)); break;
    case DType::u16: put(static_cast<uint16_t>(value)); break;
    case DType::i32: put(static_cast<int32_t>(value)); break;
    case DType::u32: put(static_cast<uint32_t>(value)); break;
    case DType::i64: put(static_cast<int64_t>(value)); break;
    case DType::u64: put(static_cast<uint64_t>(value)); break;
    case DType::boolean: put(static_cast<uint8_t>(value != 0)); break;
    default: return unsupported(format("a constant of type {}", name(type)));
  }
  return constant(std::move(t));
}

TensorId Maker::values(Shape shape, std::span<const float> values) {
  return constant(
      {.name = values.size() == 1 ? format("{}", values[0]) : "constant", .shape = shape, .data = Data::of(values)});
}

TensorId Maker::i32s(std::span<const int64_t> values) {
  std::vector<int32_t> narrow;
  for (const int64_t v : values) {
    if (v < INT32_MIN || v > INT32_MAX) return unsupported(format("{} is beyond 32 bits", v));
    narrow.push_back(static_cast<int32_t>(v));
  }
  return constant({.name = "integers",
                   .type = DType::i32,
                   .shape = {std::ssize(values)},
                   .data = Data::of(std::span<const int32_t>(narrow))});
}

TensorId Maker::i64s(std::span<const int64_t> values) {
  return constant({.name = "integers", .type = DType::i64, .shape = {std::ssize(values)}, .data = Data::of(values)});
}

// ---- nodes ----

TensorId Maker::op(Op op, Ids in, Attrs attrs, TensorId like) {
  // What only moves a value that is not rounded yet moves it as it is.
  const OperandRule* rule = operands_of(op);
  if (const auto found = in.empty() ? unrounded_.end() : unrounded_.find(in[0]);
      rule && rule->moves && found != unrounded_.end() && like == in[0]) {
    const DType narrow = type(in[0]);
    in[0] = found->second;
    const TensorId wide = this->op(op, std::move(in), std::move(attrs), found->second);
    const TensorId result = cast(wide, narrow);
    if (!failed()) unrounded_[result] = wide;
    return result;
  }
  const Tensor model{.type = type(like), .quant = like == kNoTensor ? Quantization{} : at(like).quant};
  return ops(op, std::move(in), std::move(attrs), 1, model)[0];
}

TensorId Maker::select(TensorId condition, TensorId x, TensorId y) {
  const bool unrounded = unrounded_.contains(x) || unrounded_.contains(y);
  if (!unrounded) return op(Op::select_v2, {condition, x, y}, SelectAttrs{}, x);
  const DType narrow = type(x);
  const TensorId a = widened(x), b = widened(y), wide = op(Op::select_v2, {condition, a, b}, SelectAttrs{}, a);
  const TensorId result = cast(wide, narrow);
  if (!failed()) unrounded_[result] = wide;
  return result;
}

// `like` by value: it may be a tensor of this graph, and adding outputs moves those.
Ids Maker::ops(Op op, Ids in, Attrs attrs, int outs, Tensor like) {
  const Ids none(static_cast<size_t>(outs), kNoTensor);
  if (failed()) return none;
  if (++made_ > kMostNodes) {
    unsupported(format("the model has more than {} operators", kMostNodes));
    return none;
  }
  if (Status s = in_build(op); !s) {
    fail(std::move(s).error());
    return none;
  }
  if (!keeps_scales(graph, op, in))
    for (TensorId& t : in)
      if (t != kNoTensor && !at(t).quant.empty()) t = unscaled(t), like.quant = {};
  Node node{.op = op, .inputs = std::move(in), .attrs = std::move(attrs), .name = name(op)};
  const size_t before = graph.tensors.size();
  for (int i = 0; i < outs; ++i) {
    node.outputs.push_back(graph.add({.name = name(op), .type = like.type, .quant = like.quant}));
  }
  InferContext inferred(graph, node);
  if (Status s = infer_node(graph, node, &inferred); !s) {
    graph.tensors.resize(before);
    Error error = std::move(s).error();
    error.context.clear();
    fail(std::move(error));
    return none;
  }
  int64_t bytes = inferred.scratch_bytes;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    Tensor& y = graph.at(node.outputs[i]);
    y.type = inferred.outputs[i].type;
    y.shape = inferred.outputs[i].shape;
    bytes += y.bytes();
  }
  const bool known = !node.inputs.empty() && std::ranges::all_of(node.inputs, [&](TensorId t) {
    return t == kNoTensor || (graph.at(t).constant() && graph.at(t).type != DType::i4);
  });
  int64_t work = std::min(inferred.macs, kMostWork);
  for (const TensorId t : node.inputs) work += t == kNoTensor ? 0 : std::min(graph.at(t).shape.elements(), kMostWork);
  work += std::min(bytes, kMostBytes);
  if (known && bytes <= kMostBytes - bytes_ && work <= kMostWork - work_) {
    bytes_ += bytes, work_ += work;
    RunFault fault;
    std::vector<Data> results = evaluate(graph, node, inferred, &fault);
    if (fault.set()) {
      bad(fault.take());
      return none;
    }
    for (size_t i = 0; i < results.size(); ++i) graph.at(node.outputs[i]).data = std::move(results[i]);
    if (integers_.contains(node.inputs[0])) move_integers(node);
    return node.outputs;
  }
  Ids ids = node.outputs;
  graph.nodes.push_back(std::move(node));
  resolved.push_back(static_cast<Resolved&&>(inferred));
  return ids;
}

TensorId Maker::unscaled(TensorId x) {
  if (failed() || at(x).quant.empty()) return x;
  const auto [it, fresh] = unscaled_.try_emplace(x, kNoTensor);
  if (fresh) it->second = ops(Op::reshape, {x}, ReshapeAttrs{dims(x)}, 1, {.type = type(x)})[0];
  return it->second;
}

TensorId Maker::scaled(TensorId x, const Quantization& quant) {
  if (failed() || at(x).quant == quant) return failed() ? kNoTensor : x;
  if (!constant(x)) return ops(Op::reshape, {x}, ReshapeAttrs{dims(x)}, 1, {.type = type(x), .quant = quant})[0];
  Tensor t = at(x);
  t.quant = quant;
  return constant(std::move(t));
}

TensorId Maker::dequantized(TensorId x) {
  const TensorId y = ops(Op::dequantize, {x}, {}, 1)[0];
  if (!failed() && constant(x) && constant(y)) integers_[y] = x;
  return y;
}

// The same movement of the integers as of their floats.
void Maker::move_integers(const Node& node) {
  const Tensor integers = at(integers_[node.inputs[0]]);
  if (auto moved = moved_constant(graph, node, integers)) integers_[node.outputs[0]] = constant(*std::move(moved));
}

bool Maker::restore_integers() {
  std::vector<Node> nodes;
  for (const auto& [y, x] : integers_) {
    graph.at(y).data = {};
    nodes.push_back({.op = Op::dequantize, .inputs = {x}, .outputs = {y}, .attrs = {}, .name = at(y).name});
  }
  graph.nodes.insert(graph.nodes.begin(), nodes.begin(), nodes.end());
  return !nodes.empty();
}

TensorId Maker::compute(Op op, Ids in, Attrs attrs) {
  if (failed()) return kNoTensor;
  const DType from = in.empty() || in[0] == kNoTensor ? DType::f32 : type(in[0]);
  if (computes(op, from)) return this->op(op, std::move(in), std::move(attrs));
  DType wide = from;
  if (Maker::wide(from) != from && computes(op, DType::f32)) wide = DType::f32;
  if (small_integer(from) && computes(op, DType::i32)) wide = DType::i32;
  if (from == DType::u32 && computes(op, DType::i64)) wide = DType::i64;
  if (wide == from) return unsupported(format("{} of {}", name(op), name(from)));
  for (TensorId& t : in)
    if (t != kNoTensor && type(t) == from) t = is_float(from) ? widened(t) : cast(t, wide);
  const TensorId y = this->op(op, std::move(in), std::move(attrs));
  if (type(y) != wide || failed()) return y;
  const TensorId narrow = cast(y, from);
  if (is_float(from) && !failed()) unrounded_[narrow] = y;
  return narrow;
}

TensorId Maker::widened(TensorId x) {
  const auto found = unrounded_.find(x);
  return found == unrounded_.end() ? cast(x, wide(type(x))) : found->second;
}

TensorId Maker::as_small(TensorId t, int32_t small) {
  if (failed() || this->small(t) == small) return t;
  Tensor copy = at(t);  // a view of it, so that the other keeps its type
  if (copy.constant()) {
    t = constant(std::move(copy));
  } else {
    const Ints dims = this->dims(t);
    t = op(Op::reshape, {t}, ReshapeAttrs{dims}, t);
  }
  if (small && !failed()) small_[t] = small;
  return t;
}

TensorId Maker::cast(TensorId x, DType to) {
  if (failed() || type(x) == to) return failed() ? kNoTensor : x;
  return ops(Op::cast, {x}, {}, 1, {.type = to})[0];
}

TensorId Maker::reshape(TensorId x, Shape to) {
  if (failed() || shape(x) == to) return failed() ? kNoTensor : x;
  const Ints dims(to.dims().begin(), to.dims().end());
  return op(Op::reshape, {x}, ReshapeAttrs{dims}, x);
}

TensorId Maker::reshape(TensorId x, std::span<const int64_t> dims) {
  auto to = Shape::make(dims);
  if (!to) return fail(std::move(to).error());
  return reshape(x, *to);
}

TensorId Maker::transpose(TensorId x, std::span<const int64_t> perm) {
  if (failed()) return kNoTensor;
  bool same = std::ssize(perm) == rank(x);
  for (size_t d = 0; d < perm.size(); ++d) same = same && perm[d] == static_cast<int64_t>(d);
  return same ? x : op(Op::transpose, {x, i32s(perm)}, TransposeAttrs{}, x);
}

TensorId Maker::concat(const Ids& parts, int axis) {
  if (failed() || parts.size() == 1) return failed() ? kNoTensor : parts[0];
  return op(Op::concatenation, parts, ConcatenationAttrs{axis}, parts[0]);
}

TensorId Maker::strided(TensorId x, const Ints& begin, const Ints& end, const Ints& stride) {
  if (failed()) return kNoTensor;
  int64_t to_first = 0;  // where counting down ends with element 0 there is no number for the end
  Ints ends = end;
  for (size_t d = 0; d < ends.size(); ++d)
    if (stride[d] < 0 && ends[d] < 0) to_first |= int64_t{1} << d, ends[d] = 0;
  StridedSliceAttrs attrs;
  attrs.end_mask = to_first;
  const TensorId b = i32s(begin), e = i32s(ends), s = i32s(stride);
  return op(Op::strided_slice, {x, b, e, s}, attrs, x);
}

TensorId Maker::part(TensorId x, int axis, int64_t begin, int64_t size) {
  if (failed() || (begin == 0 && size == shape(x)[axis])) return failed() ? kNoTensor : x;
  Ints from(static_cast<size_t>(rank(x)), 0), count = this->dims(x);
  from[static_cast<size_t>(axis)] = begin;
  count[static_cast<size_t>(axis)] = size;
  const TensorId b = i32s(from), c = i32s(count);
  return op(Op::slice, {x, b, c}, SliceAttrs{}, x);
}

TensorId Maker::pad(TensorId x, const Ints& before, const Ints& after, TensorId value) {
  if (failed()) return kNoTensor;
  const auto zero = [](int64_t n) { return n == 0; };
  if (std::ranges::all_of(before, zero) && std::ranges::all_of(after, zero)) return x;
  Ints pairs;
  for (size_t d = 0; d < before.size(); ++d) pairs.push_back(before[d]), pairs.push_back(after[d]);
  TensorId list = i32s(pairs);
  list = reshape(list, Shape{std::ssize(before), 2});
  Ids in{x, list};
  if (value != kNoTensor) in.push_back(value);
  return op(Op::pad, std::move(in), PadAttrs{}, x);
}

TensorId Maker::reduce(Op op, TensorId x, const Ints& axes, bool keep) {
  const TensorId list = i32s(axes);
  return compute(op, {x, list}, ReduceAttrs{keep});
}

TensorId Maker::expand(TensorId x, Shape to) {
  if (failed() || shape(x) == to) return failed() ? kNoTensor : x;
  // Once more beside itself along every axis that is to be longer.
  TensorId y = x;
  if (rank(x) < to.rank()) {
    Ints dims(static_cast<size_t>(to.rank() - rank(x)), 1);
    const Ints own = this->dims(x);
    dims.insert(dims.end(), own.begin(), own.end());
    y = reshape(x, dims);
  }
  for (int d = to.rank() - 1; d >= 0 && !failed(); --d) {
    if (shape(y)[d] == to[d]) continue;
    if (shape(y)[d] != 1) return bad(format("{} does not broadcast to {}", shape(x).to_string(), to.to_string()));
    if (to[d] == 0) {
      y = part(y, d, 0, 0);
      continue;
    }
    TensorId all = y;
    while (shape(all)[d] * 2 <= to[d] && !failed()) all = concat({all, all}, d);
    if (shape(all)[d] < to[d]) all = concat({all, part(all, d, 0, to[d] - shape(all)[d])}, d);
    y = all;
  }
  return y;
}

TensorId Maker::add(TensorId a, TensorId b) { return compute(Op::add, {a, b}, kUnbounded); }
TensorId Maker::sub(TensorId a, TensorId b) { return compute(Op::sub, {a, b}, kUnbounded); }
TensorId Maker::mul(TensorId a, TensorId b) { return compute(Op::mul, {a, b}, kUnbounded); }
TensorId Maker::div(TensorId a, TensorId b) { return compute(Op::div, {a, b}, kUnbounded); }
TensorId Maker::maximum(TensorId a, TensorId b) { return compute(Op::maximum, {a, b}, kUnbounded); }
TensorId Maker::minimum(TensorId a, TensorId b) { return compute(Op::minimum, {a, b}, kUnbounded); }
TensorId Maker::absolute(TensorId x) {
  if (is_unsigned(type(x))) return x;
  return integer(x) ? maximum(x, sub(like(x, 0), x)) : unary(Op::abs, x);
}

}  // namespace thimble::onnx
