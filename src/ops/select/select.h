// select(condition, x, y): x where the condition is true, else y; select_v2 the same with broadcasting of all three.
//   condition  bool (a byte that is not 0 is true)
//   x, y       one type of whole bytes, which the result has too: raw elements are copied, scales are not looked at
// select takes x and y of one shape, and a condition of that shape, a scalar, or one entry per entry of x's first axis.
// Where every operand has one element, `single_rank` is the rank of the result: files mix [], [1] and [1, 1].
// Source: TensorFlow Lite SELECT, SELECT_V2.
#pragma once

#include "ops/op.h"
#include "ops/select/kernel.h"

namespace thimble {

struct SelectAttrs {
  int single_rank = -1;  // −1: that of broadcasting
  template <class V>
  void fields(V& v) {
    v("single_rank", single_rank);
  }
};

// Where a run begins in each operand.
struct SelectOffsets {
  int64_t c = 0, x = 0, y = 0;
};
inline SelectOffsets select_offsets(const thimble_select& p, int64_t run) {
  SelectOffsets at;
  for (int d = p.rank - 2; d >= 0; --d) {
    const int64_t i = run % p.count[d];
    run /= p.count[d];
    at.c += i * p.c[d];
    at.x += i * p.x[d];
    at.y += i * p.y[d];
  }
  return at;
}

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_select& p) {
  v.number("rank", p.rank);
  v.number("runs", p.runs);
  v.number("bytes of an element", p.width);
  fields(v, "dimensions", p.count, p.rank);
  fields(v, "strides of the condition", p.c, p.rank);
  fields(v, "strides of x", p.x, p.rank);
  fields(v, "strides of y", p.y, p.rank);
}
