#include "base/range_coder.h"

#include <array>
#include <cmath>

namespace thimble {
namespace {

// −log2 of (i + ½) / 4096 in 1/65536 bit; only measuring uses it.
const std::array<uint32_t, 4096>& cost_table() {
  static const std::array<uint32_t, 4096> table = [] {
    std::array<uint32_t, 4096> t{};
    for (size_t i = 0; i < t.size(); ++i)
      t[i] = static_cast<uint32_t>(std::lround(-std::log2((static_cast<double>(i) + 0.5) / 4096) * 65536));
    return t;
  }();
  return table;
}

}  // namespace

BitCoder BitCoder::reader(std::span<const uint8_t> bytes, int64_t budget) {
  BitCoder coder(Mode::read);
  coder.in_ = bytes;
  coder.budget_ = budget;
  for (int i = 0; i < kLookahead; ++i) coder.code_ = (coder.code_ << 8) | coder.next();
  return coder;
}

uint32_t BitCoder::cost_of(uint32_t p) {
  static const std::array<uint32_t, 4096>& table = cost_table();
  // Probabilities below 1/16 are looked up sixteen times as large: four bits more.
  return p < 4096 ? table[p] + (4u << 16) : table[p >> 4];
}

uint64_t BitCoder::even_bits(uint64_t value, int count) {
  uint64_t out = 0;
  for (int i = count - 1; i >= 0; --i) out = (out << 1) | (even((value >> i) & 1) ? 1u : 0u);
  return out;
}

void BitCoder::shift() {
  if (mode_ == Mode::read) {
    code_ = (code_ << 8) | next();
  } else {
    if (low_ >= kTop) {  // a carry into what is written already
      for (size_t i = out_.size(); i-- > 0 && ++out_[i] == 0;) {}
      low_ -= kTop;
    }
    out_.push_back(static_cast<uint8_t>(low_ >> 40));
    low_ = (low_ << 8) & (kTop - 1);
  }
  range_ <<= 8;
  ++shifts_;
}

double BitCoder::bits() const {
  if (mode_ == Mode::measure) return static_cast<double>(cost_) / 65536;
  return static_cast<double>(8 * shifts_ + 48) - std::log2(static_cast<double>(range_));
}

std::vector<uint8_t> BitCoder::finish() {
  // The number in [low, low + range) with the most trailing zero bytes.
  uint64_t end = low_;
  for (int drop = 48; drop >= 0; drop -= 8) {
    const uint64_t unit = uint64_t{1} << drop;
    const uint64_t candidate = (low_ + unit - 1) & ~(unit - 1);
    if (candidate - low_ < range_) {
      end = candidate;
      break;
    }
  }
  if (end >= kTop) {
    for (size_t i = out_.size(); i-- > 0 && ++out_[i] == 0;) {}
    end -= kTop;
  }
  for (int i = 40; i >= 0; i -= 8) out_.push_back(static_cast<uint8_t>(end >> i));
  for (int i = 0; i < kLookahead && !out_.empty() && out_.back() == 0; ++i) out_.pop_back();
  return std::move(out_);
}

}  // namespace thimble
