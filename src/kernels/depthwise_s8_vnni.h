// int8 depthwise convolution with vpdpbusd: 64 channels of four taps at a time. The bytes of four taps
// are interleaved (two levels of byte and word unpacking), so that each int32 lane holds one channel's
// four activations; the weights are interleaved the same way once per call. Unpacking works within
// 128-bit lanes, so vector i, lane l holds channels 16·l + 4·i … + 3; the constants are laid out in
// that order, and narrowing by vpackssdw/vpacksswb brings the bytes back into the natural one.
#pragma once

#include "kernels/depthwise_s8_x86.h"

namespace thimble {
namespace {

constexpr int kWide = 64;       // channels per block
constexpr int kWidePixels = 2;  // pixels that share the loads of weights and constants
constexpr int64_t kMostTaps = 64;

struct Quad {
  __m512i v[4];
};

inline Quad interleave(__m512i x0, __m512i x1, __m512i x2, __m512i x3) {
  const __m512i low01 = _mm512_unpacklo_epi8(x0, x1), high01 = _mm512_unpackhi_epi8(x0, x1);
  const __m512i low23 = _mm512_unpacklo_epi8(x2, x3), high23 = _mm512_unpackhi_epi8(x2, x3);
  return {{_mm512_unpacklo_epi16(low01, low23), _mm512_unpackhi_epi16(low01, low23),
           _mm512_unpacklo_epi16(high01, high23), _mm512_unpackhi_epi16(high01, high23)}};
}

// `count` int32 in the order of the interleaved vectors; `rest` beyond.
inline void lay_out(const int32_t* x, int count, int32_t rest, int32_t out[kWide]) {
  int32_t all[kWide];
  for (int i = 0; i < kWide; ++i) all[i] = x != nullptr && i < count ? x[i] : rest;
  for (int lane = 0; lane < 4; ++lane)
    for (int i = 0; i < 4; ++i) __builtin_memcpy(out + 16 * i + 4 * lane, all + 16 * lane + 4 * i, 16);
}

// Everything that a block of channels needs, made once per call.
struct WideBlock {
  __m512i weights[kMostTaps / 4][4];
  __m512i start[4];
  Requant512 requant[4];
  alignas(64) uint8_t padding[kWide];
  __mmask64 lanes;
  __m512i bias_of_bytes;  // xor-ed onto activations: int8 becomes unsigned, moved up by 128

  WideBlock(const DepthwiseS8Args& a, int64_t c, int count) {
    lanes = count >= kWide ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
    const int move = a.x_unsigned ? 0 : 128;
    bias_of_bytes = _mm512_set1_epi8(static_cast<char>(move));
    for (uint8_t& byte : padding) byte = static_cast<uint8_t>(a.zero_point);
    __m512i sums[4] = {};
    for (int64_t g = 0; g < (a.taps + 3) / 4; ++g) {
      __m512i w[4];
      for (int u = 0; u < 4; ++u)
        w[u] = 4 * g + u < a.taps ? _mm512_maskz_loadu_epi8(lanes, a.w + (4 * g + u) * a.channels + c)
                                  : _mm512_setzero_si512();
      const Quad q = interleave(w[0], w[1], w[2], w[3]);
      for (int i = 0; i < 4; ++i) {
        weights[g][i] = q.v[i];
        sums[i] = _mm512_dpbusd_epi32(sums[i], _mm512_set1_epi8(1), q.v[i]);
      }
    }
    alignas(64) int32_t bias[kWide], multiplier[kWide], shift[kWide];
    lay_out(a.bias == nullptr ? nullptr : a.bias + c, count, 0, bias);
    lay_out(a.requant.multiplier + c, count, 0, multiplier);
    lay_out(a.requant.shift + c, count, -1, shift);
    RequantArgs r = a.requant;
    r.multiplier = multiplier;
    r.shift = shift;
    for (int i = 0; i < 4; ++i) {
      const __m512i zero = _mm512_mullo_epi32(sums[i], _mm512_set1_epi32(a.zero_point + move));
      start[i] = _mm512_sub_epi32(_mm512_load_si512(bias + 16 * i), zero);
      requant[i] = Requant512(r, 16 * i, 16);
    }
  }

