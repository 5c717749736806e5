// Which constants of a graph are worth storing sparse in a .tflite, and how: the layout of fewest bytes among those
// with one compressed dimension and, optionally, blocks along one dimension.
#pragma once

#include <optional>

#include "graph/graph.h"

namespace thimble::tflite {

// Levels: the other dimensions in order, then `compressed` as SPARSE_CSR, then the inside of the blocks.
struct SparseLayout {
  int compressed = 0;          // dimension
  int blocked = 0, block = 1;  // blocks of this many elements along dimension `blocked`
  int64_t blocks = 0;          // that hold a number other than 0
  int index_width = 1;         // bytes: 1, 2 or 4
  int segment_width = 1;       // bytes: 1, 2 or 4
  int64_t data_bytes = 0;      // values, indices and segments
};

// What the tables of a sparse constant and its DENSIFY take in the file beside data_bytes.
inline constexpr int64_t kSparseTableBytes = 300;

// The cheapest layout of a constant of type float32, float16 or int8; nothing where it has no dimension, another
// type, or no number but 0. A float −0 counts as a number: what is read back has the same bits.
std::optional<SparseLayout> cheapest_layout(const Tensor& tensor);

// Stored values, segments and indices of a constant in a layout; traversal order over dimensions, then the block.
struct SparseContent {
  std::vector<uint8_t> values;
  std::vector<int64_t> segments, indices;
  std::vector<int32_t> order;
};
SparseContent sparse_content(const Tensor& tensor, const SparseLayout& layout);

// One constant that operators read as weights: what it takes dense and sparse, and which of the two is stored.
struct SparseChoice {
  TensorId tensor = kNoTensor;
  int64_t elements = 0, zeros = 0;
  SparseLayout layout;
  bool chosen = false;
  // The reader is an int8 FULLY_CONNECTED: LiteRT's XNNPACK fails to prepare one whose weights come from DENSIFY (2.3),
  // and leaves it alone where a RESHAPE to the same shape stands between.
  bool reshaped = false;
  // Float operators with int8 weights: XNNPACK fails to prepare them behind DENSIFY. Never chosen.
  bool hybrid = false;
};

// For the weights of FULLY_CONNECTED, CONV_2D and DEPTHWISE_CONV_2D, also where they are float16 and dequantised first:
// the operators that run on the result of DENSIFY in stock runtimes. (Sparse weights that FULLY_CONNECTED reads itself
// are not written: for int8, LiteRT's XNNPACK 2.3 takes their buffer for a dense one and computes something else.)
std::vector<SparseChoice> sparse_choices(const Graph& graph);

}  // namespace thimble::tflite
