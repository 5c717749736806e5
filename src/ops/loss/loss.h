// Training losses. All give one float32 scalar (shape []), the mean over rows or elements.
//
// softmax_crossentropy(logits [..., classes], labels) → loss, probabilities [..., classes]
//   labels int32, one per row, or float32 of the logits' shape (a distribution per row).
//   loss = mean over rows of Σ_c t_c · (logsumexp(x) − x_c), t smoothed to (1 − s)·t + s/classes.
//   Fused because that is stable where softmax followed by log is not: a probability that
//   underflows to 0 costs max − x_label here, not infinity.
// softmax_crossentropy_grad(probabilities, labels, dloss) → dlogits = (p·Σt − t) · dloss / rows
//
// loss(prediction, target) → scalar, by kind; loss_grad(prediction, target, dloss) → dprediction:
//   crossentropy          −Σ t·log(clip(p, ε, 1 − ε)) per row, mean over rows; labels as above
//   nll                   −Σ t·p per row (p are log-probabilities), mean over rows
//   binary_crossentropy   −t·log(q) − (1 − t)·log(1 − q), q = clip(p, ε, 1 − ε), mean over elements
//   binary_crossentropy_logits   max(x, 0) − x·t + log(1 + e^−|x|), mean over elements
//   mse, mae              (p − t)², |p − t|, mean over elements
//   huber                 ½d² where |d| ≤ delta, else delta·(|d| − ½delta); mean over elements
//   kl_divergence         Σ t·log(t / p) per row with t, p clipped to [ε, 1]; mean over rows
// ε = 1e-7 as in Keras; the derivative is 0 where the clip holds. A label outside [0, classes)
// contributes nothing (it is refused where data are read).
#pragma once

#include "graph/graph.h"

namespace thimble {

struct SoftmaxCrossentropyAttrs {
  float label_smoothing = 0;
  template <class V>
  void fields(V& v) {
    v("label_smoothing", label_smoothing);
  }
};

enum class LossKind : uint8_t {
  crossentropy,
  nll,
  binary_crossentropy,
  binary_crossentropy_logits,
  mse,
  mae,
  huber,
  kl_divergence,
  count
};
const char* name(LossKind kind);
// Whether labels may be int32 class numbers, one per row.
inline bool is_classification(LossKind kind) { return kind == LossKind::crossentropy || kind == LossKind::nll; }

struct LossAttrs {
  LossKind kind = LossKind::mse;
  float label_smoothing = 0;  // crossentropy, nll, and the binary ones: t·(1 − s) + s/classes (½s)
  float delta = 1;            // huber
  template <class V>
  void fields(V& v) {
    v("kind", kind);
    v("label_smoothing", label_smoothing);
    v("delta", delta);
  }
};

// Σ over one row (classes values, target a label or a row of the same length) of a row-wise loss,
// or over n elements of an elementwise one; unscaled. Shared by reference and lowering.
float loss_of_row(const LossAttrs& attrs, const float* prediction, const float* target, const int32_t* label,
                  int64_t n);
// The derivative of the above times `scale`, into dx.
void loss_gradient_of_row(const LossAttrs& attrs, const float* prediction, const float* target, const int32_t* label,
                          int64_t n, float scale, float* dx);
// What the sum is divided by: rows for row-wise kinds, elements for the others.
inline int64_t loss_divisor(const LossAttrs& attrs, const Shape& prediction) {
  const bool by_row = is_classification(attrs.kind) || attrs.kind == LossKind::kl_divergence;
  const int64_t n = prediction.elements();
  return by_row && prediction.rank() > 0 && prediction.dim(-1) > 0 ? n / prediction.dim(-1) : n;
}

// One row of softmax_crossentropy given its probabilities: Σ t·(logsumexp − x).
// x_max and p_max are the row's largest logit and probability.
float crossentropy_of_row(const float* x, float x_max, float p_max, const float* target, const int32_t* label,
                          int64_t n, float smoothing);
// (p·Σt − t)·scale into dx.
void crossentropy_gradient_of_row(const float* p, const float* target, const int32_t* label, int64_t n, float smoothing,
                                  float scale, float* dx);

}  // namespace thimble
