#include "train/layer_norm.h"

#include <array>

#include "ops/binary/binary.h"
#include "ops/reduce/reduce.h"
#include "ops/unary/unary.h"

namespace thimble {

Result<TensorId> layer_norm(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  const int rank = b.shape(x).rank();
  const int64_t channels = b.shape(x).dim(-1);
  const WeightShape fans{.elements = channels};
  THIMBLE_ASSIGN(const TensorId gamma, b.weight(name + "/gamma", Shape{channels}, "ones", fans));
  THIMBLE_ASSIGN(const TensorId beta, b.weight(name + "/beta", Shape{channels}, "zeros", fans));
  Builder& g = b.builder();
  const TensorId axis = g.constant_i32(name + "/axis", std::array{static_cast<int32_t>(rank - 1)});
  ReduceAttrs keep;
  keep.keep_dims = true;
  const BinaryAttrs plain;
  THIMBLE_ASSIGN(const TensorId mean, g.op(Op::mean, {x, axis}, keep, name + "/mean"));
  THIMBLE_ASSIGN(const TensorId squares, g.op(Op::squared_difference, {x, mean}, plain, name + "/squares"));
  THIMBLE_ASSIGN(const TensorId variance, g.op(Op::mean, {squares, axis}, keep, name + "/variance"));
  THIMBLE_ASSIGN(const TensorId safe,
                 g.op(Op::add, {variance, g.scalar_f32(static_cast<float>(spec.epsilon))}, plain, name + "/safe"));
  THIMBLE_ASSIGN(const TensorId inverse, g.op(Op::rsqrt, {safe}, UnaryAttrs{}, name + "/inverse"));
  THIMBLE_ASSIGN(const TensorId centred, g.op(Op::sub, {x, mean}, plain, name + "/centred"));
  THIMBLE_ASSIGN(const TensorId normal, g.op(Op::mul, {centred, inverse}, plain, name + "/normal"));
  THIMBLE_ASSIGN(const TensorId scaled, g.op(Op::mul, {normal, gamma}, plain, name + "/scaled"));
  return g.op(Op::add, {scaled, beta}, plain, name);
}

}  // namespace thimble
