#include "runtime/tensor_values.h"

#include <cmath>

#include <gtest/gtest.h>

namespace thimble {
namespace {

template <class T>
std::vector<T> filled(DType type, std::vector<float> values) {
  Tensor tensor;
  tensor.type = type;
  tensor.shape = Shape{static_cast<int64_t>(values.size())};
  std::vector<T> memory(values.size());
  fill_input(tensor, values, {reinterpret_cast<uint8_t*>(memory.data()), memory.size() * sizeof(T)});
  return memory;
}

// Numbers that a type has no room for end at its ends; what is no number is 0.
TEST(TensorValues, WholeNumbersSaturate) {
  const std::vector<float> values = {2.9f, -2.9f, NAN, INFINITY, -INFINITY, 3e9f, -3e9f, 0x1p31f, -0x1p31f};
  EXPECT_EQ(filled<int32_t>(DType::i32, values),
            (std::vector<int32_t>{2, -2, 0, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN}));
  EXPECT_EQ(filled<int64_t>(DType::i64, {3e9f, NAN, 0x1p63f, -0x1p63f, INFINITY}),
            (std::vector<int64_t>{3000000000, 0, INT64_MAX, INT64_MIN, INT64_MAX}));
  EXPECT_EQ(filled<int8_t>(DType::i8, {200, -200, NAN, 1.5f}), (std::vector<int8_t>{127, -128, 0, 2}));
}

}  // namespace
}  // namespace thimble
