#include "formats/onnx/constants.h"

#include <charconv>
#include <cstring>

#include "base/file.h"
#include "base/half.h"
#include "base/numbers.h"

namespace thimble::onnx {
namespace {

tl::unexpected<Error> damaged(const TensorProto& t, const std::string& what) {
  return fail(ErrorCode::bad_file, format("tensor \"{}\" {}", t.name, what));
}

template <class To, class From>
Data narrowed(const std::vector<From>& values) {
  std::vector<To> out;
  out.reserve(values.size());
  for (const From v : values) out.push_back(static_cast<To>(v));
  return Data::of(std::span<const To>(out));
}

// The field that holds values of the type, as bytes of the type; how many values it has in `count`.
Data typed_field(const TensorProto& t, DType type, size_t* count) {
  const auto of_int32 = [&]<class To>(To) {
    *count = t.int32s.size();
    return narrowed<To>(t.int32s);
  };
  switch (type) {
    case DType::f32: *count = t.floats.size(); return Data::of(std::span<const float>(t.floats));
    case DType::f64: *count = t.doubles.size(); return Data::of(std::span<const double>(t.doubles));
    case DType::i64: *count = t.int64s.size(); return Data::of(std::span<const int64_t>(t.int64s));
    case DType::u64: *count = t.uint64s.size(); return Data::of(std::span<const uint64_t>(t.uint64s));
    case DType::u32: *count = t.uint64s.size(); return narrowed<uint32_t>(t.uint64s);
    case DType::i32: return of_int32(int32_t{});
    case DType::i16: return of_int32(int16_t{});
    case DType::u16:
    case DType::bf16:
    case DType::f16: return of_int32(uint16_t{});
    case DType::i8: return of_int32(int8_t{});
    default: return of_int32(uint8_t{});
  }
}

// Several values a byte, the first in the low bits.
Data unpacked(std::span<const uint8_t> bytes, int64_t count, int32_t small) {
  const int width = bits_of_small(small), top = 1 << (width - 1);
  const size_t each = 8u / static_cast<size_t>(width);
  std::vector<uint8_t> out(static_cast<size_t>(count));
  for (size_t i = 0; i < out.size(); ++i) {
    const int value = bytes[i / each] >> (width * static_cast<int>(i % each)) & (2 * top - 1);
    out[i] = static_cast<uint8_t>(signed_small(small) && value >= top ? value - 2 * top : value);
  }
  return Data::copy(out);
}

}  // namespace

Result<DType> dtype_of(int32_t element_type) {
  switch (element_type) {
    case kFloat: return DType::f32;
    case kUint8: return DType::u8;
    case kInt8: return DType::i8;
    case kUint16: return DType::u16;
    case kInt16: return DType::i16;
    case kInt32: return DType::i32;
    case kInt64: return DType::i64;
    case kBool: return DType::boolean;
    case kFloat16: return DType::f16;
    case kBfloat16: return DType::bf16;
    case kDouble: return DType::f64;
    case kUint32: return DType::u32;
    case kUint64: return DType::u64;
    default: break;
  }
  constexpr const char* kNames[] = {"undefined",
                                    "",
                                    "",
                                    "",
                                    "",
                                    "",
                                    "",
                                    "",
                                    "string",
                                    "",
                                    "",
                                    "",
                                    "",
                                    "",
                                    "complex64",
                                    "complex128",
                                    "bfloat16",
                                    "float8e4m3fn",
                                    "float8e4m3fnuz",
                                    "float8e5m2",
                                    "float8e5m2fnuz",
                                    "uint4",
                                    "int4",
                                    "float4e2m1",
                                    "float8e8m0",
                                    "uint2",
                                    "int2"};
  if (element_type <= 0 || element_type >= static_cast<int32_t>(std::size(kNames)))
    return fail(ErrorCode::bad_file, format("there is no element type {}", element_type));
  return fail(ErrorCode::unsupported, format("element type {}", kNames[element_type]));
}

Result<Stored> stored_as(int32_t element_type) {
  const bool small = element_type == kUint4 || element_type == kInt4 || element_type == kUint2 || element_type == kInt2;
  if (small) return Stored{signed_small(element_type) ? DType::i8 : DType::u8, element_type};
  THIMBLE_ASSIGN(const DType type, dtype_of(element_type));
  return Stored{type, 0};
}

int32_t element_type_of(DType type) {
  switch (type) {
    case DType::f32: return kFloat;
    case DType::f16: return kFloat16;
    case DType::bf16: return kBfloat16;
    case DType::f64: return kDouble;
    case DType::i8: return kInt8;
    case DType::u8: return kUint8;
    case DType::i16: return kInt16;
    case DType::u16: return kUint16;
    case DType::i32: return kInt32;
    case DType::u32: return kUint32;
    case DType::i64: return kInt64;
    case DType::u64: return kUint64;
    case DType::boolean: return kBool;
    default: return 0;
  }
}

Result<Tensor> ConstantReader::read(const TensorProto& proto) {
  Tensor tensor;
  tensor.name = std::string(proto.name);
  const auto stored = stored_as(proto.type);
  if (!stored) return with_context(stored.error(), format("tensor \"{}\"", proto.name));
  tensor.type = stored->type;
  const int64_t each = stored->small ? 8 / bits_of_small(stored->small) : 1;  // values a byte
  if (proto.dims.size() > Shape::kMaxRank)
    return fail(ErrorCode::unsupported, format("tensor \"{}\" has {} dimensions, the limit is {}", proto.name,
                                               proto.dims.size(), Shape::kMaxRank));
  auto shape = Shape::make(std::span<const int64_t>(proto.dims));
  if (!shape) return with_context(std::move(shape).error(), format("tensor \"{}\"", proto.name));
  tensor.shape = *shape;
  const int64_t elements = tensor.shape.elements();
  const int64_t bytes = stored->small ? ceil_div(elements, each) : tensor.bytes();
  if (proto.strings) return damaged(proto, "holds texts beside its numbers");
  size_t count = 0;
  Data data;
  if (proto.external) {
    THIMBLE_ASSIGN(data, external(proto, bytes));
  } else if (proto.has_raw) {
    if (static_cast<int64_t>(proto.raw.size()) != bytes)
      return damaged(proto, format("{} {} needs {} bytes, it has {}", name(tensor.type), tensor.shape.to_string(),
                                   bytes, proto.raw.size()));
    const std::span<const uint8_t> raw(reinterpret_cast<const uint8_t*>(proto.raw.data()), proto.raw.size());
    data = owner_ && !raw.empty() && reinterpret_cast<uintptr_t>(raw.data()) % 8 == 0
               ? Data{owner_, raw.data(), raw.size()}
               : Data::copy(raw);
  } else {
    data = typed_field(proto, tensor.type, &count);
    if (stored->small) count *= static_cast<size_t>(each);
    const int64_t wanted = stored->small ? each * bytes : elements;
    if (static_cast<int64_t>(count) != wanted)
      return damaged(proto, format("{} {} has {} values in its field of that type", name(tensor.type),
                                   tensor.shape.to_string(), count));
  }
  if (stored->small) data = unpacked({data.bytes, data.size}, elements, stored->small);
  if (tensor.type == DType::boolean)  // any byte but 0 is true; kernels take 1 for it
    for (size_t i = 0; i < data.size; ++i)
      if (data.bytes[i] > 1) {
        std::vector<uint8_t> clean(data.bytes, data.bytes + data.size);
        for (uint8_t& b : clean) b = b != 0;
        data = Data::copy(clean);
        break;
      }
  tensor.data = std::move(data);
  return tensor;
}

Result<Data> ConstantReader::external(const TensorProto& proto, int64_t bytes) {
  std::string_view location;
  int64_t offset = 0, length = -1;
  for (const auto& [key, value] : proto.location) {
    if (key == "location") location = value;
    if (key != "offset" && key != "length") continue;
    int64_t number = -1;
    const auto end = value.data() + value.size();
    const auto [at, error] = std::from_chars(value.data(), end, number);
    if (error != std::errc() || at != end || number < 0)
      return damaged(proto, format("has external data with {} \"{}\"", key, value.substr(0, 40)));
    (key == "offset" ? offset : length) = number;
  }
  if (length < 0) length = bytes;
  if (length != bytes) return damaged(proto, format("needs {} bytes, its external data has length {}", bytes, length));
  if (folder_.empty())
    return fail(ErrorCode::unsupported,
                format("tensor \"{}\" lies in a file of its own (\"{}\")", proto.name, location),
                "give the model by its path, with that file in the same folder");
  if (bytes > kMaxFileBytes - external_bytes_)
    return fail(ErrorCode::unsupported, format("external data of more than {} bytes", kMaxFileBytes));
  external_bytes_ += bytes;
  auto read = read_file_inside(folder_, std::string(location), offset, bytes);
  if (!read) return with_context(std::move(read).error(), format("external data of tensor \"{}\"", proto.name));
  return Data::copy(*read);
}

}  // namespace thimble::onnx
