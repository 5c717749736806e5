// Random changes of training pictures. What a sample gets is a pure function of (seed, epoch, sample).
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace thimble {

// What lies outside the picture reads 0 (the background of MNIST and Fashion-MNIST).
struct Augment {
  float shift = 0;    // up to ± this many pixels, both directions (whole pixels when nothing else moves)
  float rotate = 0;   // up to ± this many degrees
  float scale = 0;    // size times 1 − scale … 1 + scale, both directions together
  float shear = 0;    // up to ± this fraction of the height, sideways
  bool flip = false;  // left-right, half of the pictures
  float elastic = 0;  // smooth random displacement of up to about this many pixels
  float noise = 0;    // normal noise, deviation as a fraction of the full range
  float erase = 0;    // probability that a rectangle of 2 … 20 % of the area reads 0
  float thicken = 0;  // probability of strokes one half to one pixel thicker or thinner

  bool any() const {
    return shift > 0 || rotate > 0 || scale > 0 || shear > 0 || flip || elastic > 0 || noise > 0 || erase > 0 ||
           thicken > 0;
  }
  // Ranges make sense (not negative, finite, scale < 1, probabilities ≤ 1). Errors: usage.
  Status check() const;
};

// Applies an Augment to pictures of one shape. Holds scratch: one per thread.
class Augmenter {
 public:
  // full_range: of the stored values (255 for bytes), for `noise`.
  Augmenter(const Augment& what, int64_t height, int64_t width, int64_t channels, float full_range = 255.0f);

  // out: height × width × channels floats in the units of `in`.
  void run(const uint8_t* in, float* out, uint64_t seed, int64_t epoch, int64_t sample);
  void run(const float* in, float* out, uint64_t seed, int64_t epoch, int64_t sample);

 private:
  template <class T>
  void run_any(const T* in, float* out, uint64_t seed, int64_t epoch, int64_t sample);
  void warp(const float map[6], float* out);
  void make_elastic(class Random& random);
  void thicken_or_thin(float amount, float* out);

  Augment what_;
  int64_t height_, width_, channels_;
  float full_range_;
  std::vector<float> padded_;           // (height + 2) × (width + 2) × channels, border 0
  std::vector<float> move_y_, move_x_;  // elastic displacement per pixel
  std::vector<float> second_;           // a copy of the result, for thicken
};

}  // namespace thimble
