#include "formats/thim/symbols.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <numeric>

namespace thimble::thim {
namespace {

// Decisions by number: whether 0, sign, the unary length of the magnitude, then the bits below its highest,
// numbered by what is known of it. Above six known bits only the position counts.
constexpr int kZeroNode = 0, kSignNode = 1, kLengthNode = 2, kBitNode = 32;

// log2 in half steps of (x + 16) / 16, x a magnitude in 1/16: 0 … 27.
int level_of(int64_t x) {
  const auto v = static_cast<uint64_t>(x + 16);
  const auto width = static_cast<int>(std::bit_width(v));  // 5 and above
  const int half = (v >> (width - 2)) & 1 ? 1 : 0;
  return std::min(2 * (width - 5) + half, 27);
}

// 0; ±1 … ±3: small, middling, large against the mean magnitude (1/16); as 0 … 6.
int signed_level(int32_t v, int64_t mean) {
  if (v == 0) return 0;
  const int64_t a = std::abs(static_cast<int64_t>(v)) * 32;
  const int size = a <= mean ? 1 : a <= 3 * mean ? 2 : 3;
  return v > 0 ? size : 3 + size;
}

}  // namespace

int64_t Grid::elements() const {
  int64_t n = 1;
  for (int64_t d : dims) n *= d;
  return n;
}

SymbolModel::SymbolModel()
    : counters_(static_cast<size_t>(std::accumulate(kLevels.begin(), kLevels.end(), 0)) * kNodes),
      quick_(kNodes),
      mixer_(kContexts + 1, 24) {}

bool SymbolModel::decide(BitCoder& coder, bool bit, int node, int set) {
  std::array<int, kContexts + 1> inputs;
  std::array<Counter*, kContexts> counters;
  for (size_t c = 0; c < kContexts; ++c) {
    counters[c] = &counters_[base_[c] + static_cast<size_t>(node)];
    inputs[c] = stretch(counters[c]->p1());
  }
  Counter& quick = quick_[static_cast<size_t>(node)];
  inputs[kContexts] = stretch(quick.p1());
  bit = coder.bit(bit, mixer_.mix(inputs, set));
  mixer_.update(bit);
  for (size_t c = 0; c < kContexts; ++c) counters[c]->update(bit, c == 0 ? 1023 : 255);
  quick.update(bit, 20);
  return bit;
}

int SymbolModel::code_symbol(BitCoder& coder, int value, int below, int above, bool not_zero) {
  if (!not_zero && decide(coder, value == 0, kZeroNode, 0)) return 0;
  const bool negative = below == 0 ? false : above == 0 ? true : decide(coder, value < 0, kSignNode, 1);
  const auto longest = static_cast<int>(std::bit_width(static_cast<unsigned>(negative ? below : above)));
  const auto magnitude = static_cast<unsigned>(std::abs(value));
  const auto own = static_cast<int>(std::bit_width(magnitude));
  int length = 1;
  while (length < longest && decide(coder, own > length, kLengthNode + length, 1 + length)) ++length;
  unsigned known = 1;
  for (int low = length - 2; low >= 0; --low) {
    // One number per (length, known bits): 2^(length−1) + known lies in disjoint ranges.
    const int node = kBitNode + static_cast<int>((1u << (length - 1)) + known);
    const bool bit = decide(coder, (magnitude >> low) & 1u, node, 12 + low);
    known = 2 * known + (bit ? 1u : 0u);
  }
  return negative ? -static_cast<int>(known) : static_cast<int>(known);
}

void SymbolModel::code(BitCoder& coder, const Layout& layout, std::span<int32_t> values) {
  const std::vector<int64_t>& dims = layout.grid.dims;
  const auto n = static_cast<int64_t>(values.size());
  const int64_t outer = dims.empty() ? 1 : dims[0];
  const int64_t row = outer > 0 ? n / std::max<int64_t>(outer, 1) : 0;  // elements per output channel
  const int64_t last = dims.empty() ? 1 : dims.back();
  const bool deep = dims.size() > 2;
  const int64_t plane = dims.size() > 3 ? dims[dims.size() - 1] * dims[dims.size() - 2] : 0;
  const int below = layout.zero, above = layout.symbols - 1 - layout.zero;

  std::vector<int64_t> place(static_cast<size_t>(std::max<int64_t>(row, 1)));  // sum of magnitudes by place in the row
  std::vector<int64_t> column(static_cast<size_t>(std::max<int64_t>(last, 1)));  // and by innermost index
  int64_t total = 0, gap = -1;
  for (int64_t r = 0; r < outer; ++r) {
    int64_t row_total = 0;
    for (int64_t j = 0; j < row; ++j) {
      if (coder.failed()) return;
      const int64_t i = r * row + j, inner = j % last;
      const auto at = [&](bool there, int64_t k) { return there ? values[static_cast<size_t>(k)] - layout.zero : 0; };
      const int32_t left = at(inner > 0, i - 1), left2 = at(inner > 1, i - 2), before = at(r > 0, i - row);
      const int32_t up = deep ? at(j >= last, i - last) : at(j > 2, i - 3);
      const int32_t over = plane ? at(j >= plane, i - plane) : at(r > 1, i - 2 * row);
      const int64_t mean = i > 0 ? 16 * total / i : 0;
      const auto size = [](int32_t v) { return static_cast<int64_t>(std::abs(v)); };

      const int64_t in_row = (16 * row_total + 4 * mean) / (j + 4);
      const int64_t in_place = r > 0 ? 16 * place[static_cast<size_t>(j)] / r : 0;
      const int64_t seen = r * (row / last) + j / last;  // elements with this innermost index
      const int64_t in_column = seen > 0 ? 16 * column[static_cast<size_t>(inner)] / seen : 0;
      const std::array<int, kContexts> levels = {
          0,
          level_of(4 * size(left) + 2 * size(left2) + 4 * size(before) + 4 * size(up) + 2 * size(over)),
          level_of(in_place),
          deep ? level_of(in_column) : 7 * (level_of(in_place) / 4) + level_of(in_row) / 4,
          7 * signed_level(left, mean) + signed_level(up, mean),
          7 * signed_level(before, mean) + signed_level(over, mean),
          level_of(in_row)};
      size_t base = 0;
      for (size_t c = 0; c < kContexts; ++c) {
        base_[c] = (base + static_cast<size_t>(levels[c])) * kNodes;
        base += static_cast<size_t>(kLevels[c]);
      }

      int32_t& value = values[static_cast<size_t>(i)];
      int symbol = value - layout.zero;
      if (layout.gaps) {
        if (gap < 0) {  // zeros from here to the next other symbol; to the end if there is none
          int64_t ahead = 0;
          if (!coder.reading())
            while (i + ahead < n && values[static_cast<size_t>(i + ahead)] == layout.zero) ++ahead;
          gap = static_cast<int64_t>(gap_.code_unsigned(coder, static_cast<uint64_t>(ahead)) & INT64_MAX);
        }
        symbol = gap-- > 0 ? 0 : code_symbol(coder, symbol, below, above, true);
      } else {
        symbol = code_symbol(coder, symbol, below, above, false);
      }
      if (symbol < -below || symbol > above) {  // the bits below the highest can name more than there is
        coder.fail();
        return;
      }
      value = symbol + layout.zero;
      row_total += size(symbol);
      total += size(symbol);
      place[static_cast<size_t>(j)] += size(symbol);
      column[static_cast<size_t>(inner)] += size(symbol);
    }
  }
}

}  // namespace thimble::thim
