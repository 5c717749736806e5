// bucketize: y = how many boundaries are not above x. Any shape.
//   x  float32, int32 or int64, compared as float32;  y  int32
//   boundaries  rising, as the bits of their float32 values; not NaN
// Source: TensorFlow Lite BUCKETIZE.
#pragma once

#include <bit>

#include "ops/op.h"

typedef struct thimble_bucketize {
  thimble_dim count;
  const float* boundaries;
} thimble_bucketize;

namespace thimble {

struct BucketizeAttrs {
  std::vector<int64_t> boundaries;
  template <class V>
  void fields(V& v) {
    v("boundaries", boundaries);
  }
};

inline float boundary_of(int64_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits)); }

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_bucketize& p) {
  v.number("count", p.count);
  v.array("boundaries", p.boundaries, p.count);
}
