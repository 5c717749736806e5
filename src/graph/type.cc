#include "graph/type.h"

#include <algorithm>

#include "base/numbers.h"

namespace thimble {
namespace {
struct TypeRow {
  const char* name;
  int bits;
};
constexpr TypeRow kTypes[] = {{"float32", 32}, {"float16", 16}, {"float64", 64}, {"int8", 8},       {"uint8", 8},
                              {"int16", 16},   {"uint16", 16},  {"int32", 32},   {"uint32", 32},    {"int64", 64},
                              {"uint64", 64},  {"bool", 8},     {"int4", 4},     {"complex64", 64}, {"bfloat16", 16}};
static_assert(std::size(kTypes) == static_cast<size_t>(DType::count));

constexpr int64_t kMaxElements = int64_t{1} << 40;

template <class T>
Result<Shape> make_shape(std::span<const T> dims) {
  if (dims.size() > Shape::kMaxRank)
    return fail(ErrorCode::bad_file, format("rank {} is beyond the limit of {}", dims.size(), Shape::kMaxRank));
  Shape shape;
  int64_t product = 1;  // over the non-zero dimensions: a zero must not hide an overflow
  bool too_many = false;
  for (const T dim : dims) {
    if (dim < 0 || static_cast<int64_t>(dim) > INT32_MAX)
      return fail(ErrorCode::bad_file, format("dimension {} is outside 0 … 2^31-1", dim));
    too_many = too_many || (dim > 0 && (!checked_mul(product, dim, &product) || product > kMaxElements));
    shape.push_back(dim);
  }
  if (too_many)
    return fail(ErrorCode::unsupported, format("shape {} has more than 2^40 elements", shape.to_string()),
                "no such tensor can be held: give the model smaller inputs");
  return shape;
}
}  // namespace

const char* name(DType type) { return kTypes[static_cast<size_t>(type)].name; }
int64_t bits(DType type) { return kTypes[static_cast<size_t>(type)].bits; }

Shape::Shape(std::initializer_list<int64_t> dims) {
  for (int64_t dim : dims) push_back(dim);
}

Result<Shape> Shape::make(std::span<const int64_t> dims) { return make_shape(dims); }
Result<Shape> Shape::make(std::span<const int32_t> dims) { return make_shape(dims); }

int64_t Shape::elements() const { return elements(0, rank_); }

int64_t Shape::elements(int first, int last) const {
  int64_t product = 1;
  for (int i = first; i < last; ++i) product *= dims_[static_cast<size_t>(i)];
  return product;
}

std::string Shape::to_string() const {
  std::string text = "[";
  for (int i = 0; i < rank_; ++i) text += (i ? ", " : "") + std::to_string((*this)[i]);
  return text + "]";
}

bool operator==(const Shape& a, const Shape& b) { return std::ranges::equal(a.dims(), b.dims()); }

int64_t byte_size(DType type, const Shape& shape) { return ceil_div<int64_t>(shape.elements() * bits(type), 8); }

}  // namespace thimble
