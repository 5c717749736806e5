#include <algorithm>
#include <cmath>

#include "ops/op.h"
#include "ops/softmax/integer.h"
#include "ops/softmax/softmax.h"

namespace thimble::reference {
namespace {

struct Rows {
  explicit Rows(const Shape& shape) : n(shape.dim(-1)), count(n > 0 ? shape.elements() / n : 0) {}
  int64_t n, count;
};

template <class T>
void integer_softmax(const RefCall& call, float beta) {
  const Rows rows(call.in[0].shape);
  const SoftmaxScaling s = softmax_scaling(beta, call.in[0].scale());
  constexpr int32_t low = std::numeric_limits<T>::min();
  for (int64_t r = 0; r < rows.count; ++r) {
    const T* x = call.in[0].as<T>() + r * rows.n;
    T* y = call.out[0].as<T>() + r * rows.n;
    const int32_t top = *std::max_element(x, x + rows.n);
    int32_t sum = 0;
    for (int64_t c = 0; c < rows.n; ++c)
      if (x[c] - top >= s.lowest)
        sum = fixed::add(
            sum, fixed::rescale(fixed::exp_of_negative(softmax_exponent(s, x[c] - top), 5), 0, kSoftmaxSumBits));
    int power;
    const int32_t reciprocal = fixed::reciprocal(sum, kSoftmaxSumBits, &power);
    for (int64_t c = 0; c < rows.n; ++c) {
      const int32_t difference = x[c] - top;
      y[c] = static_cast<T>(
          difference < s.lowest
              ? low
              : softmax_output(fixed::exp_of_negative(softmax_exponent(s, difference), 5), reciprocal, power, 8, low));
    }
  }
}

template <class T>
void integer_log_softmax(const RefCall& call) {
  constexpr int32_t low = std::numeric_limits<T>::min();
  const Rows rows(call.in[0].shape);
  const SoftmaxScaling s = softmax_scaling(1, call.in[0].scale());
  for (int64_t r = 0; r < rows.count; ++r) {
    const T* x = call.in[0].as<T>() + r * rows.n;
    T* y = call.out[0].as<T>() + r * rows.n;
    const int32_t top = *std::max_element(x, x + rows.n);
    int32_t sum = 0;
    for (int64_t c = 0; c < rows.n; ++c)
      if (x[c] - top >= s.lowest)
        sum = fixed::add(
            sum, fixed::rescale(fixed::exp_of_negative(softmax_exponent(s, x[c] - top), 5), 0, kSoftmaxSumBits));
    const int32_t log_sum = fixed::log_of_at_least_one(sum, kSoftmaxSumBits, 5);
    const int32_t lowest = log_softmax_lowest(s, log_sum);
    for (int64_t c = 0; c < rows.n; ++c)
      y[c] = static_cast<T>(low +
                            (x[c] - top > lowest ? log_softmax_output(softmax_exponent(s, x[c] - top), log_sum) : 0));
  }
}

// The largest value; −FLT_MAX where nothing is larger, as TFLite has it.
float maximum(const float* x, int64_t n) {
  float top = std::numeric_limits<float>::lowest();
  for (int64_t c = 0; c < n; ++c) top = std::max(top, x[c]);
  return top;
}

void probabilities(const RefCall& call) {
  const float beta = call.node.attrs.as<SoftmaxAttrs>().beta;
  if (call.in[0].type == DType::i8) return integer_softmax<int8_t>(call, beta);
  if (call.in[0].type == DType::u8) return integer_softmax<uint8_t>(call, beta);
  const Rows rows(call.in[0].shape);
  for (int64_t r = 0; r < rows.count; ++r) {
    const float* x = call.in[0].as<float>() + r * rows.n;
    float* y = call.out[0].as<float>() + r * rows.n;
    const float top = maximum(x, rows.n);
    float sum = 0;
    for (int64_t c = 0; c < rows.n; ++c) sum += y[c] = std::exp((x[c] - top) * beta);
    for (int64_t c = 0; c < rows.n; ++c) y[c] /= sum;
  }
}

void log_probabilities(const RefCall& call) {
  if (call.in[0].type == DType::i8) return integer_log_softmax<int8_t>(call);
  if (call.in[0].type == DType::u8) return integer_log_softmax<uint8_t>(call);
  const Rows rows(call.in[0].shape);
  for (int64_t r = 0; r < rows.count; ++r) {
    const float* x = call.in[0].as<float>() + r * rows.n;
    float* y = call.out[0].as<float>() + r * rows.n;
    const float top = maximum(x, rows.n);
    float sum = 0;
    for (int64_t c = 0; c < rows.n; ++c) sum += std::exp(x[c] - top);
    const float log_sum = std::log(sum);
    for (int64_t c = 0; c < rows.n; ++c) y[c] = x[c] - top - log_sum;
  }
}

}  // namespace

void softmax(const RefCall& call) {
  return call.node.op == Op::softmax ? probabilities(call) : log_probabilities(call);
}

void softmax_grad(const RefCall& call) {
  const float beta = call.node.attrs.as<SoftmaxAttrs>().beta;
  const Rows rows(call.in[0].shape);
  for (int64_t r = 0; r < rows.count; ++r) {
    const float *y = call.in[0].as<float>() + r * rows.n, *dy = call.in[1].as<float>() + r * rows.n;
    float* dx = call.out[0].as<float>() + r * rows.n;
    float dot = 0;
    for (int64_t c = 0; c < rows.n; ++c) dot += y[c] * dy[c];
    for (int64_t c = 0; c < rows.n; ++c) dx[c] = beta * y[c] * (dy[c] - dot);
  }
}

void log_softmax_grad(const RefCall& call) {
  const Rows rows(call.in[0].shape);
  for (int64_t r = 0; r < rows.count; ++r) {
    const float *y = call.in[0].as<float>() + r * rows.n, *dy = call.in[1].as<float>() + r * rows.n;
    float* dx = call.out[0].as<float>() + r * rows.n;
    float sum = 0;
    for (int64_t c = 0; c < rows.n; ++c) sum += dy[c];
    for (int64_t c = 0; c < rows.n; ++c) dx[c] = dy[c] - std::exp(y[c]) * sum;
  }
}

}  // namespace thimble::reference
