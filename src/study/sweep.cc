#include "study/sweep.h"

#include <algorithm>

namespace thimble {

bool SweepPoint::changes_data() const {
  return std::ranges::any_of(settings, [](const Setting& s) { return s.key.starts_with("data."); });
}

Result<std::vector<SweepPoint>> sweep_points(const Recipe& recipe) {
  constexpr size_t kMost = 10000;
  std::vector<SweepPoint> points;
  for (const SweepAxis& axis : recipe.sweep) {
    std::vector<SweepPoint> next;
    if (!recipe.grid || points.empty()) {
      for (size_t v = 0; v < axis.values.size(); ++v)
        next.push_back({axis.key, axis.labels[v], {{axis.key, axis.values[v]}}});
    } else {
      for (const SweepPoint& point : points)
        for (size_t v = 0; v < axis.values.size(); ++v) {
          next.push_back(point);
          next.back().key += " × " + axis.key;
          next.back().label += " × " + axis.labels[v];
          next.back().settings.push_back({axis.key, axis.values[v]});
        }
    }
    if (recipe.grid)
      points = std::move(next);
    else
      points.insert(points.end(), next.begin(), next.end());
    if (points.size() > kMost) return fail(ErrorCode::usage, format("the sweep has more than {} points", kMost));
  }
  return points;
}

}  // namespace thimble
