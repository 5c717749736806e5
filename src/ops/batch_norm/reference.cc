#include <cmath>

#include "ops/batch_norm/batch_norm.h"

namespace thimble::reference {

void batch_norm(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<BatchNormAttrs>();
  const float *x = call.in[0].as<float>(), *gamma = call.in[1].as<float>(), *beta = call.in[2].as<float>();
  float *running_mean = call.in[3].as<float>(), *running_variance = call.in[4].as<float>(),
        *y = call.out[0].as<float>();
  const int64_t channels = call.in[0].shape.dim(-1), elements = call.in[0].shape.elements(), rows = elements / channels;
  for (int64_t c = 0; c < channels; ++c) {
    double mean = running_mean[c], variance = running_variance[c];
    if (attrs.training) {
      double sum = 0, squares = 0;
      for (int64_t i = c; i < elements; i += channels) sum += x[i];
      mean = sum / static_cast<double>(rows);
      for (int64_t i = c; i < elements; i += channels) squares += (x[i] - mean) * (x[i] - mean);
      variance = squares / static_cast<double>(rows);
      running_mean[c] = running_mean[c] * attrs.momentum + static_cast<float>(mean) * (1 - attrs.momentum);
      running_variance[c] = running_variance[c] * attrs.momentum + static_cast<float>(variance) * (1 - attrs.momentum);
    }
    const double inverse = 1 / std::sqrt(variance + attrs.epsilon);
    for (int64_t i = c; i < elements; i += channels)
      y[i] = static_cast<float>((x[i] - mean) * inverse * gamma[c] + beta[c]);
    if (attrs.training) {
      call.out[1].as<float>()[c] = static_cast<float>(mean);
      call.out[2].as<float>()[c] = static_cast<float>(inverse);
    }
  }
}

// With x̂ = (x − mean)·inverse: dbeta = Σ dy, dgamma = Σ dy·x̂,
// dx = gamma·inverse·(dy − dbeta/n − x̂·dgamma/n) in training, gamma·inverse·dy otherwise.
void batch_norm_grad(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<BatchNormAttrs>();
  const float *x = call.in[0].as<float>(), *gamma = call.in[1].as<float>(), *means = call.in[2].as<float>();
  const float *deviation = call.in[3].as<float>(), *dy = call.in[4].as<float>();
  float *dx = call.out[0].as<float>(), *dgamma = call.out[1].as<float>(), *dbeta = call.out[2].as<float>();
  const int64_t channels = call.in[0].shape.dim(-1), elements = call.in[0].shape.elements();
  const double rows = static_cast<double>(elements / channels);
  for (int64_t c = 0; c < channels; ++c) {
    const double mean = means[c];
    const double inverse = attrs.training ? static_cast<double>(deviation[c])
                                          : 1 / std::sqrt(static_cast<double>(deviation[c]) + attrs.epsilon);
    double sum = 0, products = 0;
    for (int64_t i = c; i < elements; i += channels) {
      sum += dy[i];
      products += dy[i] * (x[i] - mean) * inverse;
    }
    dbeta[c] = static_cast<float>(sum);
    dgamma[c] = static_cast<float>(products);
    for (int64_t i = c; i < elements; i += channels) {
      const double centred = attrs.training ? dy[i] - sum / rows - (x[i] - mean) * inverse * products / rows : dy[i];
      dx[i] = static_cast<float>(gamma[c] * inverse * centred);
    }
  }
}

}  // namespace thimble::reference
