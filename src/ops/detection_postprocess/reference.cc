#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/detection_postprocess/detection_postprocess.h"

namespace thimble::reference {
namespace {

float real(const TensorView& t, int64_t i) {
  if (t.type == DType::f32) return t.as<float>()[i];
  return (static_cast<float>(t.as<uint8_t>()[i]) - static_cast<float>(t.zero_point())) * t.scale();
}

struct Box {
  float top, left, bottom, right;
};

float intersection_over_union(const Box& a, const Box& b) {
  const float a_area = (a.bottom - a.top) * (a.right - a.left), b_area = (b.bottom - b.top) * (b.right - b.left);
  if (a_area <= 0 || b_area <= 0) return 0;
  const float common = std::max(std::min(a.bottom, b.bottom) - std::max(a.top, b.top), 0.0f) *
                       std::max(std::min(a.right, b.right) - std::max(a.left, b.left), 0.0f);
  return common / (a_area + b_area - common);
}

class Detector {
 public:
  explicit Detector(const RefCall& call)
      : call_(call),
        p_(call.plan<thimble_detection_postprocess>()),
        attrs_(call.node.attrs.as<DetectionPostprocessAttrs>()) {
    const DetectionScratch at = detection_scratch(p_, attrs_.use_regular_nms);
    auto* memory = static_cast<uint8_t*>(call.scratch);
    boxes_ = reinterpret_cast<Box*>(memory);
    best_ = reinterpret_cast<float*>(memory + at.best);
    order_ = reinterpret_cast<int32_t*>(memory + at.order);
    taken_ = reinterpret_cast<Detection*>(memory + at.taken);
    classes_ = reinterpret_cast<int32_t*>(memory + at.best_classes);
  }

  void run() {
    for (int i = 0; i < 4; ++i)
      std::fill_n(call_.out[static_cast<size_t>(i)].as<float>(), call_.out[static_cast<size_t>(i)].shape.elements(),
                  0.0f);
    if (!decode()) {
      if (call_.fault) call_.fault->wrong("a decoded box ends before it begins");
      return;
    }
    attrs_.use_regular_nms ? regular() : fast();
  }

 private:
  // False where a box ends before it begins.
  bool decode() {
    const TensorView &encodings = call_.in[0], &anchors = call_.in[2];
    for (int64_t i = 0; i < p_.boxes; ++i) {
      const auto encoded = [&](int k) { return static_cast<double>(real(encodings, i * p_.encoding + k)); };
      const auto anchor = [&](int k) { return static_cast<double>(real(anchors, i * 4 + k)); };
      const auto y = static_cast<float>(encoded(0) / static_cast<double>(attrs_.y_scale) * anchor(2) + anchor(0));
      const auto x = static_cast<float>(encoded(1) / static_cast<double>(attrs_.x_scale) * anchor(3) + anchor(1));
      const auto h = static_cast<float>(0.5 * std::exp(encoded(2) / static_cast<double>(attrs_.h_scale)) * anchor(2));
      const auto w = static_cast<float>(0.5 * std::exp(encoded(3) / static_cast<double>(attrs_.w_scale)) * anchor(3));
      boxes_[i] = {y - h, x - w, y + h, x + w};
      if (boxes_[i].top > boxes_[i].bottom || boxes_[i].left > boxes_[i].right) return false;
    }
    return true;
  }

  float score(int64_t box, int64_t category) const {
    return real(call_.in[1], box * p_.columns + p_.columns - p_.classes + category);
  }

  // Leaves in order_[0 … result) the boxes that stay, by best_, at most `most` of them.
  int64_t suppress(int64_t most) {
    int64_t waiting = 0, stay = 0;
    for (int64_t i = 0; i < p_.boxes; ++i)
      if (best_[i] >= attrs_.nms_score_threshold) order_[waiting++] = static_cast<int32_t>(i);
    std::sort(order_, order_ + waiting,
              [&](int32_t a, int32_t b) { return best_[a] != best_[b] ? best_[a] > best_[b] : a < b; });
    while (stay < waiting && stay < most) {
      const Box& kept = boxes_[order_[stay++]];
      int64_t left = stay;
      for (int64_t j = stay; j < waiting; ++j)
        if (!(intersection_over_union(kept, boxes_[order_[j]]) > attrs_.nms_iou_threshold)) order_[left++] = order_[j];
      waiting = left;
    }
    return stay;
  }

  void put(int64_t place, const Detection& d) {
    const Box& b = boxes_[d.box];
    float* to = call_.out[0].as<float>() + 4 * place;
    to[0] = b.top, to[1] = b.left, to[2] = b.bottom, to[3] = b.right;
    call_.out[1].as<float>()[place] = static_cast<float>(d.category);
    call_.out[2].as<float>()[place] = d.score;
  }

  // Classes of a box, the `of_each` best first.
  void rank_classes(int64_t box) {
    std::iota(classes_, classes_ + p_.classes, 0);
    std::partial_sort(classes_, classes_ + p_.of_each, classes_ + p_.classes, [&](int32_t a, int32_t b) {
      const float x = score(box, a), y = score(box, b);
      return x != y ? x > y : a < b;
    });
  }

  void fast() {
    for (int64_t i = 0; i < p_.boxes; ++i) {
      best_[i] = score(i, 0);
      for (int64_t c = 1; c < p_.classes; ++c) best_[i] = std::max(best_[i], score(i, c));
    }
    const int64_t stay = suppress(p_.detections);
    for (int64_t k = 0; k < stay; ++k) {
      rank_classes(order_[k]);
      for (int64_t c = 0; c < p_.of_each; ++c)
        put(k * attrs_.max_classes_per_detection + c, {order_[k], classes_[c], score(order_[k], classes_[c])});
    }
    call_.out[3].as<float>()[0] = static_cast<float>(stay);
  }

  void regular() {
    int64_t count = 0;
    for (int32_t c = 0; c < p_.classes; ++c) {
      for (int64_t i = 0; i < p_.boxes; ++i) best_[i] = score(i, c);
      const int64_t stay = suppress(p_.of_each), before = count;
      for (int64_t k = 0; k < stay; ++k) {  // behind all that are as good
        const Detection d{order_[k], c, best_[order_[k]]};
        int64_t at = before + k;
        for (; at > 0 && taken_[at - 1].score < d.score; --at) taken_[at] = taken_[at - 1];
        taken_[at] = d;
      }
      count = std::min<int64_t>(before + stay, p_.detections);
    }
    for (int64_t k = 0; k < count; ++k) put(k, taken_[k]);
    call_.out[3].as<float>()[0] = static_cast<float>(count);
  }

  const RefCall& call_;
  const thimble_detection_postprocess& p_;
  const DetectionPostprocessAttrs& attrs_;
  Box* boxes_;
  float* best_;
  int32_t *order_, *classes_;
  Detection* taken_;
};

}  // namespace

void detection_postprocess(const RefCall& call) { Detector(call).run(); }

}  // namespace thimble::reference
