// Constants that a .tflite file stores sparse (SparsityParameters of the schema), and back.
//
// A tensor of n dimensions with k blocks is stored as a tree of n + k levels. Level l walks dimension
// traversal_order[l]: one of 0 … n − 1 is that dimension of the tensor (counted in blocks where one splits it),
// n + b the inside of block b, which splits dimension block_map[b]. A node of a DENSE level has all dense_size
// children; node i of a SPARSE_CSR level has the children array_indices[array_segments[i] … array_segments[i + 1]).
// The leaves in order are the values of the buffer; every other element is 0.
// Source: schema.fbs of LiteRT and what its DENSIFY computes.
#pragma once

#include "formats/tflite/table.h"
#include "graph/graph.h"

namespace thimble::tflite {

// Most bytes that the sparse constants of one file take when they are expanded: a few hundred bytes of a hostile file
// can claim any number of zeros.
inline constexpr int64_t kMaxExpandedBytes = int64_t{256} << 20;

// What the file says of one tensor, checked against its shape: each order a permutation, segments monotone, indices in
// range and ascending, as many values as leaves. Views the file.
class SparseTensor {
 public:
  // Errors: bad_file, and unsupported (element types that the stock DENSIFY does not have, sparse blocks).
  static Result<SparseTensor> read(const Table& sparsity, const Tensor& tensor, std::span<const uint8_t> values);

  // The dense constant, tensor.bytes() long. Its zeros are pages that the system has not touched: a file that claims
  // many and is refused later has not cost their memory. Errors: out_of_memory.
  Result<Data> expand() const;

 private:
  // A list of numbers in one of the three widths that the schema knows.
  struct Numbers {
    const uint8_t* bytes = nullptr;
    int width = 0;
    int64_t count = 0;
    int64_t operator[](int64_t i) const;
  };
  struct Level {
    bool csr = false;
    int64_t size = 0;    // children of a dense level; indices lie below
    int64_t stride = 0;  // elements of the dense tensor from one index to the next
    Numbers segments, indices;
  };

  Status levels(const Table& sparsity, const Tensor& tensor);
  Status count_leaves(const Tensor& tensor);
  static Result<Numbers> numbers(const Table& level, int type_field, const char* what);
  void place(size_t level, int64_t node, int64_t offset, uint8_t* dense) const;

  std::vector<Level> levels_;
  std::span<const uint8_t> values_;
  int64_t element_bytes_ = 0, dense_bytes_ = 0;
};

}  // namespace thimble::tflite
