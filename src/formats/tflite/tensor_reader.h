// Tensors of a .tflite file: shape, element type, scales, and the data of constants (sparse ones expanded).
#pragma once

#include <map>

#include "formats/graph_reading.h"
#include "formats/tflite/file.h"

namespace thimble::tflite {

// What a tensor of the file is for. One that is for nothing is not read.
struct TensorUse {
  bool used = false, input = false;  // input: of its subgraph
  bool produced = false;             // by an operator
};

class TensorReader {
 public:
  // copies: constants do not view the file.
  TensorReader(TfliteFile& file, bool copies) : file_(file), copies_(copies) {}

  // open: shapes that follow from others need not be what the file says. Errors: bad_file, unsupported.
  Status read(const Table& table, const TensorUse& use, bool open, Tensor* tensor, DeclaredShape* declared);

 private:
  Status shape(const Table& table, const TensorUse& use, bool open, Tensor* tensor, DeclaredShape* declared);
  Status quantization(const Table& q, Tensor* tensor);
  Status constant(const Table& table, const TensorUse& use, Tensor* tensor);
  Status expand(const Table& sparsity, std::span<const uint8_t> values, Tensor* tensor);
  Data view(uint32_t buffer, std::span<const uint8_t> data);

  TfliteFile& file_;
  const bool copies_;
  std::map<std::pair<uint32_t, size_t>, Data> copied_;
  int64_t expanded_ = 0;  // bytes of constants that were stored sparse
};

}  // namespace thimble::tflite
