// segment_sum(x, ids): row g of y is the sum of those rows of x whose id is g.
//   x    float32 or int32 [n, …];  ids int32 [n]: 0 first, each as the one before or one more. They decide the number
//   of
//        rows of y and have to be known when the graph is read.
// unsorted_segment_sum, _prod, _max, _min(x, ids, count): the same over the leading dimensions of x, with ids in any
// order.
//   x [p…, i…], ids int32 [p…], constant or not; y [count, i…]. count: constant int32. Negative ids are left out; of a
//   group without rows the sum is 0, the product 1, the largest the lowest finite value, the least the highest.
// Rows are joined in order; integers wrap; a largest or least value keeps what it has against NaN. An id that is not
// below `count` is bad_file: found when the model is loaded where the ids are constant, else by the run, which then has
// no answer. Source: TensorFlow Lite SEGMENT_SUM, UNSORTED_SEGMENT_SUM, _PROD, _MAX, _MIN.
#pragma once

#include "ops/op.h"

typedef struct thimble_segment {
  thimble_dim rows, columns;  // of x
  thimble_dim groups;
} thimble_segment;

namespace thimble {

struct SegmentAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_segment& p) {
  v.number("rows", p.rows);
  v.number("columns", p.columns);
  v.number("groups", p.groups);
}
