// Functions of bits, with broadcasting: logical_and, logical_or (bool), logical_not (bool, one operand), bitwise_xor,
// right_shift (int8, uint8, int16, uint16, int32, uint32, int64, uint64; both operands of one type).
// A bool is a byte: anything but 0 is true, results are 0 and 1. right_shift is arithmetic on signed types; counts
// below 0 shift by 0, counts above the width less 1 by that. Scales are not looked at: integers are their bits. Source:
// TensorFlow Lite LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT, BITWISE_XOR, RIGHT_SHIFT.
#pragma once

#include <algorithm>

#include "ops/broadcast.h"
#include "ops/logic/kernel.h"
#include "ops/op.h"

namespace thimble {

template <class T>
T shifted_right(T x, T count) {
  constexpr int kMost = static_cast<int>(sizeof(T)) * 8 - 1;
  if constexpr (std::is_unsigned_v<T>)
    return static_cast<T>(x >> std::min<uint64_t>(count, kMost));
  else
    return static_cast<T>(x >> std::clamp<int64_t>(count, 0, kMost));
}

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_logic& p) { fields(v, "broadcast", p.broadcast); }
