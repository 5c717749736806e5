// batch_norm: y = gamma · (x − mean) / √(variance + epsilon) + beta, per channel (last dimension).
//
//   inputs   x float32 [..., channels], gamma, beta, running mean, running variance [channels]
//   training=true   outputs y, batch mean, batch inverse deviation 1/√(variance + epsilon); the batch's
//                   own mean and biased variance normalise, and the running statistics (variables)
//                   become r·momentum + batch·(1 − momentum), both with the biased variance (Keras 3)
//   training=false  output y alone, normalised with the running statistics
// batch_norm_grad: inputs x, gamma, mean, deviation, dy; outputs dx, dgamma, dbeta. mean and deviation
// are the forward's second and third output (training), or the running mean and variance.
#pragma once

#include "ops/op.h"

namespace thimble {

struct BatchNormAttrs {
  float momentum = 0.99f, epsilon = 1e-3f;
  bool training = false;
  template <class V>
  void fields(V& v) {
    v("momentum", momentum);
    v("epsilon", epsilon);
    v("training", training);
  }
};

}  // namespace thimble
