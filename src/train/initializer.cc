#include "train/initializer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/random.h"
#include "train/foreign_words.h"

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

std::vector<float> normal(const WeightShape& s, Random& random) {
  std::vector<float> w(static_cast<size_t>(s.elements));
  for (float& v : w) v = static_cast<float>(0.05 * random.normal());
  return w;
}

std::vector<float> constant(const WeightShape& s, float value) {
  return std::vector<float>(static_cast<size_t>(s.elements), value);
}

// in, out: the fans, at least 1.
struct InitializerRow {
  const char* name;
  const char* about;
  std::vector<float> (*make)(const WeightShape& s, double in, double out, Random& random);
};
constexpr InitializerRow kInitializers[] = {
    {"glorot_uniform", "uniform in ±√(6 / (inputs + outputs)); the default",
     [](const WeightShape& s, double in, double out, Random& r) { return uniform(s, std::sqrt(6 / (in + out)), r); }},
    {"glorot_normal", "normal, variance 2 / (inputs + outputs)",
     [](const WeightShape& s, double in, double out, Random& r) { return truncated_normal(s, 2 / (in + out), r); }},
    {"he_uniform", "uniform in ±√(6 / inputs): for relu",
     [](const WeightShape& s, double in, double, Random& r) { return uniform(s, std::sqrt(6 / in), r); }},
    {"he_normal", "normal, variance 2 / inputs: for relu",
     [](const WeightShape& s, double in, double, Random& r) { return truncated_normal(s, 2 / in, r); }},
    {"lecun_uniform", "uniform in ±√(3 / inputs): for selu",
     [](const WeightShape& s, double in, double, Random& r) { return uniform(s, std::sqrt(3 / in), r); }},
    {"lecun_normal", "normal, variance 1 / inputs: for selu",
     [](const WeightShape& s, double in, double, Random& r) { return truncated_normal(s, 1 / in, r); }},
    {"random_uniform", "uniform in ±0.05",
     [](const WeightShape& s, double, double, Random& r) { return uniform(s, 0.05, r); }},
    {"random_normal", "normal, deviation 0.05",
     [](const WeightShape& s, double, double, Random& r) { return normal(s, r); }},
    {"zeros", "all 0", [](const WeightShape& s, double, double, Random&) { return constant(s, 0); }},
    {"ones", "all 1", [](const WeightShape& s, double, double, Random&) { return constant(s, 1); }},
    {"orthogonal", "orthonormal rows: for recurrent weights",
     [](const WeightShape& s, double, double, Random& r) { return orthogonal(s, r); }},
    {"xavier", "uniform in ±√(M / mean of inputs and outputs); xavier:M, 3 without it", nullptr},
};

}  // namespace

std::vector<Word> initializer_vocabulary() {
  std::vector<Word> words;
  for (const InitializerRow& row : kInitializers) words.push_back({row.name, row.about});
  return words;
}

Result<std::vector<float>> initial_weights(const std::string& name, const WeightShape& s, uint64_t seed,
                                           uint64_t number) {
  Random random(seed, 0x77656967687473 + number);
  const double in = static_cast<double>(std::max<int64_t>(s.fan_in, 1)),
               out = static_cast<double>(std::max<int64_t>(s.fan_out, 1));
  const std::string wanted = name.empty() ? "glorot_uniform" : name;
  for (const InitializerRow& row : kInitializers)
    if (row.make && wanted == row.name) return row.make(s, in, out, random);
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
  std::vector<std::string> names;
  for (const InitializerRow& row : kInitializers) names.emplace_back(row.name);
  return fail(ErrorCode::usage, format("unknown initializer \"{}\"", name),
              word_hint(WordPlace::initializer, name, names));
}

}  // namespace thimble
