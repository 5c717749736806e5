// Tensors of an ONNX file as constants of a graph: raw bytes, typed fields, or a part of a file beside the model.
#pragma once

#include <memory>
#include <string>

#include "formats/onnx/proto.h"
#include "graph/graph.h"

namespace thimble::onnx {

// Errors: unsupported (texts, complex numbers, the small floats, integers of less than 8 bits), bad_file (no such
// type).
Result<DType> dtype_of(int32_t element_type);

// Integers of 4 and 2 bits lie in bytes of our graphs, and are known by what the file calls them.
struct Stored {
  DType type = DType::f32;
  int32_t small = 0;  // the file's element type where it has less than 8 bits, else 0
};
// As dtype_of, small integers included.
Result<Stored> stored_as(int32_t element_type);
// Bits of a small integer, and whether it has a sign.
constexpr int bits_of_small(int32_t small) { return small == kUint4 || small == kInt4 ? 4 : 2; }
constexpr bool signed_small(int32_t small) { return small == kInt4 || small == kInt2; }

// The element type that a file has for it.
int32_t element_type_of(DType type);

class ConstantReader {
 public:
  // `owner` keeps the file's bytes alive (null: values are copied). `folder` is where external data may lie; empty:
  // nowhere.
  ConstantReader(std::shared_ptr<const void> owner, std::string folder)
      : owner_(std::move(owner)), folder_(std::move(folder)) {}

  // The values, checked against the type and the dimensions. Integers of 4 and 2 bits become bytes (stored_as).
  // External data is read from a regular file below the folder, none of whose path is a link. Errors: bad_file,
  // unsupported.
  Result<Tensor> read(const TensorProto& proto);

 private:
  Result<Data> external(const TensorProto& proto, int64_t bytes);

  std::shared_ptr<const void> owner_;
  std::string folder_;
  int64_t external_bytes_ = 0;
};

}  // namespace thimble::onnx
