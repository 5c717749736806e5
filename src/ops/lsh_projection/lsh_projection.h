// lsh_projection(hash, input, weight): bits of locality-sensitive hashes.
//   hash    float32 [hashes, bits], at most 31 bits (dense: 32): a seed for each bit
//   input   [n, …], any type of whole bytes: n items, taken as bytes
//   weight  optional, float32 [n]
//   y       int32: dense [hashes · bits], each 0 or 1; sparse [hashes]: the bits of a hash, the first the highest, plus
//   the
//           hash's number · 2^bits
// A bit is 1 where the sum over the items of weight · fingerprint(seed's four bytes, item's bytes), a signed 64-bit
// number, is above 0, in double. The fingerprint is FarmHash's Fingerprint64. Source: TensorFlow Lite LSH_PROJECTION.
#pragma once

#include "ops/op.h"

typedef struct thimble_lsh_projection {
  thimble_dim hashes, bits;
  thimble_dim items, bytes;  // bytes of an item
} thimble_lsh_projection;

namespace thimble {

struct LshProjectionAttrs {
  bool dense = false;
  template <class V>
  void fields(V& v) {
    v("dense", dense);
  }
};

// FarmHash Fingerprint64 (Geoff Pike, Google).
uint64_t fingerprint(const uint8_t* bytes, size_t count);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_lsh_projection& p) {
  v.number("hashes", p.hashes);
  v.number("bits", p.bits);
  v.number("items", p.items);
  v.number("bytes", p.bytes);
}
