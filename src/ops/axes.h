// Axes and other small integer lists as files give them.
#pragma once

#include <array>

#include "base/format.h"
#include "graph/type.h"

namespace thimble {

// 0 … rank−1; a negative axis counts from the end.
inline Result<int> axis_of(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) return fail(ErrorCode::bad_file, format("axis {} is outside rank {}", axis, rank));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

// The entries of a constant int32 or int64 tensor, at most kMax of them; no allocation, so that
// reference kernels can use it.
struct IntList {
  static constexpr size_t kMax = 32;
  std::array<int64_t, kMax> values{};
  size_t count = 0;

  IntList() = default;
  IntList(DType type, const void* data, int64_t elements)
      : count(static_cast<size_t>(elements) < kMax ? static_cast<size_t>(elements) : kMax) {
    for (size_t i = 0; i < count; ++i)
      values[i] = type == DType::i64 ? static_cast<const int64_t*>(data)[i] : static_cast<const int32_t*>(data)[i];
  }
  std::span<const int64_t> span() const { return {values.data(), count}; }
};

}  // namespace thimble
