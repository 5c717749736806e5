// Sounds at another rate.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thimble {

// From one rate to another by a windowed sinc: 32 zero crossings to each side under a Kaiser window (beta 9), cut off
// at 0.95 of the lower rate's half, each set of weights scaled to the sum 1. Sound outside what is given is silence.
// The result depends on nothing but its inputs: places are exact fractions, sums are in double, in order. Formulas: J.
// O. Smith, "Digital Audio Resampling", https://ccrma.stanford.edu/~jos/resample/
class Resampler {
 public:
  Resampler(int64_t from, int64_t to);  // both at least 1

  // At most `count` samples of the result, whose whole length is ceil(n · to / from).
  std::vector<float> run(std::span<const float> sound, int64_t count) const;
  int64_t from() const { return from_; }

 private:
  void weights(int64_t phase, std::vector<double>* out) const;

  int64_t from_, to_;  // without common factors where it matters: step_ / phases_
  int64_t step_, phases_;
  int64_t reach_;                              // samples of the source to each side
  double scale_;                               // of the sinc, in units of the source's samples
  std::vector<std::vector<double>> prepared_;  // one set of weights per phase; empty: too many, made as needed
};

}  // namespace thimble
