// Where a model's bytes are, tensor by tensor, and why those that did not shrink did not.
#pragma once

#include "compress/quantize/quantize.h"

namespace thimble {

struct TensorBytes {
  std::string name;
  DType type = DType::f32;
  int64_t before = 0;    // in the model that was quantised; equal to raw without one
  int64_t raw = 0;       // its data
  int64_t file = 0;      // what a .tflite holds for it: data, name, scales (4 bytes) and zero points (8)
  int64_t deflated = 0;  // its data through zlib at level 9
  std::string why;       // why it did not shrink; empty where it did
  int64_t elements = 0;
  int64_t zeros = 0;       // elements that stand for 0
  int64_t distinct = 0;    // different stored values
  double packed = 0;       // what its data takes in a .thim file
  std::string packed_how;  // by which coding
};

// The same counts of one constant.
struct ValueCounts {
  int64_t elements = 0, zeros = 0, distinct = 0;
};
ValueCounts count_values(const Tensor& tensor);
// Zeros among the weights: constants of rank 2 or more that are float or quantised. 0 where there are none.
double sparsity(const Graph& graph);

struct SizeReport {
  int64_t file_bytes = 0, file_deflated = 0;      // the whole .tflite, and the same through zlib
  int64_t file_packed = 0;                        // the whole model as a .thim
  int64_t weight_bytes = 0, weight_deflated = 0;  // data of all constants
  std::vector<TensorBytes> tensors;               // largest in the file first
};

// Each constant of `after` beside the one of its name in `before`, for a model whose sizes were not written down when
// it was made.
// Why a constant has as many bytes as before.
std::string unchanged_reason(const Tensor& tensor);

std::vector<TensorSize> constant_sizes(const Graph& before, const Graph& after);

// zlib's size of some bytes at its best level (9).
Result<int64_t> deflated_bytes(std::span<const uint8_t> bytes);

// The report of a graph as write_tflite writes it. `sizes`: from the Quantized that the graph is of;
// without it each constant is its own "before" and says so.
Result<SizeReport> size_report(const Graph& graph, std::span<const TensorSize> sizes = {});

}  // namespace thimble
