// broadcast_args(a, b): the shape to which tensors of the shapes a and b broadcast.
//   a, b  one type, int32 or int64, rank 1; the result has that type and the longer one's length
// Shapes are aligned at their last dimension. Sizes that differ, neither being 1, are bad_file where both shapes are
// constants; a run that meets them has no answer. Source: TensorFlow Lite BROADCAST_ARGS.
#pragma once

#include <algorithm>

#include "ops/op.h"

struct thimble_broadcast_args {
  thimble_dim a, b, y;  // lengths
};

namespace thimble {

// The result's entries, from the last one on, as f(position, value); g(a, b) where two sizes disagree.
template <class T, class F, class G>
void broadcast_sizes(const thimble_broadcast_args& p, const T* a, const T* b, F f, G g) {
  for (int64_t i = 1; i <= p.y; ++i) {
    const T u = i <= p.a ? a[p.a - i] : T{1}, v = i <= p.b ? b[p.b - i] : T{1};
    if (u != v && u != 1 && v != 1) g(u, v);
    f(p.y - i, u == 1 ? v : u);
  }
}

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_broadcast_args& p) {
  v.number("length of a", p.a);
  v.number("length of b", p.b);
  v.number("length", p.y);
}
