// local_response_norm: y[.., c] = x[.., c] · (bias + alpha · Σ x[.., k]²)^−beta, k from c − radius to c + radius as far
// as there are channels. float32, rank 4. Source: TensorFlow's LRN and TensorFlow Lite's optimised
// LOCAL_RESPONSE_NORMALIZATION, version 1; its reference kernel leaves the channel c + radius out.
#pragma once

#include "ops/op.h"

namespace thimble {

struct LocalResponseNormAttrs {
  int radius = 0;
  float bias = 0, alpha = 0, beta = 0;
  template <class V>
  void fields(V& v) {
    v("radius", radius);
    v("bias", bias);
    v("alpha", alpha);
    v("beta", beta);
  }
};

}  // namespace thimble
