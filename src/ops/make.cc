#include "ops/make.h"

#include "ops/assign/assign.h"
#include "ops/binary/binary.h"
#include "ops/reduce/reduce.h"
#include "ops/slice/slice.h"
#include "ops/unary/unary.h"

namespace thimble::make {
namespace {

Result<TensorId> binary(Builder& b, Op op, TensorId x, TensorId y, std::string name) {
  return b.op(op, {x, y}, BinaryAttrs{}, std::move(name));
}

Result<TensorId> unary(Builder& b, Op op, TensorId x, std::string name) {
  return b.op(op, {x}, UnaryAttrs{}, std::move(name));
}

Result<TensorId> reduce(Builder& b, Op op, TensorId x, TensorId axes, bool keep_dims, std::string name) {
  return b.op(op, {x, axes}, ReduceAttrs{keep_dims}, std::move(name));
}

}  // namespace

Result<TensorId> add(Builder& b, TensorId x, TensorId y, std::string name) {
  return binary(b, Op::add, x, y, std::move(name));
}
Result<TensorId> sub(Builder& b, TensorId x, TensorId y, std::string name) {
  return binary(b, Op::sub, x, y, std::move(name));
}
Result<TensorId> mul(Builder& b, TensorId x, TensorId y, std::string name) {
  return binary(b, Op::mul, x, y, std::move(name));
}
Result<TensorId> minimum(Builder& b, TensorId x, TensorId y, std::string name) {
  return binary(b, Op::minimum, x, y, std::move(name));
}
Result<TensorId> maximum(Builder& b, TensorId x, TensorId y, std::string name) {
  return binary(b, Op::maximum, x, y, std::move(name));
}
Result<TensorId> squared_difference(Builder& b, TensorId x, TensorId y, std::string name) {
  return binary(b, Op::squared_difference, x, y, std::move(name));
}
Result<TensorId> rsqrt(Builder& b, TensorId x, std::string name) { return unary(b, Op::rsqrt, x, std::move(name)); }
Result<TensorId> softplus(Builder& b, TensorId x, std::string name) {
  return unary(b, Op::softplus, x, std::move(name));
}
Result<TensorId> sum(Builder& b, TensorId x, TensorId axes, bool keep_dims, std::string name) {
  return reduce(b, Op::sum, x, axes, keep_dims, std::move(name));
}
Result<TensorId> mean(Builder& b, TensorId x, TensorId axes, bool keep_dims, std::string name) {
  return reduce(b, Op::mean, x, axes, keep_dims, std::move(name));
}

Node conversion(const Graph& graph, TensorId from, TensorId to) {
  const Tensor& y = graph.at(to);
  return {
      .op = y.type == DType::f32 ? Op::dequantize : Op::quantize, .inputs = {from}, .outputs = {to}, .name = y.name};
}

Result<TensorId> loss(Builder& b, TensorId prediction, TensorId target, const LossAttrs& attrs, std::string name) {
  return b.op(Op::loss, {prediction, target}, attrs, std::move(name));
}

Result<Crossentropy> softmax_crossentropy(Builder& b, TensorId logits, TensorId labels, float smoothing,
                                          std::string name) {
  THIMBLE_ASSIGN(const auto outputs, b.node(Op::softmax_crossentropy, {logits, labels},
                                            SoftmaxCrossentropyAttrs{smoothing}, std::move(name), 2));
  return Crossentropy{outputs[0], outputs[1]};
}

Result<TensorId> fake_quantize(Builder& b, const FakeQuantize& operands, const FakeQuantizeAttrs& attrs,
                               std::string name) {
  std::vector<TensorId> inputs{operands.x,     operands.q,    operands.scale,  operands.zero_point,
                               operands.range, operands.keep, operands.learned};
  while (inputs.back() == kNoTensor) inputs.pop_back();
  return b.op(Op::fake_quantize, std::move(inputs), attrs, std::move(name));
}

Node assignment(TensorId variable, TensorId value, std::string name) {
  return {.op = Op::assign, .inputs = {variable, value}, .attrs = AssignAttrs{}, .name = std::move(name)};
}

Node copy(TensorId from, TensorId begin, TensorId size, TensorId to, std::string name) {
  return {
      .op = Op::slice, .inputs = {from, begin, size}, .outputs = {to}, .attrs = SliceAttrs{}, .name = std::move(name)};
}

}  // namespace thimble::make
