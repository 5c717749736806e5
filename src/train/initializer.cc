#include "train/initializer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/random.h"
#include "base/suggest.h"

namespace thimble {
namespace {

std::vector<float> uniform(const WeightShape& s, double limit, Random& random) {
  std::vector<float> w(static_cast<size_t>(s.elements));
  for (float& v : w) v = static_cast<float>(random.uniform(-limit, limit));
  return w;
}

// Normal truncated at ±2 deviations; 0.87962566 is the deviation of that distribution, so that the
// result has the deviation asked for.
std::vector<float> truncated_normal(const WeightShape& s, double variance, Random& random) {
  const double deviation = std::sqrt(variance) / 0.87962566103423978;
  std::vector<float> w(static_cast<size_t>(s.elements));
  for (float& v : w) {
    double x = random.normal();
    while (std::fabs(x) > 2) x = random.normal();
    v = static_cast<float>(x * deviation);
  }
  return w;
}

// Rows (or columns, whichever are fewer) orthonormal: Gram-Schmidt, twice for accuracy, on a normal matrix.
std::vector<float> orthogonal(const WeightShape& s, Random& random) {
  const int64_t count = std::min(s.rows, s.columns), length = std::max(s.rows, s.columns);
  std::vector<double> q(static_cast<size_t>(count * length));
  for (double& v : q) v = random.normal();
  for (int64_t i = 0; i < count; ++i) {
    double* row = q.data() + i * length;
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t j = 0; j < i; ++j) {
        const double* other = q.data() + j * length;
        double dot = 0;
        for (int64_t k = 0; k < length; ++k) dot += row[k] * other[k];
        for (int64_t k = 0; k < length; ++k) row[k] -= dot * other[k];
      }
    double norm = 0;
    for (int64_t k = 0; k < length; ++k) norm += row[k] * row[k];
    norm = std::sqrt(norm);
    for (int64_t k = 0; k < length; ++k) row[k] /= norm;
  }
  std::vector<float> w(static_cast<size_t>(s.elements));
  for (int64_t r = 0; r < s.rows; ++r)
    for (int64_t c = 0; c < s.columns; ++c) {
      const int64_t at = s.rows <= s.columns ? r * length + c : c * length + r;
      w[static_cast<size_t>(r * s.columns + c)] = static_cast<float>(q[static_cast<size_t>(at)]);
    }
  return w;
}

}  // namespace

Result<std::vector<float>> initial_weights(const std::string& name, const WeightShape& s, uint64_t seed,
                                           uint64_t number) {
  Random random(seed, 0x77656967687473 + number);
  const double in = static_cast<double>(std::max<int64_t>(s.fan_in, 1)),
               out = static_cast<double>(std::max<int64_t>(s.fan_out, 1));
  if (name.empty() || name == "glorot_uniform") return uniform(s, std::sqrt(6 / (in + out)), random);
  if (name == "glorot_normal") return truncated_normal(s, 2 / (in + out), random);
  if (name == "he_uniform") return uniform(s, std::sqrt(6 / in), random);
  if (name == "he_normal") return truncated_normal(s, 2 / in, random);
  if (name == "lecun_uniform") return uniform(s, std::sqrt(3 / in), random);
  if (name == "lecun_normal") return truncated_normal(s, 1 / in, random);
  if (name == "random_uniform") return uniform(s, 0.05, random);
  if (name == "random_normal") {
    std::vector<float> w(static_cast<size_t>(s.elements));
    for (float& v : w) v = static_cast<float>(0.05 * random.normal());
    return w;
  }
  if (name == "zeros") return std::vector<float>(static_cast<size_t>(s.elements), 0.0f);
  if (name == "ones") return std::vector<float>(static_cast<size_t>(s.elements), 1.0f);
  if (name == "orthogonal") return orthogonal(s, random);
  if (name == "xavier" || name.starts_with("xavier:")) {
    double magnitude = 3;
    if (name.size() > 7) {
      const char* end = name.data() + name.size();
      const auto parsed = std::from_chars(name.data() + 7, end, magnitude);
      if (parsed.ec != std::errc() || parsed.ptr != end || !(magnitude > 0))
        return fail(ErrorCode::usage, format("initializer \"{}\": the magnitude must be a positive number", name));
    }
    return uniform(s, std::sqrt(magnitude / ((in + out) / 2)), random);
  }
  const std::vector<std::string> names{"glorot_uniform", "glorot_normal", "he_uniform",     "he_normal",
                                       "lecun_uniform",  "lecun_normal",  "random_uniform", "random_normal",
                                       "zeros",          "ones",          "orthogonal",     "xavier"};
  return fail(ErrorCode::usage, format("unknown initializer \"{}\"", name), did_you_mean(name, names));
}

}  // namespace thimble
