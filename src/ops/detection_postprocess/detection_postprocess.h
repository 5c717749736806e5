// detection_postprocess: boxes of a detector from its raw answers, overlapping ones dropped.
//   encodings  float32 or uint8 [1, n, 4 or more]: y, x, h, w of each box against its anchor
//   scores     float32 or uint8 [1, n, classes, with or without a background before them]
//   anchors    [n, 4]: y, x, h, w, of the type of the encodings
//   y          float32: boxes [1, m, 4] (y1, x1, y2, x2), classes [1, m], scores [1, m], count [1];
//              m = max_detections · max_classes_per_detection; zeros behind the last
// A box is y / y_scale · anchor h + anchor y ± e^(h / h_scale) · anchor h / 2, and so for x and w; in double, rounded
// to float32. Fast: the best classes of each box (max_classes_per_detection of them), boxes by their best score.
// use_regular_nms: each class for itself, at most detections_per_class boxes of it; all of them by score. In both a box
// is dropped whose score is below nms_score_threshold or whose intersection over union with a better one that stays is
// above nms_iou_threshold. Of equal scores the box, and in it the class, with the lower number goes first; among
// classes (regular) the lower class. A box that ends before it begins ends the run without an answer. Source:
// TensorFlow Lite's custom operator TFLite_Detection_PostProcess.
#pragma once

#include "ops/op.h"

typedef struct thimble_detection_postprocess {
  thimble_dim boxes, encoding;      // numbers of an encoding
  thimble_dim columns, classes;     // scores of a box, and those of classes, which are the last
  thimble_dim detections, of_each;  // max_detections; classes of a box or boxes of a class
} thimble_detection_postprocess;

namespace thimble {

struct DetectionPostprocessAttrs {
  int max_detections = 0, max_classes_per_detection = 0, detections_per_class = 100, num_classes = 0;
  bool use_regular_nms = false;
  float nms_score_threshold = 0, nms_iou_threshold = 0;
  float y_scale = 1, x_scale = 1, h_scale = 1, w_scale = 1;
  template <class V>
  void fields(V& v) {
    v("max_detections", max_detections);
    v("max_classes_per_detection", max_classes_per_detection);
    v("detections_per_class", detections_per_class);
    v("num_classes", num_classes);
    v("use_regular_nms", use_regular_nms);
    v("nms_score_threshold", nms_score_threshold);
    v("nms_iou_threshold", nms_iou_threshold);
    v("y_scale", y_scale);
    v("x_scale", x_scale);
    v("h_scale", h_scale);
    v("w_scale", w_scale);
  }
};

// A box that may be taken, of one class.
struct Detection {
  int32_t box, category;
  float score;
};

// Where the working memory of the reference has its parts, in bytes.
struct DetectionScratch {
  int64_t decoded, best, order, taken, best_classes, bytes;
};
DetectionScratch detection_scratch(const thimble_detection_postprocess& p, bool regular);

}  // namespace thimble

inline void fields(thimble::PlanVisitor& v, const thimble_detection_postprocess& p) {
  v.number("boxes", p.boxes);
  v.number("numbers of an encoding", p.encoding);
  v.number("columns", p.columns);
  v.number("classes", p.classes);
  v.number("detections", p.detections);
  v.number("of each", p.of_each);
}
