// random_uniform(shape): numbers of [0, 1); random_standard_normal(shape): of the normal distribution, mean 0,
// deviation 1; multinomial(logits, count): `count` class numbers for each row of logits, each drawn with its
// probability.
//   shape   constant int32 [rank];  y float32 in that shape
//   logits  float32 [batch, classes], classes not 0; count constant int32, one number; y int32 or int64 [batch, count],
//   as it
//           is declared
//   state   variable int64 [1], the last input: how many blocks were drawn by earlier runs. A file does not name it.
// Numbers come from Philox-4x32 with 10 rounds (Salmon et al. 2011), key `seed`, counter from `seed2` · 2^64 on: four
// words of 32 bits a block, each run going on where the last one ended (multinomial: 512 · batch · (count rounded up to
// a multiple of 4) blocks later). uniform: the lowest 23 bits / 2^23; normal: Box and Muller's transform of two words,
// the first at least 1e-7; multinomial: 52 bits of two words / 2^52, times the sum of the e^(logit − largest), in
// double; classes whose logit is not finite are never drawn. Of the seeds the lowest 32 bits count, as signed numbers.
// Seeds that are both 0 mean any seed in TensorFlow Lite; here they are 0. Source: TensorFlow Lite RANDOM_UNIFORM,
// RANDOM_STANDARD_NORMAL, MULTINOMIAL.
#pragma once

#include "ops/op.h"

typedef struct thimble_random {
  thimble_dim count;             // of the numbers, multinomial: of each row
  thimble_dim batches, classes;  // multinomial
} thimble_random;

namespace thimble {

struct RandomAttrs {
  int64_t seed = 0, seed2 = 0;
  template <class V>
  void fields(V& v) {
    v("seed", seed);
    v("seed2", seed2);
  }
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_random& p) {
  v.number("count", p.count);
  v.number("batches", p.batches);
  v.number("classes", p.classes);
}
