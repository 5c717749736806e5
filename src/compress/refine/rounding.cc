#include "compress/refine/rounding.h"

#include <algorithm>
#include <cmath>

namespace thimble::compress {
namespace {

constexpr double kDamping = 0.01;
constexpr int kSweeps = 30, kFits = 3;

// Eight lanes, so that the compiler may use them.
double dot(std::span<const float> a, std::span<const float> b) {
  constexpr size_t kLanes = 8;
  float sums[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= a.size(); i += kLanes)
    for (size_t l = 0; l < kLanes; ++l) sums[l] += a[i + l] * b[i + l];
  double sum = 0;
  for (; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  for (float lane : sums) sum += lane;
  return sum;
}

void add(std::vector<float>& to, float factor, std::span<const float> column) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += factor * column[i];
}

class Row {
 public:
  Row(std::span<const float> weights, const Patches& wanted, const Patches& got, const RoundingRules& rules)
      : w_(weights), got_(got), rules_(rules), count_(static_cast<double>(std::max<int64_t>(got.count, 1))) {
    target_.assign(static_cast<size_t>(got.count), 0);
    for (size_t k = 0; k < w_.size(); ++k)
      if (w_[k] != 0) add(target_, w_[k], wanted.column(static_cast<int64_t>(k)));
    double power = 0;
    for (size_t k = 0; k < w_.size(); ++k) {
      const auto column = got.column(static_cast<int64_t>(k));
      power_.push_back(dot(column, column) / count_);
      power += power_.back();
    }
    damping_ = w_.empty() ? 0 : kDamping * power / static_cast<double>(w_.size());
  }

  RoundedRow run(float scale) {
    RoundedRow best;
    best.scale = scale;
    best.q = nearest(scale);
    best.error = best.nearest_error = error(best.q, scale);
    std::vector<float> starts{scale};
    if (rules_.fit_scale) starts.insert(starts.end(), {scale * 0.85f, scale * 0.7f});
    for (float s : starts)
      for (int fit = 0; fit <= (rules_.fit_scale ? kFits : 0); ++fit) {
        s = std::max(s, rules_.least_scale);
        std::vector<int8_t> q = nearest(s);
        const double e = descend(q, s);
        if (e < best.error) {
          best.q = q;
          best.scale = s;
          best.error = e;
        }
        const float next = fitted(q, s);
        if (next == s) break;
        s = next;
      }
    return best;
  }

 private:
  float clamped(float v) const {
    return std::clamp(v, static_cast<float>(rules_.levels.low), static_cast<float>(rules_.levels.high));
  }
  std::vector<int8_t> nearest(float s) const {
    std::vector<int8_t> q;
    for (float w : w_) q.push_back(static_cast<int8_t>(clamped(std::round(w / s))));
    return q;
  }
  // s·q·y_p − w·x_p of every patch.
  std::vector<float> residual(const std::vector<int8_t>& q, float s) const {
    std::vector<float> r(target_.size());
    for (size_t i = 0; i < r.size(); ++i) r[i] = -target_[i];
    for (size_t k = 0; k < q.size(); ++k)
      if (q[k] != 0) add(r, s * static_cast<float>(q[k]), got_.column(static_cast<int64_t>(k)));
    return r;
  }
  double distance(const std::vector<int8_t>& q, float s) const {
    double sum = 0;
    for (size_t k = 0; k < q.size(); ++k) sum += std::pow(static_cast<double>(s) * q[k] - w_[k], 2);
    return sum;
  }
  double error(const std::vector<int8_t>& q, float s) const {
    const std::vector<float> r = residual(q, s);
    return dot(r, r) / count_ + damping_ * distance(q, s);
  }

  double descend(std::vector<int8_t>& q, float s) const {
    std::vector<float> r = residual(q, s);
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      bool turned = false;
      for (size_t k = 0; k < q.size(); ++k) {
        const float down = clamped(std::floor(w_[k] / s)), up = clamped(std::ceil(w_[k] / s));
        if (down == up) continue;
        const float step = static_cast<float>(q[k]) == down ? up - down : down - up;
        const double move = static_cast<double>(s) * step;
        const auto column = got_.column(static_cast<int64_t>(k));
        const double slope = dot(column, r) / count_ + damping_ * (static_cast<double>(s) * q[k] - w_[k]);
        const double change = move * move * (power_[k] + damping_) + 2 * move * slope;
        if (!(change < -1e-7 * move * move * (power_[k] + damping_))) continue;
        q[k] = static_cast<int8_t>(static_cast<float>(q[k]) + step);
        add(r, static_cast<float>(move), column);
        turned = true;
      }
      if (!turned) break;
    }
    return error(q, s);
  }

  float fitted(const std::vector<int8_t>& q, float s) const {
    std::vector<float> y(target_.size(), 0);
    double qw = 0, qq = 0;
    for (size_t k = 0; k < q.size(); ++k) {
      if (q[k] == 0) continue;
      add(y, static_cast<float>(q[k]), got_.column(static_cast<int64_t>(k)));
      qw += static_cast<double>(q[k]) * w_[k];
      qq += static_cast<double>(q[k]) * q[k];
    }
    const double above = dot(y, target_) / count_ + damping_ * qw, below = dot(y, y) / count_ + damping_ * qq;
    if (!(below > 0) || !(above > 0)) return s;
    return std::max(short_scale(static_cast<float>(above / below), rules_.scale_bits, false), rules_.least_scale);
  }

  std::span<const float> w_;
  const Patches& got_;
  const RoundingRules& rules_;
  const double count_;
  std::vector<float> target_;  // w·x_p
  std::vector<double> power_;  // mean y² of each value
  double damping_ = 0;         // λ·v
};

}  // namespace

RoundedRow round_row(std::span<const float> weights, float scale, const Patches& wanted, const Patches& got,
                     const RoundingRules& rules) {
  return Row(weights, wanted, got, rules).run(scale);
}

}  // namespace thimble::compress
