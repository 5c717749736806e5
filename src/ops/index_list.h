// Integers that pick or name entries, as operands give them: int32 or int64 (some: int16), constant or not.
#pragma once

#include "ops/op.h"

namespace thimble {

inline int64_t index_at(DType type, const void* data, int64_t i) {
  switch (type) {
    case DType::i64: return static_cast<const int64_t*>(data)[i];
    case DType::i16: return static_cast<const int16_t*>(data)[i];
    default: return static_cast<const int32_t*>(data)[i];
  }
}
inline int64_t index_at(const TensorView& t, int64_t i) { return index_at(t.type, t.data, i); }

// A constant index has to lie inside its axis: entry i of the tensor in the axis `length(i)`.
template <class Length>
Status expect_inside(const Tensor& indices, Length length) {
  if (!indices.constant()) return {};
  for (int64_t i = 0; i < indices.shape.elements(); ++i)
    if (const int64_t at = index_at(indices.type, indices.data.bytes, i); at < 0 || at >= length(i))
      return fail(ErrorCode::bad_file,
                  format("index {} of {} is outside an axis of {} entries", at, indices.to_string(), length(i)));
  return {};
}

}  // namespace thimble
