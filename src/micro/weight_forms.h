// Weights in less flash (micro/kernels/weight_forms.h): which form a layer's take, and how that is written. The answers
// stay the same bytes, whatever the form.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace thimble::micro {

class EmitContext;

// What `--weights` asks for. smallest: whichever form takes the fewest bytes, tensor by tensor.
enum class Weights : uint8_t { plain, palette, sparse, int4, smallest };
const char* name(Weights weights);

// How one constant of the model lies in flash.
struct StoredTensor {
  TensorId tensor = kNoTensor;
  std::string name, type;      // "conv1/kernel", "int8 [8, 3, 3, 1]"
  std::string form = "plain";  // "palette", "sparse", "int4"
  int bits = 0;                // of a weight's code, where it has one
  int64_t plain_bytes = 0, bytes = 0;
  std::string why;  // it is plain, where something else was asked for
};

// A tensor that saves fewer bytes is not worth a second way of reading; a layer whose kernel is large says more.
constexpr int64_t kLeastSaved = 32;

// A matrix of weights in one form. T: int8_t or float.
template <class T>
struct WeightForm {
  Weights kind = Weights::plain;
  int bits = 0;       // of a code; 0: sparse
  int64_t table = 0;  // values from a row's table to the next row's; 0: all rows have one
  std::vector<uint8_t> codes;
  std::vector<T> values;  // of int4 none: C has their table

  int64_t bytes() const { return static_cast<int64_t>(codes.size() + values.size() * sizeof(T)); }
};

// The smallest form of weights [rows, columns] that is asked for and gives them back exactly, in pieces of `piece`
// columns of `group` rows at a time; or why there is none.
template <class T>
struct FormChoice {
  std::optional<WeightForm<T>> form;
  std::string why;
};
template <class T>
FormChoice<T> choose_form(std::span<const T> w, int64_t rows, int64_t columns, int64_t group, int64_t piece,
                          Weights asked, int64_t least_saved = kLeastSaved);

// What an operator's call says of weights in a form.
struct WrittenForm {
  std::string word;      // `&kws_p3_form`
  std::string function;  // "palette" or "sparse": of thimble_LAYER_FUNCTION_T
};
// Chooses for input 1 of the node and writes the constants; nothing where they stay plain, and then the reason is kept.
template <class T>
std::optional<WrittenForm> write_form(EmitContext& ctx, std::span<const T> w, int64_t rows, int64_t columns,
                                      int64_t group, int64_t piece, int64_t least_saved = kLeastSaved);

}  // namespace thimble::micro
