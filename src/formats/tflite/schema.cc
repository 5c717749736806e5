#include "formats/tflite/schema.h"

namespace thimble::schema {
namespace {
struct Row {
  int number;
  DType type;
};
constexpr Row kRows[] = {{0, DType::f32},     {1, DType::f16},  {2, DType::i32}, {3, DType::u8},   {4, DType::i64},
                         {6, DType::boolean}, {7, DType::i16},  {9, DType::i8},  {10, DType::f64}, {12, DType::u64},
                         {15, DType::u32},    {16, DType::u16}, {17, DType::i4}};
}  // namespace

Result<DType> dtype(int file_type) {
  for (const Row& row : kRows)
    if (row.number == file_type) return row.type;
  return fail(ErrorCode::unsupported, format("tensor element type {} of the file is not supported", file_type));
}

int file_type(DType type) {
  for (const Row& row : kRows)
    if (row.type == type) return row.number;
  return 0;
}

}  // namespace thimble::schema
