// The data of one constant: the cheapest of several codings, chosen by measuring them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "formats/thim/symbols.h"
#include "graph/graph.h"

namespace thimble::thim {

// The numbers stand in files.
enum class Coding : uint8_t {
  fill,     // one value throughout
  numbers,  // each by itself, as Number
  range,    // symbols: the values from the least to the greatest
  palette,  // symbols: the values that occur
  floats,   // sign and exponent as symbols, mantissa by position of the bit
  raw,      // the bytes
  same,     // the bytes of an earlier constant
  // since version 2
  multiples,  // int32: each divided by a power of two, as Number
  count
};
const char* name(Coding coding);
inline constexpr int kNewestCoding = 2;  // the version that brought the last of them

// Everything that codings learn from one tensor for the next.
struct TensorModels {
  SymbolModel symbols, exponents;
  std::array<Number, 2> numbers{Number(0.7), Number(0.7)};  // int32 with scales (biases), all others
  Number key{0.6}, step{0.5}, count{0.7};                   // of palettes and ranges
  Number shift{0.7}, quotient{0.7};                         // of multiples
  std::vector<Flag> mantissa = std::vector<Flag>(2 * 64 + 16);
  std::array<Flag, 8> flags{};
  Tree coding{3};
};

// What is written before the data.
struct DataChoice {
  Coding coding = Coding::raw;
  bool columns_first = false;  // the last axis becomes the outermost
  bool gaps = false;           // zeros by the length of their runs
  bool fresh = false;          // forget what earlier tensors taught
};

class TensorCodec {
 public:
  explicit TensorCodec(BitCoder& coder) : coder_(coder), models_(std::make_unique<TensorModels>()) {}

  // Type, shape and quantisation are set; writes tensor.data, or fills it in. On reading a null `data` with
  // coder.failed() means damage. `memory`: what may still be allocated, counted down.
  void code(Tensor& tensor, int64_t* memory);
  // How the last tensor was coded, in words.
  const std::string& described() const { return described_; }
  // The lowest version that has all codings used so far.
  int version() const { return version_; }

 private:
  DataChoice choose(const Tensor& tensor, const std::vector<int32_t>& keys);
  void code_choice(BitCoder& coder, TensorModels& models, DataChoice& choice);
  void code_keys(BitCoder& coder, TensorModels& models, const DataChoice& choice, const Tensor& tensor,
                 std::vector<int32_t>& keys);
  void code_symbols(BitCoder& coder, TensorModels& models, const DataChoice& choice, const Tensor& tensor,
                    std::vector<int32_t>& keys);
  void code_multiples(BitCoder& coder, TensorModels& models, std::vector<int32_t>& keys);
  void code_floats(BitCoder& coder, TensorModels& models, const DataChoice& choice, const Tensor& tensor,
                   std::vector<int32_t>& keys);

  BitCoder& coder_;
  std::unique_ptr<TensorModels> models_;
  std::vector<Data> earlier_;
  std::string described_;
  int alphabet_ = 0;  // symbols of the last tensor coded so
  int version_ = 1;
};

}  // namespace thimble::thim
