// The fixed-point front end of TensorFlow Lite Micro's micro_speech example, equal to it in every bit: 30 ms of sound
// at 16 kHz become 40 numbers, one frame of a spectrogram in which steady noise is taken away and loudness is evened
// out. C99 that is C++ as well: the host's reader of sounds calls it, and a model exported as C can ship it.
//
// A frame: samples times a raised cosine; shifted up to 16 bits; a real Fourier transform of 512 points in 16-bit
// arithmetic (rounded and halved or quartered before every stage, as kissfft defines it); powers gathered in 40
// overlapping triangles, 125 to 7500 Hz on the mel scale; their roots; the part above a slow estimate of the noise, at
// least 5 % of it; per-channel gain (PCAN: "Trainable frontend for robust and far-field keyword spotting", Wang et al.
// 2017); 64 times the natural logarithm. Values, rounding and wrapping: TensorFlow's
// lite/experimental/microfrontend/lib with the parameters of micro_speech.
// Goldens: scripts/goldens/audio_goldens.py.
#pragma once

#include <string.h>

#include "base/c99.h"
#include "base/c99_micro_speech_tables.h"

#define THIMBLE_MS_WINDOW 480   // samples of a frame
#define THIMBLE_MS_STEP 320     // samples from one frame to the next
#define THIMBLE_MS_CHANNELS 40  // numbers of a frame
#define THIMBLE_MS_WORK 512     // int16 elements that a frame needs beside it

// The number of bits that v takes; 0 for 0.
THIMBLE_INLINE int thimble_ms_width(uint32_t v) {
  int bits = 0;
  for (; v != 0; v >>= 1) ++bits;
  return bits;
}

// cos(2 pi k / 512) and sin, in 1/32767; k in 0 ... 511.
static inline int16_t thimble_ms_cos(int k) {
  if (k > 256) k = 512 - k;
  return k <= 128 ? thimble_ms_cosine[k] : (int16_t)-thimble_ms_cosine[256 - k];
}
static inline int16_t thimble_ms_sin(int k) { return thimble_ms_cos((k + 384) & 511); }

// v / parts with rounding, for parts 2 and 4.
THIMBLE_INLINE int16_t thimble_ms_part(int16_t v, int parts) {
  return (int16_t)(((int32_t)v * (32767 / parts) + 16384) >> 15);
}

// (re, im) times e^(-2 pi i k / 512).
static inline void thimble_ms_turn(int16_t* re, int16_t* im, int k) {
  const int32_t c = thimble_ms_cos(k), s = -thimble_ms_sin(k), r = *re, i = *im;
  *re = (int16_t)((r * c - i * s + 16384) >> 15);
  *im = (int16_t)((r * s + i * c + 16384) >> 15);
}

// A Fourier transform of 256 complex numbers (re, im, re, ...) in place, by four stages of four, divided by 256.
static inline void thimble_ms_fft(int16_t* x) {
  for (int i = 0; i < 256; ++i) {  // the digits of the place, in base 4, turned round
    const int j = (i & 3) << 6 | (i & 12) << 2 | (i & 48) >> 2 | i >> 6;
    if (j <= i) continue;
    for (int part = 0; part < 2; ++part) {
      const int16_t kept = x[2 * i + part];
      x[2 * i + part] = x[2 * j + part];
      x[2 * j + part] = kept;
    }
  }
  for (int m = 1, turn = 128; m < 256; m *= 4, turn /= 4)
    for (int start = 0; start < 256; start += 4 * m)
      for (int j = 0; j < m; ++j) {
        int16_t re[4], im[4];
        for (int q = 0; q < 4; ++q) {
          re[q] = thimble_ms_part(x[2 * (start + j + q * m)], 4);
          im[q] = thimble_ms_part(x[2 * (start + j + q * m) + 1], 4);
          if (q > 0) thimble_ms_turn(&re[q], &im[q], q * j * turn);
        }
        const int16_t a_re = (int16_t)(re[0] + re[2]), a_im = (int16_t)(im[0] + im[2]);
        const int16_t b_re = (int16_t)(re[0] - re[2]), b_im = (int16_t)(im[0] - im[2]);
        const int16_t c_re = (int16_t)(re[1] + re[3]), c_im = (int16_t)(im[1] + im[3]);
        const int16_t d_re = (int16_t)(re[1] - re[3]), d_im = (int16_t)(im[1] - im[3]);
        int16_t* const at = x + 2 * (start + j);
        at[0] = (int16_t)(a_re + c_re);
        at[1] = (int16_t)(a_im + c_im);
        at[2 * m] = (int16_t)(b_re + d_im);
        at[2 * m + 1] = (int16_t)(b_im - d_re);
        at[4 * m] = (int16_t)(a_re - c_re);
        at[4 * m + 1] = (int16_t)(a_im - c_im);
        at[6 * m] = (int16_t)(b_re - d_im);
        at[6 * m + 1] = (int16_t)(b_im + d_re);
      }
}

// The power of bin k of the real transform whose even and odd samples were the two parts of x; 0 < k < 256.
static inline int32_t thimble_ms_power(const int16_t* x, int k) {
  const int low = k <= 128 ? k : 256 - k;
  const int16_t p_re = thimble_ms_part(x[2 * low], 2), p_im = thimble_ms_part(x[2 * low + 1], 2);
  const int16_t q_re = thimble_ms_part(x[2 * (256 - low)], 2);
  const int16_t q_im = thimble_ms_part((int16_t)-x[2 * (256 - low) + 1], 2);
  const int16_t sum_re = (int16_t)(p_re + q_re), sum_im = (int16_t)(p_im + q_im);
  int16_t re = (int16_t)(p_re - q_re), im = (int16_t)(p_im - q_im);
  thimble_ms_turn(&re, &im, low + 128);  // and by a quarter of the circle
  const int sign = k <= 128 ? 1 : -1;
  const int16_t out_re = (int16_t)((sum_re + sign * re) >> 1);
  const int16_t out_im = (int16_t)((im + sign * sum_im) >> 1);
  return (int32_t)((uint32_t)((int32_t)out_re * out_re) + (uint32_t)((int32_t)out_im * out_im));
}

