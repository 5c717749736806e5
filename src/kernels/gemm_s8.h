// int8 matrix products with exact TFLite requantisation. Activations reach the kernel as unsigned
// bytes: an int8 activation q is stored as q + 128 (xor 0x80); a legacy uint8 one as it is. Weights
// are int8. The caller folds zero points into the bias at plan time:
//   folded_bias[j] = bias[j] − (zero_point_in + 128) · Σ w[·][j]         (zero_point_in as int8)
#pragma once

#include <cstdint>

namespace thimble {

// int32 accumulator -> output byte, gemmlowp double rounding:
//   v = RoundingDivideByPOT(SaturatingRoundingDoublingHighMul(acc · 2^max(shift,0), multiplier), max(−shift,0))
//   q = clamp(v + zero_point, lo, hi)
// multiplier[j], shift[j] (−31 … 30) per column; shift > 0 is a left shift. int32 sums wrap as two's
// complement. `flip` is xor-ed onto the stored
// byte: 0x80 turns the int8 result into the biased unsigned form of the next layer, 0 leaves it.
// Where `scale` is given (dense layers: LiteRT's reference rounds them once, in double), instead
//   v = round_half_away(acc · scale[j])
struct RequantArgs {
  const double* scale = nullptr;
  const int32_t* multiplier = nullptr;
  const int32_t* shift = nullptr;
  int32_t zero_point = 0, lo = -128, hi = 127;
  uint8_t flip = 0;
};

// acc[m][j] = bias[j] + Σ_t Σ_i A(m,t)[i] · B[t·k + i][j]
// A(m,t): runs of k bytes, addressed like GemmF32Args (offsets in bytes; o < 0 reads `pad`, k bytes
// holding the biased zero point). Up to 3 bytes beyond a run may be read: they meet zero weights.
// Legacy uint8 weights less their zero point reach −255 … 255: they are given as two int8 parts whose
// sum they are (−256 … 254; three where 255 occurs, zero point 0), in two or three times the taps, all
// parts reading the same runs. The same holds for depthwise.h.
struct GemmS8Args {
  int64_t m = 0, n = 0, k = 0, taps = 1;
  const uint8_t* a = nullptr;
  int64_t lda = 0;
  const int32_t* offsets = nullptr;
  const uint8_t* pad = nullptr;
  const int8_t* b = nullptr;      // packed by pack_b
  const int32_t* bias = nullptr;  // n folded biases (never null)
  // Exactly one kind of output:
  uint8_t* c_quantized = nullptr;  // run_requant: requantised bytes, row stride ldc
  RequantArgs requant;
  // run_dequant: c = clamp(y + float_bias[j], lo, hi), no addition where float_bias is null, with
  //   y = float(acc) · (row_scale[m] · column_scale[j])     TFLite's hybrid fully connected and LSTM
  //   y = (float(acc) · column_scale[j]) · row_scale[m]     with column_scale_first: hybrid convolution
  // every step rounded to float (no fused multiply-add), so the result has the bits of that order.
  float* c_float = nullptr;
  bool column_scale_first = false;
  const float* row_scale = nullptr;
  const int32_t* row_zero = nullptr;  // optional per-row zero point z: acc −= z · column_sum[j]
  const int32_t* column_sum = nullptr;
  const float* column_scale = nullptr;
  const float* float_bias = nullptr;
  float lo = -__builtin_inff(), hi = __builtin_inff();
  int64_t ldc = 0;
};

struct PackBS8Args {
  int64_t k = 0, taps = 1, n = 0;
  const int8_t* b = nullptr;  // element (tap t, row i, column j) is b[j·column_stride + t·tap_stride + i·row_stride]
  int64_t column_stride = 0, tap_stride = 0, row_stride = 1;
  int8_t* packed = nullptr;
};

struct GemmS8Kernels {
  const char* name = nullptr;
  int mr = 0, nr = 0;
  void (*run_requant)(const GemmS8Args&) = nullptr;
  void (*run_dequant)(const GemmS8Args&) = nullptr;
  void (*pack_b)(const PackBS8Args&) = nullptr;
  int64_t (*packed_b_bytes)(int64_t n, int64_t k, int64_t taps) = nullptr;

  // y[i] = x[i] ^ flip (0x80 moves between int8 and biased unsigned form).
  void (*flip)(const uint8_t* x, uint8_t* y, int64_t n, uint8_t flip) = nullptr;
};

}  // namespace thimble
