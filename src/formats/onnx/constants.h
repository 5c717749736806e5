// Tensors of an ONNX file as constants of a graph: raw bytes, typed fields, or a part of a file beside the model.
#pragma once

#include <memory>
#include <string>

#include "formats/onnx/proto.h"
#include "graph/graph.h"

namespace thimble::onnx {

// Errors: unsupported (texts, complex numbers, the small floats), bad_file (no such type).
Result<DType> dtype_of(int32_t element_type);
// The element type that a file has for it.
int32_t element_type_of(DType type);

class ConstantReader {
 public:
  // `owner` keeps the file's bytes alive (null: values are copied). `folder` is where external data may lie; empty:
  // nowhere.
  ConstantReader(std::shared_ptr<const void> owner, std::string folder)
      : owner_(std::move(owner)), folder_(std::move(folder)) {}

  // The values, checked against the type and the dimensions. int4 and uint4 become int8 and uint8. External data is
  // read from a regular file below the folder, none of whose path is a link. Errors: bad_file, unsupported.
  Result<Tensor> read(const TensorProto& proto);

 private:
  Result<Data> external(const TensorProto& proto, int64_t bytes);

  std::shared_ptr<const void> owner_;
  std::string folder_;
  int64_t external_bytes_ = 0;
};

}  // namespace thimble::onnx
