// What a model found in one picture, read from its outputs by their meaning (answer_meaning.h). Places are shares of
// the picture: 0 left and top, 1 right and bottom. Outputs may hold anything: what is no number is left out and
// counted.
#pragma once

#include <span>
#include <vector>

#include "study/answer_meaning.h"

namespace thimble {

struct FoundBox {
  double left = 0, top = 0, right = 0, bottom = 0;  // may reach beyond the picture
  int64_t index = 0;                                // its class
  double score = 0;
};

struct FoundPoint {
  double x = 0, y = 0, score = 1;  // broken: not-a-numbers
};

struct MaskShare {
  int64_t index = 0;   // class
  int64_t pixels = 0;  // of the mask
};

struct Found {
  std::vector<FoundBox> boxes;  // best first
  int64_t broken = 0;           // boxes or points that are no numbers, or end before they begin
  int64_t height = 0, width = 0;
  std::vector<int32_t> classes;   // mask: height × width; −1: no class (one channel: below the threshold)
  std::vector<MaskShare> shares;  // the largest first; those that occur
  std::vector<FoundPoint> points;
};

// outputs: of the graph, the bytes of one run each. threshold: boxes with a lower score are left out, and of a mask of
// one channel the pixels. Points are all there.
Found found_in(const Graph& graph, const AnswerMeaning& meaning, double threshold,
               std::span<const std::span<const uint8_t>> outputs);

// "person"; "class 7" where it has no name. Points: "left knee"; "point 7".
std::string class_name(const AnswerMeaning& meaning, int64_t index);
std::string point_name(size_t points, size_t i);

}  // namespace thimble
