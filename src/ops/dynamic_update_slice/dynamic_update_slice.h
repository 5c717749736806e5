// dynamic_update_slice(x, update, start): x with the box that begins at `start` replaced by `update`.
//   x, update  any type of whole bytes, of equal rank; no dimension of update is longer than x's
//   start      int32 or int64 [rank], constant or not; clamped so that the box lies inside
// All three have one quantisation. Source: TensorFlow Lite DYNAMIC_UPDATE_SLICE.
#pragma once

#include "ops/op.h"
#include "ops/strided_copy.h"

typedef struct thimble_dynamic_update_slice {
  thimble_dim bytes, rank;                // of x
  thimble_dim strides[THIMBLE_MAX_RANK];  // of x, in bytes
  thimble_dim most[THIMBLE_MAX_RANK];     // where the box may begin at most
  thimble_strided_copy copy;              // of the update into a box at the front
} thimble_dynamic_update_slice;

namespace thimble {

struct DynamicUpdateSliceAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_dynamic_update_slice& p) {
  v.number("bytes", p.bytes);
  v.number("rank", p.rank);
  fields(v, "strides", p.strides, THIMBLE_MAX_RANK);
  fields(v, "most", p.most, THIMBLE_MAX_RANK);
  fields(v, "copy", p.copy);
}
