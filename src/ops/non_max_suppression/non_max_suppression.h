// non_max_suppression_v4, _v5: of boxes that overlap, the one with the highest score.
//   boxes   float32 [n, 4]: two opposite corners y1, x1, y2, x2;  scores float32 [n]
//   most    constant int32, one number: how many boxes are taken at most
//   overlap, score  float32, one number each: a box whose intersection over union with a taken one is at least
//   `overlap` is
//           dropped, and so is one whose score is not above `score`
//   sigma   _v5 alone, float32, not negative: above 0 scores are multiplied by e^(−iou² / 2·sigma) for every taken box
//   and the
//           box waits for its turn again, in place of being dropped
//   y       indices int32 [most], zeros behind the last; _v5: scores float32 [most]; count int32 []
// Of equal scores that one goes first which a binary heap gives (the heap of the C++ library, filled in order, as the
// original does). A negative sigma ends a run without an answer.
// Source: TensorFlow Lite NON_MAX_SUPPRESSION_V4, NON_MAX_SUPPRESSION_V5.
#pragma once

#include "ops/op.h"

typedef struct thimble_non_max_suppression {
  thimble_dim boxes, most;
} thimble_non_max_suppression;

namespace thimble {

struct NonMaxSuppressionAttrs {
  template <class V>
  void fields(V&) {}
};

struct SuppressionCandidate {
  int32_t index;
  float score;
  int32_t begin;  // the first taken box that it has not been held against
};

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_non_max_suppression& p) {
  v.number("boxes", p.boxes);
  v.number("most", p.most);
}
