// one_hot(indices, depth, on, off): a new axis of `depth` entries, `on` where the index is, `off` elsewhere.
//   indices  int32 or int64; one outside 0 … depth − 1 gives `off` everywhere
//   depth    constant int32, one number, not negative
//   on, off  one element each, of y's type: any type of whole bytes
//   axis     where the new axis stands; −1: last
// Source: TensorFlow Lite ONE_HOT.
#pragma once

#include "ops/op.h"

typedef struct thimble_one_hot {
  thimble_dim outer;  // indices before the new axis
  thimble_dim depth;
  thimble_dim inner;  // indices behind it
  thimble_dim width;  // bytes of an element
} thimble_one_hot;

namespace thimble {

struct OneHotAttrs {
  int axis = -1;
  template <class V>
  void fields(V& v) {
    v("axis", axis);
  }
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_one_hot& p) {
  v.number("indices before the new axis", p.outer);
  v.number("depth", p.depth);
  v.number("indices behind it", p.inner);
  v.number("bytes of an element", p.width);
}
