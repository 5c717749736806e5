#include "formats/thim/models.h"

#include <algorithm>
#include <bit>

namespace thimble::thim {
namespace {

// 65536 / (n + 1.5), rounded down.
constexpr std::array<int32_t, Counter::kMaxLimit + 1> kRate = [] {
  std::array<int32_t, Counter::kMaxLimit + 1> rate{};
  for (size_t n = 0; n < rate.size(); ++n) rate[n] = static_cast<int32_t>(131072 / (2 * n + 3));
  return rate;
}();

// 65536 / (1 + e^−x) at x = −8, −7.5 … 8; straight lines in between.
constexpr std::array<uint32_t, 33> kKnots = {22,    36,    60,    98,    162,   267,   439,   720,   1179,
                                             1921,  3108,  4971,  7812,  11955, 17625, 24743, 32768, 40793,
                                             47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097,
                                             65269, 65374, 65438, 65476, 65500, 65514};

constexpr std::array<uint32_t, 4096> kSquash = [] {
  std::array<uint32_t, 4096> table{};
  for (uint32_t i = 0; i < 4096; ++i) {
    const uint32_t knot = i / 128, part = i % 128;
    table[i] = (kKnots[knot] * (128 - part) + kKnots[knot + 1] * part + 64) / 128;
  }
  return table;
}();

// The largest x whose squash is at most 4·i + 2.
constexpr std::array<int16_t, 16384> kStretch = [] {
  std::array<int16_t, 16384> table{};
  int x = -2047;
  for (uint32_t i = 0; i < 16384; ++i) {
    while (x < 2047 && kSquash[static_cast<size_t>(x + 1 + 2048)] <= 4 * i + 2) ++x;
    table[i] = static_cast<int16_t>(x);
  }
  return table;
}();

}  // namespace

void Counter::update(bool bit, uint32_t limit) {
  const auto p = static_cast<int32_t>(state_ >> 10);
  const uint32_t n = state_ & 1023u;
  const int64_t step = static_cast<int64_t>((bit ? (1 << 22) - 1 : 0) - p) * kRate[n];
  const int32_t moved = p + static_cast<int32_t>(step >> 16);
  state_ = static_cast<uint32_t>(moved) << 10 | (n < limit ? n + 1 : n);
}

uint32_t Tree::code(BitCoder& coder, uint32_t value) {
  uint32_t node = 1;
  for (int i = bits_ - 1; i >= 0; --i) node = 2 * node + (nodes_[node].code(coder, (value >> i) & 1u) ? 1u : 0u);
  return node - (1u << bits_);
}

uint64_t Number::code_magnitude(BitCoder& coder, uint64_t value) {
  const auto length = static_cast<int>(std::bit_width(value));  // 1 … 64
  int e = 1;
  while (e < 64 && length_[static_cast<size_t>(e)].code(coder, length > e)) ++e;
  uint64_t out = 1;
  int low = e - 1;  // bits below the highest
  size_t node = 1;
  for (int i = 0; i < 2 && low > 0; ++i) {
    --low;
    const bool bit = top_[static_cast<size_t>(e) * 4 + node].code(coder, (value >> low) & 1);
    node = 2 * node + (bit ? 1 : 0);
    out = 2 * out + (bit ? 1 : 0);
  }
  if (low == 0) return out;
  return (out << low) | coder.even_bits(value, low);
}

uint64_t Number::code_unsigned(BitCoder& coder, uint64_t value) {
  if (zero_.code(coder, value == 0)) return 0;
  return code_magnitude(coder, value);
}

int64_t Number::code_signed(BitCoder& coder, int64_t value) {
  if (zero_.code(coder, value == 0)) return 0;
  const bool negative = negative_.code(coder, value < 0);
  const uint64_t magnitude =
      code_magnitude(coder, negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value));
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

float Scale::code(BitCoder& coder, float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (same_.code(coder, bits == last_)) return std::bit_cast<float>(last_);
  const int64_t e = exponent_.code_signed(coder, static_cast<int64_t>(bits >> 23) - last_exponent_) + last_exponent_;
  if (e < 0 || e > 254) {  // only a damaged file says so: a scale is finite and not negative
    coder.fail();
    return 0;
  }
  uint32_t mantissa = bits & 0x7fffffu;
  const uint64_t zeros = zeros_.code_unsigned(coder, mantissa ? static_cast<uint64_t>(std::countr_zero(mantissa)) : 23);
  if (zeros > 23) {
    coder.fail();
    return 0;
  }
  if (zeros < 23) {  // the lowest bit that is not 0 is known
    const auto above = static_cast<uint32_t>(coder.even_bits(mantissa >> (zeros + 1), static_cast<int>(22 - zeros)));
    mantissa = ((above << 1) | 1u) << zeros;
  } else {
    mantissa = 0;
  }
  last_exponent_ = static_cast<uint32_t>(e);
  last_ = (static_cast<uint32_t>(e) << 23) | mantissa;
  return std::bit_cast<float>(last_);
}

uint32_t squash(int x) { return kSquash[static_cast<size_t>(std::clamp(x, -2047, 2047) + 2048)]; }
int stretch(uint32_t p1) { return kStretch[p1 >> 2]; }

Mixer::Mixer(int inputs, int sets)
    : inputs_(inputs),
      weights_(static_cast<size_t>(inputs * sets), 65536 * 13 / (10 * inputs)),
      seen_(static_cast<size_t>(sets)) {}

uint32_t Mixer::mix(std::span<const int> stretched, int set) {
  set_ = set;
  const int32_t* w = weights_.data() + static_cast<size_t>(set) * static_cast<size_t>(inputs_);
  int64_t sum = 0;
  for (int i = 0; i < inputs_; ++i) {
    last_[static_cast<size_t>(i)] = stretched[static_cast<size_t>(i)];
    sum += static_cast<int64_t>(w[i]) * stretched[static_cast<size_t>(i)];
  }
  p1_ = squash(static_cast<int>(std::clamp<int64_t>(sum >> 16, -2047, 2047)));
  return p1_;
}

void Mixer::update(bool bit) {
  int32_t* w = weights_.data() + static_cast<size_t>(set_) * static_cast<size_t>(inputs_);
  int32_t& seen = seen_[static_cast<size_t>(set_)];
  // Large steps at first, small ones later.
  const int64_t rate = 2 + 14 * 32 / (32 + seen);
  if (seen < 100000) ++seen;
  const int64_t error = (bit ? 65536 : 0) - static_cast<int64_t>(p1_);
  for (int i = 0; i < inputs_; ++i) {
    const int64_t step = (error * last_[static_cast<size_t>(i)] * rate + (1 << 19)) >> 20;
    w[i] = static_cast<int32_t>(std::clamp<int64_t>(w[i] + step, -(1 << 20), 1 << 20));
  }
}

}  // namespace thimble::thim
