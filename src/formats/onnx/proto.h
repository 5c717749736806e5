// An ONNX model as its file says it, before anything is believed: the messages of onnx.proto that a reader needs, as
// plain data. Texts and bytes view the file. Field numbers: ONNX's onnx.proto (IR versions 3 to 13).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace thimble::onnx {

// TensorProto.DataType.
enum ElementType : int32_t {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUint32 = 12,
  kUint64 = 13,
  kBfloat16 = 16,
  kUint4 = 21,
  kInt4 = 22,
  kUint2 = 25,
  kInt2 = 26,
};

struct TensorProto {
  std::string_view name;
  std::vector<int64_t> dims;
  int32_t type = 0;
  bool has_raw = false, external = false;
  std::string_view raw;
  std::vector<float> floats;
  std::vector<int32_t> int32s;
  std::vector<int64_t> int64s;
  std::vector<double> doubles;
  std::vector<uint64_t> uint64s;
  size_t strings = 0;
  std::vector<std::pair<std::string_view, std::string_view>> location;  // external_data: key, value
};

// AttributeProto.AttributeType; none where the file leaves it out.
enum AttributeType : int32_t {
  kNoType = 0,
  kFloatValue = 1,
  kIntValue = 2,
  kStringValue = 3,
  kTensorValue = 4,
  kGraphValue = 5,
  kFloatValues = 6,
  kIntValues = 7,
  kStringValues = 8,
};

struct GraphProto;

struct AttributeProto {
  std::string_view name, reference;  // reference: the attribute of the function that it stands for
  int32_t type = kNoType;
  float f = 0;
  int64_t i = 0;
  std::string_view s;
  std::shared_ptr<const TensorProto> tensor;
  std::shared_ptr<const GraphProto> graph;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<std::string_view> strings;
};

struct NodeProto {
  std::vector<std::string_view> inputs, outputs;
  std::string_view name, op, domain, overload;
  std::vector<AttributeProto> attributes;
};

// A value's declared type. A dimension that the file leaves free is −1.
struct ValueProto {
  enum class Kind : uint8_t { none, tensor, maps, other };  // maps: a sequence of maps
  std::string_view name;
  Kind kind = Kind::none;
  int32_t type = 0;
  bool has_shape = false;
  std::vector<int64_t> dims;
};

struct GraphProto {
  std::string_view name;
  std::vector<NodeProto> nodes;
  std::vector<TensorProto> initializers;
  std::vector<ValueProto> inputs, outputs, values;  // values: what else the file declares
  size_t sparse_initializers = 0;
};

struct OpsetProto {
  std::string_view domain;
  int64_t version = 0;
};

struct FunctionProto {
  std::string_view name, domain, overload;
  std::vector<std::string_view> inputs, outputs;
  std::vector<AttributeProto> defaults;
  std::vector<NodeProto> nodes;
  std::vector<OpsetProto> opsets;
};

struct ModelProto {
  int64_t ir_version = 0;
  std::string_view producer;
  std::vector<OpsetProto> opsets;
  GraphProto graph;
  bool has_graph = false;
  std::vector<std::pair<std::string_view, std::string_view>> metadata;
  std::vector<FunctionProto> functions;
};

// The messages of a file, which must stay where it is. Messages nest 64 deep at most, and there are at most as many as
// the file has room for, below a million. Errors: bad_file (wire format, field types), unsupported (caps).
Result<ModelProto> parse_model(std::span<const uint8_t> file);

// Whether the bytes begin as an ONNX model does: ir_version, then a field of ModelProto.
bool looks_like_onnx(std::span<const uint8_t> bytes);

}  // namespace thimble::onnx
