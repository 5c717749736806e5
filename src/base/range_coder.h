// Binary arithmetic coding: one decision at a time, each with its own probability, at a cost of −log2 of it
// in bits. The same object type writes, reads or only measures, so that a model which codes through it is one
// function for all three and cannot disagree with itself. Integer arithmetic only: every machine writes and
// reads the same bytes. Source: range coding with carries (G. N. N. Martin 1979; as in LZMA, here with 48 bits).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace thimble {

class BitCoder {
 public:
  enum class Mode { write, read, measure };

  static BitCoder writer() { return BitCoder(Mode::write); }
  static BitCoder measurer() { return BitCoder(Mode::measure); }
  // `budget`: how many decisions may be read; reading fails beyond it. `bytes` must outlive the coder.
  static BitCoder reader(std::span<const uint8_t> bytes, int64_t budget);

  // Writes and measures `value`, or reads and gives it. p1 is the probability of true in 1/65536, 1 … 65535.
  bool bit(bool value, uint32_t p1) {
    ++decisions_;
    if (mode_ == Mode::measure) {
      cost_ += cost_of(value ? p1 : 65536 - p1);
      return value;
    }
    const uint64_t bound = (range_ >> 16) * p1;
    if (mode_ == Mode::read) {
      value = code_ < bound;
      if (!value) code_ -= bound;
    } else if (!value) {
      low_ += bound;
    }
    range_ = value ? bound : range_ - bound;
    while (range_ < kLeast) shift();
    return value;
  }
  // A decision without a model: one bit.
  bool even(bool value) { return bit(value, 32768); }
  // The low `count` (≤ 64) bits of a number, highest first, one bit each.
  uint64_t even_bits(uint64_t value, int count);

  Mode mode() const { return mode_; }
  bool reading() const { return mode_ == Mode::read; }
  // Bits that what went through so far takes: exact to about a thousandth.
  double bits() const;
  int64_t decisions() const { return decisions_; }

  // Reading went past the end (beyond the up to six zero bytes that a writer leaves out) or past the budget, or a
  // caller found nonsense. What is read from then on is arbitrary.
  bool failed() const { return failed_ || past_end_ > kLookahead || (mode_ == Mode::read && decisions_ > budget_); }
  void fail() { failed_ = true; }
  // Whether every byte has been read (the last ones may have been needed only for their lookahead).
  bool at_end() const { return position_ >= in_.size(); }

  // The bytes written; the coder is spent. Up to six trailing zero bytes are left out: the reader supplies them.
  std::vector<uint8_t> finish();

 private:
  static constexpr uint64_t kTop = uint64_t{1} << 48, kLeast = uint64_t{1} << 40;
  static constexpr int kLookahead = 6;

  explicit BitCoder(Mode mode) : mode_(mode) {}
  static uint32_t cost_of(uint32_t p);  // −log2(p / 65536) in 1/65536 bit
  void shift();
  uint8_t next() {
    if (position_ < in_.size()) return in_[position_++];
    ++past_end_;
    return 0;
  }

  Mode mode_;
  bool failed_ = false;
  uint64_t low_ = 0, range_ = kTop - 1, code_ = 0;
  int64_t decisions_ = 0, budget_ = 0, shifts_ = 0;
  uint64_t cost_ = 0;
  std::vector<uint8_t> out_;
  std::span<const uint8_t> in_;
  size_t position_ = 0;
  int past_end_ = 0;
};

}  // namespace thimble
