// select_boxes: for every picture and class, of boxes that overlap the one with the highest score.
//   boxes    float32 [pictures, n, 4]: two opposite corners y1, x1, y2, x2, or with `centres` x, y, width, height
//   scores   float32 [pictures, classes, n]
//   most     int64, one number: how many boxes of a picture and class are taken at most (none where it is negative)
//   overlap  float32, one number from 0 to 1: a box is dropped whose intersection over union with a taken one is larger
//   score    float32, one number: a box is dropped whose score is not larger; −∞ drops none
//   y        int64 [taken, 3]: picture, class, box; pictures and classes in their order, boxes by falling score, of
//   equal
//            scores the first one (a score that is no number comes last)
// How many are taken decides the shape of y: all operands have to be known when the graph is read (or run in steps).
// Boxes without area overlap nothing.
// Source: ONNX NonMaxSuppression; what it leaves open (ties, empty boxes) as ONNX Runtime has it.
#pragma once

#include "ops/op.h"

typedef struct thimble_select_boxes {
  thimble_dim pictures, classes, boxes;
  int centres;
} thimble_select_boxes;

namespace thimble {

struct SelectBoxesAttrs {
  bool centres = false;

  template <class V>
  void fields(V& v) {
    v("centres", centres);
  }
};

struct BoxLimits {
  int64_t most;
  float overlap, score;
};

// How many rows y has; they are written to y where it is not null, `room` of them at most. `scratch` holds 2 · n
// numbers.
int64_t select_boxes(const thimble_select_boxes& p, const float* boxes, const float* scores, const BoxLimits& limits,
                     int32_t* scratch, int64_t* y, int64_t room);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_select_boxes& p) {
  v.number("pictures", p.pictures);
  v.number("classes", p.classes);
  v.number("boxes", p.boxes);
  v.number("centres", p.centres);
}
