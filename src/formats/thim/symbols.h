// Weights as small symbols: each is coded by a handful of decisions (zero or not, sign, length, lower bits), and
// each decision is predicted from several contexts at once whose predictions are mixed. The contexts are
// what weights of a network have to do with each other: the values before it in its row, the same place in the
// output channel before, how large the weights of this row and of this column are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "formats/thim/models.h"

namespace thimble::thim {

// How the symbols lie: the sizes of a tensor from the outermost, those of 1 left out.
struct Grid {
  std::vector<int64_t> dims;
  int64_t elements() const;
};

class SymbolModel {
 public:
  static constexpr int kMaxSymbols = 512;

  SymbolModel();

  struct Layout {
    Grid grid;
    int zero = 0;       // the symbol that stands for "nothing here": 0 … symbols
    int symbols = 0;    // they are 0 … symbols − 1
    bool gaps = false;  // how many zeros before the next other symbol, instead of a decision for each
  };
  // Writes, measures or reads all of `values`. What was learned stays for the next tensor.
  void code(BitCoder& coder, const Layout& layout, std::span<int32_t> values);

 private:
  static constexpr int kContexts = 7, kNodes = 544;
  static constexpr std::array<int, kContexts> kLevels = {1, 28, 28, 49, 49, 49, 28};

  // The decisions of one symbol, given as its distance from `zero`.
  int code_symbol(BitCoder& coder, int value, int below, int above, bool not_zero);
  bool decide(BitCoder& coder, bool bit, int node, int set);

  std::vector<Counter> counters_;  // [context][level of it][node]
  std::vector<Counter> quick_;     // order 0 again, forgetting fast
  Mixer mixer_;
  Number gap_;
  std::array<size_t, kContexts> base_{};  // where the counters of the element's levels begin
};

}  // namespace thimble::thim
