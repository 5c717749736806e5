#include "study/found.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/result.h"
#include "runtime/tensor_values.h"

namespace thimble {
namespace {

constexpr double kLargestIndex = 1e9, kNan = std::numeric_limits<double>::quiet_NaN();

class Decoder {
 public:
  Decoder(const Graph& graph, const AnswerMeaning& meaning, double threshold,
          std::span<const std::span<const uint8_t>> outputs)
      : graph_(graph), m_(meaning), threshold_(threshold), outputs_(outputs) {}

  Found boxes() {
    Found found;
    const std::vector<float> places = values(m_.boxes), scores = values(m_.scores), classes = values(m_.classes);
    size_t n = scores.size();
    if (const std::vector<float> count = values(m_.count); !count.empty() && std::isfinite(count[0]))
      n = static_cast<size_t>(std::clamp(std::round(double{count[0]}), 0.0, static_cast<double>(n)));
    for (size_t i = 0; i < n; ++i) {
      const double score = scores[i], index = classes.empty() ? 0 : std::round(double{classes[i]});
      if (std::isfinite(score) && score < threshold_) continue;
      FoundBox box = place(&places[4 * i]);
      const bool good = std::isfinite(score) && std::isfinite(box.left) && std::isfinite(box.top) &&
                        std::isfinite(box.right) && std::isfinite(box.bottom) && box.left <= box.right &&
                        box.top <= box.bottom && index >= 0 && index <= kLargestIndex;
      if (!good) {
        ++found.broken;
        continue;
      }
      box.score = score;
      box.index = static_cast<int64_t>(index);
      found.boxes.push_back(box);
    }
    std::ranges::stable_sort(found.boxes, std::greater(), &FoundBox::score);
    return found;
  }

  Found mask() {
    Found found;
    found.height = m_.height, found.width = m_.width;
    const std::vector<float> all = values(0);
    const auto channels = static_cast<size_t>(m_.channels);
    std::map<int64_t, int64_t> pixels;
    for (size_t at = 0; at + channels <= all.size(); at += channels) {
      const int64_t index = pixel(std::span(all).subspan(at, channels));
      found.classes.push_back(static_cast<int32_t>(index));
      if (index < 0) ++found.broken;
      ++pixels[index];
    }
    if (m_.channels == 1 && !m_.indices)
      found.broken = std::ranges::count_if(all, [](float v) { return std::isnan(v); });
    for (const auto& [index, count] : pixels)
      if (index >= 0) found.shares.push_back({index, count});
    std::ranges::stable_sort(found.shares, std::greater(), &MaskShare::pixels);
    return found;
  }

  Found points() {
    Found found;
    const Shape& s = graph_.at(graph_.outputs[0]).shape;
    const auto step = static_cast<size_t>(s[s.rank() - 1]);
    const std::vector<float> all = values(0);
    for (size_t at = 0; at + step <= all.size(); at += step) {
      FoundPoint point{all[at + 1], all[at], step == 3 ? all[at + 2] : 1.0};
      if (!std::isfinite(point.x) || !std::isfinite(point.y) || !std::isfinite(point.score)) {
        ++found.broken;
        point = {kNan, kNan, kNan};
      }
      found.points.push_back(point);
    }
    return found;
  }

 private:
  std::vector<float> values(int output) const {
    if (output < 0) return {};
    const Tensor& tensor = graph_.at(graph_.outputs[static_cast<size_t>(output)]);
    std::vector<float> v(static_cast<size_t>(tensor.shape.elements()));
    read_output(tensor, outputs_[static_cast<size_t>(output)], v);
    return v;
  }

  FoundBox place(const float* v) const {
    const double a = v[m_.order[0]], b = v[m_.order[1]], c = v[m_.order[2]], d = v[m_.order[3]];
    FoundBox box{a, b, c, d, 0, 0};
    if (m_.form == TfliteOutput::Box::upper_left) box = {a, b, a + c, b + d, 0, 0};
    if (m_.form == TfliteOutput::Box::centre) box = {a - c / 2, b - d / 2, a + c / 2, b + d / 2, 0, 0};
    if (m_.pixels) {  // the input is [1, H, W, C]
      const Shape& input = graph_.at(graph_.inputs[0]).shape;
      const auto height = static_cast<double>(input[1]), width = static_cast<double>(input[2]);
      box.left /= width, box.right /= width, box.top /= height, box.bottom /= height;
    }
    return box;
  }

  // The class of a pixel; −1: none.
  int64_t pixel(std::span<const float> v) const {
    if (m_.indices) return v[0] >= 0 && v[0] <= kLargestIndex ? std::lround(v[0]) : -1;
    if (v.size() == 1) return v[0] >= threshold_ ? 1 : -1;
    int64_t best = -1;
    for (size_t c = 0; c < v.size(); ++c)
      if (!std::isnan(v[c]) && (best < 0 || v[c] > v[static_cast<size_t>(best)])) best = static_cast<int64_t>(c);
    return best;
  }

  const Graph& graph_;
  const AnswerMeaning& m_;
  const double threshold_;
  const std::span<const std::span<const uint8_t>> outputs_;
};

}  // namespace

Found found_in(const Graph& graph, const AnswerMeaning& meaning, double threshold,
               std::span<const std::span<const uint8_t>> outputs) {
  Decoder decoder(graph, meaning, threshold, outputs);
  switch (meaning.meaning) {
    case Meaning::boxes: return decoder.boxes();
    case Meaning::mask: return decoder.mask();
    case Meaning::points: return decoder.points();
    default: return {};
  }
}

std::string class_name(const AnswerMeaning& meaning, int64_t index) {
  if (meaning.meaning == Meaning::mask && meaning.channels == 1 && !meaning.indices)  // its one class, or beside none
    return meaning.labels.size() == 1 || meaning.labels.size() == 2 ? meaning.labels.back() : "mask";
  const bool named = index >= 0 && index < std::ssize(meaning.labels);
  return named && !meaning.labels[static_cast<size_t>(index)].empty() ? meaning.labels[static_cast<size_t>(index)]
                                                                      : format("class {}", index);
}

std::string point_name(size_t points, size_t i) {
  return static_cast<int64_t>(points) == kCocoPoints ? coco_point(static_cast<int64_t>(i)) : format("point {}", i);
}

}  // namespace thimble
