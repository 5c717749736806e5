// The adaptive models of the packed format: how likely each decision is, learned from those before it. Each
// model codes through a BitCoder, which writes, reads or measures; there is one function for all three.
// docs/thim.md specifies the arithmetic; it is exact (integers only) and must not change within a version.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/range_coder.h"

namespace thimble::thim {

// A probability that starts at p1 (in 1/65536) and moves toward what it sees by 1/(n + 1.5), n being the number
// of decisions seen so far, at most `limit`. n starts at `trust`.
class Counter {
 public:
  static constexpr uint32_t kMaxLimit = 1023;
  constexpr Counter() : Counter(32768) {}
  explicit constexpr Counter(uint32_t p1, uint32_t trust = 0) : state_(p1 << 16 | trust) {}
  // 1/65536, kept off 0 and 1.
  uint32_t p1() const {
    const uint32_t p = state_ >> 16;
    return p < 24 ? 24 : p > 65512 ? 65512 : p;
  }
  void update(bool bit, uint32_t limit);

 private:
  uint32_t state_;  // the probability in 1/4194304 above n in ten bits
};

// One decision with its own counter.
class Flag {
 public:
  static constexpr uint32_t kLimit = 60;
  // p1: how likely `true` is before anything was seen.
  Flag() = default;
  explicit Flag(double p1, uint32_t trust = 0) : counter_(static_cast<uint32_t>(p1 * 65536), trust) {}
  bool code(BitCoder& coder, bool value) {
    value = coder.bit(value, counter_.p1());
    counter_.update(value, kLimit);
    return value;
  }

 private:
  Counter counter_;
};

// A number below 2^bits as a binary tree of decisions, highest bit first.
class Tree {
 public:
  explicit Tree(int bits) : bits_(bits), nodes_(size_t{1} << bits) {}
  uint32_t code(BitCoder& coder, uint32_t value);

 private:
  int bits_;
  std::vector<Flag> nodes_;
};

// Integers of any size: is it 0, its sign, the position of its highest bit in unary, the two bits below it by
// tree, the rest as they are.
class Number {
 public:
  // `longer`: how likely each further bit of length is before anything was seen.
  Number() : Number(0.5) {}
  explicit Number(double longer) : length_(65, Flag(longer)), top_(65 * 4) {}
  uint64_t code_unsigned(BitCoder& coder, uint64_t value);
  int64_t code_signed(BitCoder& coder, int64_t value);

 private:
  uint64_t code_magnitude(BitCoder& coder, uint64_t value);  // from 1
  Flag zero_, negative_;
  std::vector<Flag> length_, top_;
};

// A float32 from 0: its exponent as a difference to the one before, how many low bits of the mantissa are 0, and
// the bits above those. NaN, infinity and negative numbers are for `code_any`.
class Scale {
 public:
  float code(BitCoder& coder, float value);

 private:
  Flag same_{0.2};
  uint32_t last_ = 0;
  Number exponent_{0.5};
  uint32_t last_exponent_ = 119;
  Number zeros_{0.5};
};

// ---- mixing ----
// The logistic function p = 1/(1 + e^−x) and its inverse on integers: x in 1/256 from −2047 to 2047, p in 1/65536.
uint32_t squash(int x);
int stretch(uint32_t p1);

// Joins several predictions of one decision into one: a weighted sum in the logistic domain whose weights learn
// by gradient of the coding cost (M. Mahoney, "Adaptive weighing of context models", 2005).
class Mixer {
 public:
  // `sets` independent sets of weights for `inputs` predictions.
  Mixer(int inputs, int sets);
  // The joint probability; remembers the inputs.
  uint32_t mix(std::span<const int> stretched, int set);
  void update(bool bit);

 private:
  int inputs_;
  std::vector<int32_t> weights_;  // 1/65536
  std::vector<int32_t> seen_;     // decisions per set
  std::array<int, 16> last_{};
  int set_ = 0;
  uint32_t p1_ = 32768;
};

}  // namespace thimble::thim
