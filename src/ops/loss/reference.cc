#include <algorithm>
#include <cmath>

#include "ops/loss/loss.h"
#include "ops/op.h"

namespace thimble::reference {
namespace {

struct Targets {
  explicit Targets(const TensorView& t)
      : rows(t.type == DType::f32 ? t.as<float>() : nullptr), labels(rows ? nullptr : t.as<int32_t>()) {}
  const float* row(int64_t r, int64_t n) const { return rows ? rows + r * n : nullptr; }
  const int32_t* label(int64_t r) const { return labels ? labels + r : nullptr; }

  const float* rows;
  const int32_t* labels;
};

int64_t row_length(const Shape& s) { return s.rank() > 0 ? s.dim(-1) : 1; }

}  // namespace

void softmax_crossentropy(const RefCall& call) {
  const Shape& shape = call.in[0].shape;
  const int64_t n = shape.dim(-1), rows = shape.elements() / n;
  const float smoothing = call.node.attrs.as<SoftmaxCrossentropyAttrs>().label_smoothing;
  const Targets targets(call.in[1]);
  double sum = 0;
  for (int64_t r = 0; r < rows; ++r) {
    const float* x = call.in[0].as<float>() + r * n;
    float* p = call.out[1].as<float>() + r * n;
    const float top = *std::max_element(x, x + n);
    float total = 0;
    for (int64_t c = 0; c < n; ++c) total += p[c] = std::exp(x[c] - top);
    for (int64_t c = 0; c < n; ++c) p[c] /= total;
    sum += crossentropy_of_row(x, top, 1 / total, targets.row(r, n), targets.label(r), n, smoothing);
  }
  *call.out[0].as<float>() = static_cast<float>(sum / static_cast<double>(rows));
}

void softmax_crossentropy_grad(const RefCall& call) {
  const Shape& shape = call.in[0].shape;
  const int64_t n = shape.dim(-1), rows = shape.elements() / n;
  const float smoothing = call.node.attrs.as<SoftmaxCrossentropyAttrs>().label_smoothing;
  const Targets targets(call.in[1]);
  const float scale = *call.in[2].as<float>() / static_cast<float>(rows);
  for (int64_t r = 0; r < rows; ++r)
    crossentropy_gradient_of_row(call.in[0].as<float>() + r * n, targets.row(r, n), targets.label(r), n, smoothing,
                                 scale, call.out[0].as<float>() + r * n);
}

void loss(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<LossAttrs>();
  const Shape& shape = call.in[0].shape;
  const int64_t n = row_length(shape), rows = shape.elements() / n;
  const Targets targets(call.in[1]);
  double sum = 0;
  for (int64_t r = 0; r < rows; ++r)
    sum += loss_of_row(attrs, call.in[0].as<float>() + r * n, targets.row(r, n), targets.label(r), n);
  *call.out[0].as<float>() = static_cast<float>(sum / static_cast<double>(loss_divisor(attrs, shape)));
}

void loss_grad(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<LossAttrs>();
  const Shape& shape = call.in[0].shape;
  const int64_t n = row_length(shape), rows = shape.elements() / n;
  const Targets targets(call.in[1]);
  const float scale = *call.in[2].as<float>() / static_cast<float>(loss_divisor(attrs, shape));
  for (int64_t r = 0; r < rows; ++r)
    loss_gradient_of_row(attrs, call.in[0].as<float>() + r * n, targets.row(r, n), targets.label(r), n, scale,
                         call.out[0].as<float>() + r * n);
}

}  // namespace thimble::reference
