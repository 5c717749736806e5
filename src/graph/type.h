// Element types and shapes of tensors.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace thimble {

// c64: two float32, the real part first. bf16: the upper half of a float32.
enum class DType : uint8_t { f32, f16, f64, i8, u8, i16, u16, i32, u32, i64, u64, boolean, i4, c64, bf16, count };

const char* name(DType type);  // "float32", "int8", "bool"…
int64_t bits(DType type);      // 32, 8, 4 …
inline bool is_quantized_type(DType t) { return t == DType::i8 || t == DType::u8 || t == DType::i16 || t == DType::i4; }

// Dimensions, outermost first, at most 8. A scalar has rank 0; a dimension may be 0.
class Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims);
  // Fails beyond rank 8, on a negative dimension, one above 2^31-1, or a product above 2^40.
  static Result<Shape> make(std::span<const int64_t> dims);
  static Result<Shape> make(std::span<const int32_t> dims);

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return dims_[static_cast<size_t>(axis)]; }
  void set(int axis, int64_t dim) { dims_[static_cast<size_t>(axis)] = dim; }
  // Negative axes count from the end: dim(-1) is the innermost.
  int64_t dim(int axis) const { return dims_[static_cast<size_t>(axis < 0 ? axis + rank_ : axis)]; }
  void push_back(int64_t dim) { dims_[static_cast<size_t>(rank_++)] = dim; }
  int64_t elements() const;                     // 1 for a scalar
  int64_t elements(int first, int last) const;  // product of dims [first, last)
  std::span<const int64_t> dims() const { return {dims_.data(), static_cast<size_t>(rank_)}; }
  std::string to_string() const;  // "[1, 28, 28, 1]"
  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::array<int64_t, kMaxRank> dims_{};
  int rank_ = 0;
};

// Bytes of a densely stored tensor (sub-byte types rounded up to whole bytes).
int64_t byte_size(DType type, const Shape& shape);

}  // namespace thimble
