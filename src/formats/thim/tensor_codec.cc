#include "formats/thim/tensor_codec.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "formats/thim/keys.h"

namespace thimble::thim {
namespace {

constexpr int64_t kManyElements = 400'000;  // beyond these, fewer choices are tried

// Sizes other than 1; the last axis first where asked.
Grid grid_of(const Shape& shape, bool columns_first) {
  Grid grid;
  for (int64_t d : shape.dims())
    if (d != 1) grid.dims.push_back(d);
  if (columns_first && !grid.dims.empty()) std::rotate(grid.dims.begin(), grid.dims.end() - 1, grid.dims.end());
  return grid;
}

// Element i of the columns-first order is element (i % rows) · columns + i / rows of the natural one.
void reorder(const Shape& shape, bool back, std::vector<int32_t>& keys) {
  int64_t columns = 1;
  for (int64_t d : shape.dims())
    if (d != 1) columns = d;
  const auto n = static_cast<int64_t>(keys.size());
  const int64_t rows = n / std::max<int64_t>(columns, 1);
  std::vector<int32_t> out(keys.size());
  for (int64_t i = 0; i < n; ++i) {
    const auto a = static_cast<size_t>(i), b = static_cast<size_t>(i % rows * columns + i / rows);
    back ? out[b] = keys[a] : out[a] = keys[b];
  }
  keys = std::move(out);
}

std::vector<int32_t> alphabet_of(const std::vector<int32_t>& keys) {
  std::vector<int32_t> sorted = keys;
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

// The zero bits that all end with; 0 where all are 0.
int common_shift(const std::vector<int32_t>& keys) {
  uint32_t any = 0;
  for (const int32_t key : keys) any |= static_cast<uint32_t>(key);
  return any ? std::countr_zero(any) : 0;
}

bool small_integers(const Tensor& tensor) { return tensor.type == DType::i32 && !tensor.quant.empty(); }

}  // namespace

const char* name(Coding coding) {
  constexpr const char* names[] = {"one value", "numbers", "range",          "palette",
                                   "floats",    "raw",     "same as before", "multiples"};
  return names[static_cast<size_t>(coding)];
}

void TensorCodec::code_choice(BitCoder& coder, TensorModels& models, DataChoice& choice) {
  const uint32_t coding = models.coding.code(coder, static_cast<uint32_t>(choice.coding));
  if (coding >= static_cast<uint32_t>(Coding::count)) return coder.fail();
  choice.coding = static_cast<Coding>(coding);
  if (choice.coding == Coding::range || choice.coding == Coding::palette) {
    choice.fresh = models.flags[0].code(coder, choice.fresh);
    choice.gaps = models.flags[1].code(coder, choice.gaps);
    choice.columns_first = models.flags[2].code(coder, choice.columns_first);
  } else if (choice.coding == Coding::floats) {
    choice.fresh = models.flags[3].code(coder, choice.fresh);
  }
}

void TensorCodec::code_symbols(BitCoder& coder, TensorModels& models, const DataChoice& choice, const Tensor& tensor,
                               std::vector<int32_t>& keys) {
  std::vector<int32_t> alphabet;
  if (!coder.reading()) alphabet = alphabet_of(keys);
  int64_t least = 0, greatest = 0;
  key_range(tensor.type, &least, &greatest);
  int64_t first = models.key.code_signed(coder, alphabet.empty() ? 0 : alphabet.front());
  int64_t symbols = 0;
  if (choice.coding == Coding::range) {
    const int64_t span = alphabet.empty() ? 0 : int64_t{alphabet.back()} - alphabet.front();
    symbols = static_cast<int64_t>(models.count.code_unsigned(coder, static_cast<uint64_t>(span)) & INT32_MAX) + 1;
    if (symbols > SymbolModel::kMaxSymbols || first < least || first + symbols - 1 > greatest) return coder.fail();
    alphabet.resize(static_cast<size_t>(symbols));
    std::iota(alphabet.begin(), alphabet.end(), static_cast<int32_t>(first));
  } else {
    const uint64_t more = alphabet.empty() ? 0 : alphabet.size() - 1;
    symbols = static_cast<int64_t>(models.count.code_unsigned(coder, more) & INT32_MAX) + 1;
    if (symbols > SymbolModel::kMaxSymbols || first < least || first > greatest) return coder.fail();
    alphabet.resize(static_cast<size_t>(symbols));
    alphabet[0] = static_cast<int32_t>(first);
    for (size_t i = 1; i < alphabet.size(); ++i) {
      const int64_t step = int64_t{alphabet[i]} - alphabet[i - 1] - 1;
      const uint64_t coded = models.step.code_unsigned(coder, static_cast<uint64_t>(step));
      const int64_t next =
          int64_t{alphabet[i - 1]} + 1 + static_cast<int64_t>(std::min<uint64_t>(coded, uint64_t{1} << 40));
      if (next > greatest || coder.failed()) return coder.fail();
      alphabet[i] = static_cast<int32_t>(next);
    }
  }
  alphabet_ = static_cast<int>(symbols);
  const int32_t nothing = tensor.quant.scale.size() == 1 ? tensor.quant.zero_point[0] : 0;
  const auto zero = std::min<int64_t>(std::ranges::lower_bound(alphabet, nothing) - alphabet.begin(), symbols - 1);

  if (!coder.reading()) {
    if (choice.columns_first) reorder(tensor.shape, false, keys);
    for (int32_t& key : keys) key = static_cast<int32_t>(std::ranges::lower_bound(alphabet, key) - alphabet.begin());
  }
  models.symbols.code(coder,
                      {.grid = grid_of(tensor.shape, choice.columns_first),
                       .zero = static_cast<int>(zero),
                       .symbols = static_cast<int>(symbols),
                       .gaps = choice.gaps},
                      keys);
  if (coder.failed() || !coder.reading()) return;
  for (int32_t& key : keys) key = alphabet[static_cast<size_t>(key)];
  if (choice.columns_first) reorder(tensor.shape, true, keys);
}

// The exponent above the least one, with the number's sign, as a symbol; 0 for numbers without an exponent (0 and
// what is too small). Then for each number the sign where the symbol has none, and the mantissa.
void TensorCodec::code_floats(BitCoder& coder, TensorModels& models, const DataChoice&, const Tensor& tensor,
                              std::vector<int32_t>& keys) {
  if (tensor.type != DType::f32 && tensor.type != DType::f16) return coder.fail();  // a forged choice
  const int low = mantissa_bits(tensor.type), width = static_cast<int>(bits(tensor.type));
  const uint32_t exponents = (1u << (width - 1 - low)) - 1;
  std::vector<int32_t> symbols(keys.size());
  std::vector<uint32_t> patterns(keys.size());
  uint32_t least = exponents, most = 1;
  if (!coder.reading()) {
    for (size_t i = 0; i < keys.size(); ++i) {
      patterns[i] = float_pattern(tensor.type, keys[i]);
      const uint32_t e = (patterns[i] >> low) & exponents;
      if (e == 0) continue;
      least = std::min(least, e);
      most = std::max(most, e);
    }
    most = std::max(most, least);
  }
  least = static_cast<uint32_t>(models.key.code_signed(coder, least));
  if (least < 1 || least > exponents) return coder.fail();
  most = least + static_cast<uint32_t>(models.count.code_unsigned(coder, most - least) & 0xffff);
  if (most > exponents) return coder.fail();
  const int span = static_cast<int>(most - least + 1);
  alphabet_ = 2 * span + 1;
  if (!coder.reading())
    for (size_t i = 0; i < patterns.size(); ++i) {
      const uint32_t e = (patterns[i] >> low) & exponents;
      const int magnitude = e == 0 ? 0 : static_cast<int>(e - least + 1);
      symbols[i] = span + ((patterns[i] >> (width - 1)) & 1 ? -magnitude : magnitude);
    }
  models.exponents.code(coder, {.grid = grid_of(tensor.shape, false), .zero = span, .symbols = 2 * span + 1}, symbols);
  for (size_t i = 0; i < symbols.size() && !coder.failed(); ++i) {
    const int symbol = symbols[i] - span;
    const bool tiny = symbol == 0;
    const bool negative = tiny ? models.flags[4].code(coder, (patterns[i] >> (width - 1)) & 1) : symbol < 0;
    const auto e = static_cast<uint32_t>(tiny ? 0 : static_cast<int>(least) + std::abs(symbol) - 1);
    uint32_t mantissa = 0, node = 1;
    for (int b = low - 1; b >= 0; --b) {
      // The highest three bits by tree, the others by position; apart for the tiny ones, which are mostly 0.
      const size_t model = (tiny ? 64u : 0u) + (low - 1 - b < 3 ? 32 + node : static_cast<size_t>(b));
      const bool bit = models.mantissa[model].code(coder, (patterns[i] >> b) & 1);
      mantissa = 2 * mantissa + (bit ? 1u : 0u);
      node = 2 * node + (bit ? 1u : 0u);
    }
    const uint32_t sign = negative ? 1u << (width - 1) : 0u;
    keys[i] = float_key(tensor.type, sign | (e << low) | mantissa);
  }
}

// Biases that were rounded to few bits: the power of two that they have in common, then the quotients.
void TensorCodec::code_multiples(BitCoder& coder, TensorModels& models, std::vector<int32_t>& keys) {
  uint64_t shift = 0;
  if (!coder.reading()) shift = static_cast<uint64_t>(common_shift(keys));
  shift = models.shift.code_unsigned(coder, shift);
  if (shift > 31) return coder.fail();
  const int64_t unit = int64_t{1} << shift;
  for (int32_t& key : keys) {
    const int64_t quotient = models.quotient.code_signed(coder, key / unit);
    if (quotient < INT32_MIN / unit || quotient > INT32_MAX / unit) coder.fail();
    if (coder.failed()) return;
    key = static_cast<int32_t>(quotient * unit);
  }
}

void TensorCodec::code_keys(BitCoder& coder, TensorModels& models, const DataChoice& choice, const Tensor& tensor,
                            std::vector<int32_t>& keys) {
  if (choice.fresh) (choice.coding == Coding::floats ? models.exponents : models.symbols) = SymbolModel();
  switch (choice.coding) {
    case Coding::range:
    case Coding::palette: return code_symbols(coder, models, choice, tensor, keys);
    case Coding::floats: return code_floats(coder, models, choice, tensor, keys);
    case Coding::multiples: return tensor.type == DType::i32 ? code_multiples(coder, models, keys) : coder.fail();
    default: break;
  }
  int64_t least = 0, greatest = 0;
  key_range(tensor.type, &least, &greatest);
  Number& number = models.numbers[small_integers(tensor) ? 0 : 1];
  for (int32_t& key : keys) {
    const int64_t value = number.code_signed(coder, key);
    if (value < least || value > greatest) coder.fail();
    if (coder.failed()) return;
    key = static_cast<int32_t>(value);
  }
}

DataChoice TensorCodec::choose(const Tensor& tensor, const std::vector<int32_t>& keys) {
  const auto n = static_cast<int64_t>(keys.size());
  const std::vector<int32_t> alphabet = alphabet_of(keys);
  if (alphabet.size() == 1) return {.coding = Coding::fill};
  DataChoice best{.coding = Coding::raw};
  double least = static_cast<double>(8 * tensor.bytes());
  const auto attempt = [&](DataChoice choice) {
    BitCoder measure = BitCoder::measurer();
    TensorModels models = *models_;
    std::vector<int32_t> copy = keys;
    code_choice(measure, models, choice);
    code_keys(measure, models, choice, tensor, copy);
    // What a reader would refuse as too much work for so few bytes is not a choice.
    const bool heavy = measure.decisions() > 65536 && static_cast<double>(measure.decisions()) > 16 * measure.bits();
    if (measure.failed() || measure.bits() >= least || heavy) return;
    best = choice;
    least = measure.bits();
  };
  const int64_t span = int64_t{alphabet.back()} - alphabet.front() + 1;
  const auto distinct = static_cast<int64_t>(alphabet.size());
  if (is_float(tensor.type)) {
    attempt({.coding = Coding::floats, .fresh = true});
    if (n <= kManyElements) attempt({.coding = Coding::floats});
    if (distinct <= SymbolModel::kMaxSymbols && 2 * distinct <= n) attempt({.coding = Coding::palette, .fresh = true});
  } else {
    if (n <= 4096 || span > SymbolModel::kMaxSymbols) attempt({.coding = Coding::numbers});
    if (tensor.type == DType::i32 && common_shift(keys) > 0) attempt({.coding = Coding::multiples});
    if (span <= SymbolModel::kMaxSymbols && (n <= kManyElements || 4 * distinct > span))
      attempt({.coding = Coding::range, .fresh = true});
    if (distinct <= SymbolModel::kMaxSymbols && distinct < span && (n <= kManyElements || 4 * distinct <= span))
      attempt({.coding = Coding::palette, .fresh = true});
  }
  if (best.coding != Coding::range && best.coding != Coding::palette) return best;
  const auto flip = [&](bool DataChoice::*option, bool value) {
    DataChoice other = best;
    other.*option = value;
    attempt(other);
  };
  if (n <= kManyElements) {
    flip(&DataChoice::fresh, false);
    int axes = 0;
    for (int64_t d : tensor.shape.dims()) axes += d != 1;
    if (axes > 1) flip(&DataChoice::columns_first, true);
  }
  const int32_t nothing = tensor.quant.scale.size() == 1 ? tensor.quant.zero_point[0] : 0;
  if (5 * std::ranges::count(keys, nothing) >= 4 * n) flip(&DataChoice::gaps, true);
  return best;
}

void TensorCodec::code(Tensor& tensor, int64_t* memory) {
  const int64_t bytes = tensor.bytes();
  TensorModels& models = *models_;
  DataChoice choice;
  std::vector<int32_t> keys;
  uint64_t distance = 0;
  if (!coder_.reading()) {
    for (size_t i = earlier_.size(); i-- > 0 && choice.coding != Coding::same && earlier_.size() - i <= 4096;)
      if (bytes >= 4 && earlier_[i].size == tensor.data.size &&
          std::memcmp(earlier_[i].bytes, tensor.data.bytes, tensor.data.size) == 0) {
        choice.coding = Coding::same;
        distance = earlier_.size() - 1 - i;
      }
    if (choice.coding != Coding::same) {
      if (tensor.type == DType::i64)
        choice.coding = Coding::numbers;
      else if (bytes > 0 && has_keys(tensor.type) && keys_of(tensor, &keys))
        choice = choose(tensor, keys);
    }
  }
  code_choice(coder_, models, choice);
  if (coder_.failed()) return;
  described_ = name(choice.coding);
  if (choice.coding == Coding::multiples) version_ = std::max(version_, 2);
  alphabet_ = 0;
  const auto n = static_cast<size_t>(tensor.shape.elements());
  const bool keyed = choice.coding != Coding::raw && choice.coding != Coding::same;
  if (keyed && !has_keys(tensor.type) && (tensor.type != DType::i64 || choice.coding != Coding::numbers))
    return coder_.fail();
  if (choice.coding == Coding::same) {
    distance = models.count.code_unsigned(coder_, distance);
    if (coder_.reading()) {
      if (distance >= earlier_.size()) return coder_.fail();
      tensor.data = earlier_[earlier_.size() - 1 - distance];
      if (static_cast<int64_t>(tensor.data.size) != bytes) coder_.fail();
    }
    return;
  }
  if (coder_.reading()) {
    if (bytes > *memory) return coder_.fail();
    *memory -= bytes;
  }
  if (choice.coding == Coding::fill) {
    const int64_t key = models.key.code_signed(coder_, keys.empty() ? 0 : keys[0]);
    int64_t least = 0, greatest = 0;
    key_range(tensor.type, &least, &greatest);
    if (key < least || key > greatest || n == 0) return coder_.fail();
    if (coder_.reading()) tensor.data = filled(tensor, static_cast<int32_t>(key));
  } else if (choice.coding == Coding::raw || tensor.type == DType::i64) {
    std::vector<uint8_t> data(tensor.data.bytes, tensor.data.bytes + tensor.data.size);
    data.resize(static_cast<size_t>(bytes));
    for (size_t i = 0; choice.coding == Coding::raw && i < data.size() && !coder_.failed(); ++i)
      data[i] = static_cast<uint8_t>(coder_.even_bits(data[i], 8));
    for (size_t i = 0; choice.coding == Coding::numbers && i < n && !coder_.failed(); ++i) {
      int64_t value = 0;
      std::memcpy(&value, data.data() + 8 * i, 8);
      value = models.numbers[1].code_signed(coder_, value);
      std::memcpy(data.data() + 8 * i, &value, 8);
    }
    if (coder_.reading()) tensor.data = Data::copy(data);
  } else {
    keys.resize(n);
    code_keys(coder_, models, choice, tensor, keys);
    if (coder_.failed()) return;
    if (coder_.reading()) tensor.data = data_of(tensor, keys);
  }
  if (alphabet_ > 0) described_ += format(" of {} values", alphabet_);
  if (choice.gaps) described_ += ", zeros as gaps";
  if (choice.columns_first) described_ += ", by column";
  if (!choice.fresh && alphabet_ > 0) described_ += ", model of the tensor before";
  earlier_.push_back(tensor.data);
}

}  // namespace thimble::thim
