// Initial weights, a pure function of (initialiser, shape, seed, parameter number).
#pragma once

#include <vector>

#include "base/result.h"
#include "base/word.h"

namespace thimble {

// What an initialiser sees of a weight: fans of Glorot and Bengio (2010), and the matrix shape for
// orthogonal ones (rows × columns; elements = rows · columns).
struct WeightShape {
  int64_t elements = 0, fan_in = 1, fan_out = 1, rows = 1, columns = 1;
};

// Names as in Keras: zeros, ones, glorot_uniform, glorot_normal, he_uniform, he_normal,
// lecun_uniform, lecun_normal, random_uniform (±0.05), random_normal (0.05), orthogonal; and
// xavier:MAGNITUDE, uniform in ±√(MAGNITUDE / ((fan_in + fan_out) / 2)) (MXNet; default 3).
// Normal ones are truncated at two deviations, as in Keras. Errors: usage, with a did-you-mean.
Result<std::vector<float>> initial_weights(const std::string& name, const WeightShape& shape, uint64_t seed,
                                           uint64_t number);

std::vector<Word> initializer_vocabulary();

}  // namespace thimble
