// reverse_sequence(x, lengths): per entry b of one axis, the first lengths[b] entries of another axis backwards.
//   x        any type of whole bytes, of rank 2 or more
//   lengths  int32 or int64 [n], n the length of batch_axis; 0 … the length of axis
// A length outside is bad_file: found when the model is loaded where the lengths are constant, else by the run, which
// then has no answer. Source: TensorFlow Lite REVERSE_SEQUENCE.
#pragma once

#include "ops/op.h"

typedef struct thimble_reverse_sequence {
  thimble_dim outer;        // entries before both axes
  thimble_dim first;        // entries of the axis that comes first
  thimble_dim middle;       // entries between them
  thimble_dim second;       // entries of the other
  thimble_dim bytes;        // of an entry behind both
  thimble_dim batch_first;  // 1: the first is the batch axis
} thimble_reverse_sequence;

namespace thimble {

struct ReverseSequenceAttrs {
  int axis = 0, batch_axis = 0;
  template <class V>
  void fields(V& v) {
    v("axis", axis);
    v("batch_axis", batch_axis);
  }
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_reverse_sequence& p) {
  v.number("entries before both axes", p.outer);
  v.number("entries of the axis that comes first", p.first);
  v.number("entries between them", p.middle);
  v.number("entries of the other", p.second);
  v.number("of an entry behind both", p.bytes);
  v.number("1: the first is the batch axis", p.batch_first);
}
