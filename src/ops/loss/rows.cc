// The losses of single rows, the part that reference and lowering share.
#include <algorithm>
#include <cmath>

#include "ops/loss/loss.h"

namespace thimble {
namespace {
constexpr float kEpsilon = 1e-7f;

struct Term {
  float value, slope;
};

// Elementwise kinds: value and derivative at prediction p with target t.
Term element(const LossAttrs& attrs, float p, float t) {
  switch (attrs.kind) {
    case LossKind::binary_crossentropy: {
      t = t * (1 - attrs.label_smoothing) + 0.5f * attrs.label_smoothing;
      const float q = std::clamp(p, kEpsilon, 1 - kEpsilon);
      const float value = -t * std::log(q) - (1 - t) * std::log1p(-q);
      return {value, q == p ? (q - t) / (q * (1 - q)) : 0.0f};
    }
    case LossKind::binary_crossentropy_logits: {
      t = t * (1 - attrs.label_smoothing) + 0.5f * attrs.label_smoothing;
      const float e = std::exp(-std::fabs(p));
      const float sigmoid = p >= 0 ? 1 / (1 + e) : e / (1 + e);
      return {std::max(p, 0.0f) - p * t + std::log1p(e), sigmoid - t};
    }
    case LossKind::mae: {
      const float d = p - t;
      return {std::fabs(d), d > 0 ? 1.0f : d < 0 ? -1.0f : 0.0f};
    }
    case LossKind::huber: {
      const float d = p - t, a = std::fabs(d);
      if (a <= attrs.delta) return {0.5f * d * d, d};
      return {attrs.delta * (a - 0.5f * attrs.delta), d > 0 ? attrs.delta : -attrs.delta};
    }
    case LossKind::kl_divergence: {
      const float ct = std::clamp(t, kEpsilon, 1.0f), cp = std::clamp(p, kEpsilon, 1.0f);
      return {ct * std::log(ct / cp), cp == p ? -ct / cp : 0.0f};
    }
    default: {
      const float d = p - t;
      return {d * d, 2 * d};
    }
  }
}

// Row-wise kinds: per class, −t·f(p) with f = log∘clip or the identity.
Term of_class(LossKind kind, float p, float t) {
  if (kind == LossKind::nll) return {-t * p, -t};
  const float q = std::clamp(p, kEpsilon, 1 - kEpsilon);
  return {-t * std::log(q), q == p ? -t / q : 0.0f};
}

// The smoothed target of class c.
struct Target {
  const float* row;
  int64_t label;
  float keep, spread;
  float operator()(int64_t c) const { return (row ? row[c] : c == label ? 1.0f : 0.0f) * keep + spread; }
};

Target target_of(const float* row, const int32_t* label, int64_t n, float smoothing) {
  return {row, label ? *label : -1, 1 - smoothing, smoothing / static_cast<float>(n)};
}
bool ignored(const int32_t* label, int64_t n) { return label && (*label < 0 || *label >= n); }

}  // namespace

const char* name(LossKind kind) {
  static constexpr const char* kNames[] = {
      "crossentropy", "nll",   "binary_crossentropy", "binary_crossentropy_logits", "mse",
      "mae",          "huber", "kl_divergence"};
  const auto i = static_cast<size_t>(kind);
  return i < std::size(kNames) ? kNames[i] : "unknown";
}

float loss_of_row(const LossAttrs& attrs, const float* p, const float* target, const int32_t* label, int64_t n) {
  float sum = 0;
  if (!is_classification(attrs.kind)) {
    for (int64_t i = 0; i < n; ++i) sum += element(attrs, p[i], target[i]).value;
    return sum;
  }
  if (ignored(label, n)) return 0;
  if (label && attrs.label_smoothing == 0) return of_class(attrs.kind, p[*label], 1).value;
  const Target t = target_of(target, label, n, attrs.label_smoothing);
  for (int64_t c = 0; c < n; ++c) sum += of_class(attrs.kind, p[c], t(c)).value;
  return sum;
}

void loss_gradient_of_row(const LossAttrs& attrs, const float* p, const float* target, const int32_t* label, int64_t n,
                          float scale, float* dx) {
  if (!is_classification(attrs.kind)) {
    for (int64_t i = 0; i < n; ++i) dx[i] = element(attrs, p[i], target[i]).slope * scale;
    return;
  }
  if (ignored(label, n)) {
    std::fill(dx, dx + n, 0.0f);
    return;
  }
  const Target t = target_of(target, label, n, attrs.label_smoothing);
  for (int64_t c = 0; c < n; ++c) dx[c] = of_class(attrs.kind, p[c], t(c)).slope * scale;
}

float crossentropy_of_row(const float* x, float x_max, float p_max, const float* target, const int32_t* label,
                          int64_t n, float smoothing) {
  if (ignored(label, n)) return 0;
  const float log_sum = -std::log(p_max);  // of exp(x − x_max)
  if (label && smoothing == 0) return log_sum + (x_max - x[*label]);
  const Target t = target_of(target, label, n, smoothing);
  float sum = 0;
  for (int64_t c = 0; c < n; ++c) sum += t(c) * (log_sum + (x_max - x[c]));
  return sum;
}

void crossentropy_gradient_of_row(const float* p, const float* target, const int32_t* label, int64_t n, float smoothing,
                                  float scale, float* dx) {
  if (ignored(label, n)) {
    std::fill(dx, dx + n, 0.0f);
    return;
  }
  if (label && smoothing == 0) {
    for (int64_t c = 0; c < n; ++c) dx[c] = p[c] * scale;
    dx[*label] = (p[*label] - 1) * scale;
    return;
  }
  const Target t = target_of(target, label, n, smoothing);
  float total = 1;
  if (target) {
    total = 0;
    for (int64_t c = 0; c < n; ++c) total += t(c);
  }
  for (int64_t c = 0; c < n; ++c) dx[c] = (p[c] * total - t(c)) * scale;
}

}  // namespace thimble
