#include "ops/select_boxes/select_boxes.h"

#include <algorithm>
#include <cmath>

namespace thimble {
namespace {

struct Extent {
  float low, high;
};

// Along x (0) or y (1).
Extent extent(const float* box, int axis, bool centres) {
  if (centres) {
    const float half = box[2 + axis] / 2;
    return {box[axis] - half, box[axis] + half};
  }
  const float a = box[1 - axis], b = box[3 - axis];
  return {std::min(a, b), std::max(a, b)};
}

bool overlaps(const float* a, const float* b, bool centres, float limit) {
  const Extent ax = extent(a, 0, centres), bx = extent(b, 0, centres);
  const float width = std::min(ax.high, bx.high) - std::max(ax.low, bx.low);
  if (!(width > 0)) return false;
  const Extent ay = extent(a, 1, centres), by = extent(b, 1, centres);
  const float height = std::min(ay.high, by.high) - std::max(ay.low, by.low);
  if (!(height > 0)) return false;
  const float common = width * height;
  const float a_area = (ax.high - ax.low) * (ay.high - ay.low), b_area = (bx.high - bx.low) * (by.high - by.low);
  const float both = a_area + b_area - common;
  if (!(common > 0) || !(a_area > 0) || !(b_area > 0) || !(both > 0)) return false;
  return common / both > limit;
}

}  // namespace

int64_t select_boxes(const thimble_select_boxes& p, const float* boxes, const float* scores, const BoxLimits& limits,
                     int32_t* scratch, int64_t* y, int64_t room) {
  const int64_t n = p.boxes;
  int32_t *order = scratch, *taken = scratch + n;
  const bool all = std::isinf(limits.score) && limits.score < 0;
  int64_t rows = 0;
  for (int64_t picture = 0; picture < p.pictures; ++picture)
    for (int64_t c = 0; c < p.classes; ++c) {
      const float* of = scores + (picture * p.classes + c) * n;
      const float* from = boxes + picture * n * 4;
      int64_t waiting = 0, count = 0;
      for (int64_t i = 0; i < n; ++i)
        if (all || of[i] > limits.score) order[waiting++] = static_cast<int32_t>(i);
      const auto first = [of](int32_t a, int32_t b) {
        const bool a_number = !std::isnan(of[a]), b_number = !std::isnan(of[b]);
        if (a_number && b_number && of[a] != of[b]) return of[a] > of[b];
        return a_number != b_number ? a_number : a < b;
      };
      std::sort(order, order + waiting, first);
      for (int64_t i = 0; i < waiting && count < limits.most; ++i) {
        const float* box = from + int64_t{order[i]} * 4;
        const bool dropped = std::any_of(taken, taken + count, [&](int32_t t) {
          return overlaps(box, from + int64_t{t} * 4, p.centres != 0, limits.overlap);
        });
        if (dropped) continue;
        taken[count++] = order[i];
        if (y && rows < room) {
          y[rows * 3] = picture;
          y[rows * 3 + 1] = c;
          y[rows * 3 + 2] = order[i];
        }
        ++rows;
      }
    }
  return rows;
}

}  // namespace thimble
