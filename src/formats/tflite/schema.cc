#include "formats/tflite/schema.h"

namespace thimble::schema {
namespace {
struct Row {
  int number;
  DType type;
};
constexpr Row kRows[] = {{0, DType::f32},     {1, DType::f16},  {2, DType::i32}, {3, DType::u8},   {4, DType::i64},
                         {6, DType::boolean}, {7, DType::i16},  {9, DType::i8},  {10, DType::f64}, {12, DType::u64},
                         {15, DType::u32},    {16, DType::u16}, {17, DType::i4}, {8, DType::c64},  {18, DType::bf16}};
}  // namespace

Result<DType> dtype(int file_type) {
  for (const Row& row : kRows)
    if (row.number == file_type) return row.type;
  return fail(ErrorCode::unsupported, format("tensors of {} are not supported", type_name(file_type)));
}

std::string type_name(int file_type) {
  constexpr const char* kNames[] = {"float32", "float16",   "int32",  "uint8",   "int64",      "string", "bool",
                                    "int16",   "complex64", "int8",   "float64", "complex128", "uint64", "resource",
                                    "variant", "uint32",    "uint16", "int4",    "bfloat16",   "int2",   "uint4"};
  if (file_type >= 0 && file_type < static_cast<int>(std::size(kNames))) return kNames[file_type];
  return format("type {}", file_type);
}

int file_type(DType type) {
  for (const Row& row : kRows)
    if (row.type == type) return row.number;
  return 0;
}

}  // namespace thimble::schema