  bool ordinary() const {
    return requant[0].ordinary && requant[1].ordinary && requant[2].ordinary && requant[3].ordinary;
  }
};

template <int kCount>
inline void wide_pixels(const DepthwiseS8Args& a, const WideBlock& block, int64_t m, int64_t c) {
  __m512i acc[kCount][4];
  for (int p = 0; p < kCount; ++p)
    for (int i = 0; i < 4; ++i) acc[p][i] = block.start[i];
  const int32_t* offsets = a.offsets + m * a.taps;
  const uint8_t* x = a.x + c;
  const auto load = [&](int p, int64_t t) {
    const int32_t o = offsets[p * a.taps + t];
    return _mm512_xor_si512(_mm512_maskz_loadu_epi8(block.lanes, o < 0 ? block.padding : x + o), block.bias_of_bytes);
  };
  const auto accumulate = [&](int p, int64_t g, const Quad& q) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) acc[p][i] = _mm512_dpbusd_epi32(acc[p][i], q.v[i], block.weights[g][i]);
  };
  int64_t t = 0;
  for (; t + 4 <= a.taps; t += 4) {
#pragma GCC unroll 4
    for (int p = 0; p < kCount; ++p)
      accumulate(p, t / 4, interleave(load(p, t), load(p, t + 1), load(p, t + 2), load(p, t + 3)));
  }
  if (t < a.taps) {  // missing taps meet zero weights
    const int64_t last = a.taps - 1, second = t + 1 < last ? t + 1 : last;
    for (int p = 0; p < kCount; ++p) {
      const __m512i first = load(p, t);
      const __m512i next = second > t ? load(p, second) : first;
      accumulate(p, t / 4, interleave(first, next, last > second ? load(p, last) : next, first));
    }
  }
  const __m512i lo = _mm512_broadcast_i32x4(block.requant[0].lo), hi = _mm512_broadcast_i32x4(block.requant[0].hi);
  const __m512i flip = _mm512_broadcast_i32x4(block.requant[0].flip);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i)
#pragma GCC unroll 4
    for (int p = 0; p < kCount; ++p) acc[p][i] = block.requant[i].ordinary_value(acc[p][i]);
#pragma GCC unroll 4
  for (int p = 0; p < kCount; ++p) {
    const __m512i bytes =
        _mm512_packs_epi16(_mm512_packs_epi32(acc[p][0], acc[p][1]), _mm512_packs_epi32(acc[p][2], acc[p][3]));
    const __m512i clamped = _mm512_min_epi8(_mm512_max_epi8(bytes, lo), hi);
    _mm512_mask_storeu_epi8(a.y + (m + p) * a.ldy + c, block.lanes, _mm512_xor_si512(clamped, flip));
  }
}

void wide_depthwise_s8(const DepthwiseS8Args& a) {
  const bool byte_zero_point =
      a.x_unsigned ? a.zero_point >= 0 && a.zero_point <= 255 : a.zero_point >= -128 && a.zero_point <= 127;
  if (a.channels <= 2 * S8::kLanes - 8 || a.taps > kMostTaps || !byte_zero_point) return depthwise_s8(a);
  // Pixels per sweep over the channels: their input stays near, the block's constants are paid rarely.
  const int64_t wanted = int64_t{128} * 1024 / a.channels;
  const int64_t pixels = wanted < 64 ? 64 : wanted;
  for (int64_t m0 = 0; m0 < a.m; m0 += pixels) {
    const int64_t m1 = m0 + pixels < a.m ? m0 + pixels : a.m;
    for (int64_t c = 0; c < a.channels; c += kWide) {
      const int count = static_cast<int>(a.channels - c < kWide ? a.channels - c : kWide);
      const WideBlock block(a, c, count);
      if (!block.ordinary()) {
        for (int64_t at = c; at < c + count; at += S8::kLanes) {
          const int part = static_cast<int>(c + count - at < S8::kLanes ? c + count - at : S8::kLanes);
          if (a.x_unsigned)
            depthwise_vector<true, true>(a, m0, m1, at, part);
          else
            depthwise_vector<false, true>(a, m0, m1, at, part);
        }
        continue;
      }
      int64_t m = m0;
      for (; m + kWidePixels <= m1; m += kWidePixels) wide_pixels<kWidePixels>(a, block, m, c);
      for (; m < m1; ++m) wide_pixels<1>(a, block, m, c);
    }
  }
}

}  // namespace
}  // namespace thimble
