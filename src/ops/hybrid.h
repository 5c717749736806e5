// Run-time quantisation of float activations, for operators with float inputs and int8 weights.
// Shared by the references and bit-equal to MapKernels::quantize_row and quantize_shifted.
#pragma once

#include <cstdint>

namespace thimble {

// Symmetric: scale = max|x| / 127, q = round(x · 127 / max|x|) in [−127, 127]; zeros give scale 1.
// Source: TensorFlow Lite PortableSymmetricQuantizeFloats.
float quantize_symmetric(const float* x, int64_t n, int8_t* q);

struct AsymmetricScale {
  float scale = 1;
  int32_t zero_point = 0;
};
// Of numbers in [lo, hi], lo ≤ 0 ≤ hi, on [−128, 127]; 1 and 0 where both are 0.
AsymmetricScale asymmetric_scale(float lo, float hi);

// Asymmetric over [min(x, 0), max(x, 0)] to [−128, 127]: TensorFlow Lite's AsymmetricQuantizeFloats, with
// the range's width rounded to float32 and q = round(x / scale) + zero point, as measured from LiteRT.
void quantize_asymmetric(const float* x, int64_t n, int8_t* q, float* scale, int32_t* zero_point);

}  // namespace thimble
