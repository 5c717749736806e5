// hashtable_lookup(lookup, keys, values): the rows of `values` whose keys are looked up.
//   lookup  int32 [n]; keys int32 [k], sorted upward
//   values  [k, …], any type of whole bytes
//   y       [n, …]: the row, or zeros where the key is missing; hits uint8 [n]: 1 where it is there
// Of equal keys, that one is taken that halving the list from its middle (⌊(low + high) / 2⌋) meets first.
// Source: TensorFlow Lite HASHTABLE_LOOKUP.
#pragma once

#include "ops/op.h"

typedef struct thimble_hashtable_lookup {
  thimble_dim count;  // of the look-ups
  thimble_dim keys;
  thimble_dim bytes;  // of a row
} thimble_hashtable_lookup;

namespace thimble {

struct HashtableLookupAttrs {
  template <class V>
  void fields(V&) {}
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_hashtable_lookup& p) {
  v.number("of the look-ups", p.count);
  v.number("keys", p.keys);
  v.number("of a row", p.bytes);
}
