#include "train/layer_norm.h"

#include <array>

#include "ops/make.h"

namespace thimble {

Result<TensorId> layer_norm(LayerBuilder& b, TensorId x, const LayerSpec& spec, const std::string& name) {
  const int rank = b.shape(x).rank();
  const int64_t channels = b.shape(x).dim(-1);
  const WeightShape fans{.elements = channels};
  THIMBLE_ASSIGN(const TensorId gamma, b.weight(name + "/gamma", Shape{channels}, "ones", fans));
  THIMBLE_ASSIGN(const TensorId beta, b.weight(name + "/beta", Shape{channels}, "zeros", fans));
  Builder& g = b.builder();
  const TensorId axis = g.constant_i32(name + "/axis", std::array{static_cast<int32_t>(rank - 1)});
  THIMBLE_ASSIGN(const TensorId mean, make::mean(g, x, axis, true, name + "/mean"));
  THIMBLE_ASSIGN(const TensorId squares, make::squared_difference(g, x, mean, name + "/squares"));
  THIMBLE_ASSIGN(const TensorId variance, make::mean(g, squares, axis, true, name + "/variance"));
  THIMBLE_ASSIGN(const TensorId safe,
                 make::add(g, variance, g.scalar_f32(static_cast<float>(spec.epsilon)), name + "/safe"));
  THIMBLE_ASSIGN(const TensorId inverse, make::rsqrt(g, safe, name + "/inverse"));
  THIMBLE_ASSIGN(const TensorId centred, make::sub(g, x, mean, name + "/centred"));
  THIMBLE_ASSIGN(const TensorId normal, make::mul(g, centred, inverse, name + "/normal"));
  THIMBLE_ASSIGN(const TensorId scaled, make::mul(g, normal, gamma, name + "/scaled"));
  return make::add(g, scaled, beta, name);
}

}  // namespace thimble
