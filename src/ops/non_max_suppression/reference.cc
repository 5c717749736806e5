#include <algorithm>
#include <cmath>

#include "ops/non_max_suppression/non_max_suppression.h"

namespace thimble::reference {
namespace {

// Of two boxes by their corners; 0 where one has no area.
float intersection_over_union(const float* a, const float* b) {
  const float a_top = std::min(a[0], a[2]), a_bottom = std::max(a[0], a[2]);
  const float a_left = std::min(a[1], a[3]), a_right = std::max(a[1], a[3]);
  const float b_top = std::min(b[0], b[2]), b_bottom = std::max(b[0], b[2]);
  const float b_left = std::min(b[1], b[3]), b_right = std::max(b[1], b[3]);
  const float a_area = (a_bottom - a_top) * (a_right - a_left), b_area = (b_bottom - b_top) * (b_right - b_left);
  if (a_area <= 0 || b_area <= 0) return 0;
  const float common = std::max(std::min(a_bottom, b_bottom) - std::max(a_top, b_top), 0.0f) *
                       std::max(std::min(a_right, b_right) - std::max(a_left, b_left), 0.0f);
  return common / (a_area + b_area - common);
}

bool lower(const SuppressionCandidate& a, const SuppressionCandidate& b) { return a.score < b.score; }

}  // namespace

void non_max_suppression(const RefCall& call) {
  const auto& p = call.plan<thimble_non_max_suppression>();
  const bool soft = call.node.op == Op::non_max_suppression_v5;
  const auto *boxes = call.in[0].as<float>(), *scores = call.in[1].as<float>();
  const float overlap = call.in[3].as<float>()[0], least = call.in[4].as<float>()[0];
  const float sigma = soft ? call.in[5].as<float>()[0] : 0.0f;
  auto* taken = call.out[0].as<int32_t>();
  float* taken_scores = soft ? call.out[1].as<float>() : nullptr;
  std::fill_n(taken, p.most, 0);
  if (soft) std::fill_n(taken_scores, p.most, 0.0f);
  int32_t count = 0;
  if (!(sigma >= 0) && call.fault) call.fault->wrong("sigma is negative");
  auto* heap = static_cast<SuppressionCandidate*>(call.scratch);
  int64_t waiting = 0;
  for (int64_t i = 0; i < p.boxes; ++i)
    if (scores[i] > least) {
      heap[waiting++] = {static_cast<int32_t>(i), scores[i], 0};
      std::push_heap(heap, heap + waiting, lower);
    }
  const float scale = sigma > 0 ? static_cast<float>(-0.5 / static_cast<double>(sigma)) : 0.0f;
  const int64_t most = std::min<int64_t>(waiting, p.most);
  while (count < most && waiting > 0) {
    std::pop_heap(heap, heap + waiting, lower);
    SuppressionCandidate next = heap[--waiting];
    const float score = next.score;
    bool dropped = false;
    for (int32_t j = count - 1; j >= next.begin; --j) {
      const float iou = intersection_over_union(boxes + 4 * int64_t{next.index}, boxes + 4 * int64_t{taken[j]});
      if (iou >= overlap) {
        dropped = true;
        break;
      }
      if (sigma > 0) next.score = next.score * std::exp(scale * iou * iou);
      if (next.score <= least) break;
    }
    next.begin = count;
    if (dropped) continue;
    if (next.score == score) {
      taken[count] = next.index;
      if (soft) taken_scores[count] = next.score;
      ++count;
    }
    if (next.score > least) {
      heap[waiting++] = next;
      std::push_heap(heap, heap + waiting, lower);
    }
  }
  call.out[soft ? 2 : 1].as<int32_t>()[0] = count;
}

}  // namespace thimble::reference