// The root, rounded; below 2^32 at most 65535.
THIMBLE_INLINE uint32_t thimble_ms_root(uint64_t v) {
  const uint32_t most = v >> 32 ? 0xffffffffu : 0xffffu;
  uint64_t root = 0, bit = (uint64_t)1 << 62;
  while (bit > v) bit >>= 2;
  for (; bit != 0; bit >>= 2) {
    const int fits = v >= root + bit;
    if (fits) v -= root + bit;
    root = (root >> 1) + (fits ? bit : 0);
  }
  return (uint32_t)(v > root && root != most ? root + 1 : root);
}

// The gain for noise of x / 128: a parabola between powers of two.
static inline uint32_t thimble_ms_gain(uint32_t x) {
  if (x < 2) return (uint32_t)thimble_ms_gains[x];
  const int width = thimble_ms_width(x);
  const int16_t* const at = thimble_ms_gains + 2 + 3 * (width - 2);
  const int32_t part = (int32_t)((width < 11 ? x << (11 - width) : x >> (width - 11)) & 0x3ff);
  int32_t v = ((int32_t)at[2] * part >> 5) + (int32_t)((uint32_t)at[1] << 5);
  v = (v * part + (1 << 14)) >> 15;
  return (uint32_t)(int32_t)(int16_t)(v + at[0]);
}

// 64 ln(x), for x above 1.
static inline uint32_t thimble_ms_log(uint32_t x) {
  const int whole = thimble_ms_width(x) - 1;
  int32_t part = (int32_t)(x - ((uint32_t)1 << whole));
  part = whole < 16 ? (int32_t)((uint32_t)part << (16 - whole)) : part >> (whole - 16);
  const int32_t segment = part >> 9, c0 = thimble_ms_logs[segment], c1 = thimble_ms_logs[segment + 1];
  const int32_t fraction = part + c0 + ((c1 - c0) * (part - 512 * segment) >> 16);
  const uint32_t log2 = ((uint32_t)whole << 16) + (uint32_t)fraction;
  const uint32_t natural = (uint32_t)(((uint64_t)45426 * log2 + 32768) >> 16);  // ln(2) in 1/65536
  return ((natural << 6) + 32768) >> 16;
}

// Frame of the next THIMBLE_MS_WINDOW samples; `work` has THIMBLE_MS_WORK elements. Frames of a stream begin
// THIMBLE_MS_STEP samples apart and share `noise`: what it remembers of each channel's noise, in 1/1024; zeros at its
// start.
static inline void thimble_micro_speech_frame(uint32_t* noise, const int16_t* samples, int16_t* work, uint16_t* out) {
  int16_t most = 0;
  for (int i = 0; i < THIMBLE_MS_WINDOW; ++i) {
    const int16_t weight = thimble_ms_window[i < 240 ? i : 479 - i];
    const int16_t v = (int16_t)((int32_t)samples[i] * weight >> 12), size = (int16_t)(v < 0 ? -v : v);
    work[i] = v;
    if (size > most) most = size;
  }
  const int shift = 15 - thimble_ms_width((uint32_t)most);
  for (int i = 0; i < THIMBLE_MS_WINDOW; ++i) work[i] = (int16_t)((uint32_t)(uint16_t)work[i] << shift);
  memset(work + THIMBLE_MS_WINDOW, 0, (THIMBLE_MS_WORK - THIMBLE_MS_WINDOW) * sizeof *work);
  thimble_ms_fft(work);
  uint64_t carried = 0;  // what the channel before leaves to this one
  for (int c = -1, k = 5; c < THIMBLE_MS_CHANNELS; ++c) {
    uint64_t sum = carried;
    carried = 0;
    for (; k < thimble_ms_ends[c + 1]; ++k) {
      const uint64_t power = (uint64_t)(int64_t)thimble_ms_power(work, k), weight = (uint64_t)thimble_ms_weights[k - 5];
      sum += weight * power;
      carried += (4096 - weight) * power;
    }
    if (c < 0) continue;
    const uint32_t signal = thimble_ms_root(sum) >> shift, scaled = signal << 10;
    const uint32_t rate = c % 2 == 0 ? 409 : 983;  // 0.025 and 0.06 in 1/16384
    noise[c] = (uint32_t)(((uint64_t)scaled * rate + (uint64_t)noise[c] * (16384 - rate)) >> 14);
    const uint32_t clean = (scaled - (noise[c] < scaled ? noise[c] : scaled)) >> 10;
    const uint32_t least = (uint32_t)(((uint64_t)signal * 819) >> 14);
    const uint64_t kept = clean > least ? clean : least;
    const uint32_t ratio = (uint32_t)(kept * thimble_ms_gain(noise[c]) >> 6);
    const uint32_t even = (ratio < 8192 ? (ratio * ratio) >> 20 : (ratio >> 6) - 64) << 3;
    const uint32_t value = even > 1 ? thimble_ms_log(even) : 0;
    out[c] = (uint16_t)(value < 0xffff ? value : 0xffff);
  }
}

// The byte that micro_speech's network takes for a value of a frame: value * 256 / 666, and -128.
THIMBLE_INLINE int8_t thimble_micro_speech_byte(uint16_t value) {
  return (int8_t)thimble_clamp(((int32_t)value * 256 + 333) / 666 - 128, -128, 127);
}
