// Training only. Updates change variables and have no output.
// optimizer_update: inputs w (variable), g, hyper [16], then the rule's states (variables, shape of
// w): one step of kernels/update.h. hyper is a variable that the host writes before each run.
// fully_connected_update: inputs w [outputs, inputs] (variable), x [batch, inputs], hyper [16],
// dy [batch, outputs], then the rule's states: the gradient dyᵀ·x of a dense layer's weights and the
// step on them in one, block by block, so that the gradient never leaves the nearest cache.
// clip_scale: inputs gradients; output the factor min(1, limit / √Σ g²) that brings their common
// norm down to the limit (Keras clipnorm for one gradient, global_clipnorm for all).
// average_update: inputs w, average (variable), hyper: average += hyper[14] · (w − average).
#pragma once

#include "base/functions.h"
#include "graph/graph.h"

namespace thimble {

struct OptimizerAttrs {
  int rule = 0;        // UpdateRule
  bool plain = false;  // neither momentum nor weight decay: w −= rate · g (fully_connected_update may sum into w)
  template <class V>
  void fields(V& v) {
    v("rule", rule);
    v("plain", plain);
  }
};

struct ClipAttrs {
  float limit = 1;
  template <class V>
  void fields(V& v) {
    v("limit", limit);
  }
};

// How many state tensors a rule keeps, with momentum, centring (rmsprop) or AMSGrad (adam) where they need one.
int optimizer_states(UpdateRule rule, bool momentum, bool centered, bool amsgrad);

inline constexpr int kHyperAverage = 14;  // 1 − decay of the weight average
inline constexpr int kHyperDecay = 15;    // learning rate · weight decay

}  // namespace thimble
