// What the outputs of a model for pictures mean: boxes of things found, a class for every pixel, key points. It is told
// from the operators that make the outputs, from TFLite's metadata, or by the user; what cannot be known is not
// guessed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "formats/tflite/model_metadata.h"
#include "graph/graph.h"

namespace thimble {

enum class Meaning {
  values,  // numbers, or classes of the whole picture: nothing to draw
  boxes,   // things found: boxes, classes, scores, how many
  mask,    // a class for every pixel
  points   // key points of a body: y, x, score
};
// "values", "boxes", "mask", "points": what --as takes.
const char* name(Meaning meaning);

struct AnswerMeaning {
  Meaning meaning = Meaning::values;
  std::string how;      // what it was told from, for a line on stderr; empty: from the operator or the metadata
  std::string why_not;  // values: what is missing for more
  std::string hint;     // … and what to do about it

  // boxes: which output is which; −1 where there is none
  int boxes = -1, classes = -1, scores = -1, count = -1;
  // Where in a box of four the left, top, right and bottom (or what `form` has) stand. The operator: y1, x1, y2, x2.
  std::vector<uint32_t> order = {1, 0, 3, 2};
  TfliteOutput::Box form = TfliteOutput::Box::corners;
  bool pixels = false;        // of the input; else shares of it
  int64_t known_classes = 0;  // that the operator tells apart, no background among them; 0: not known

  // mask: of output 0
  int64_t height = 0, width = 0, channels = 1;  // scores of each pixel; 1: see `indices`
  bool indices = false;                         // the pixel's class itself; else with one channel the share of class 1

  std::vector<std::string> labels;  // of boxes and masks: name of class i; empty: not known
  double threshold = 0.5;           // scores below are left out
};

// `said`: --as, empty where the user says nothing. `labels`: --labels, else empty, and the model's own are taken.
// Errors: usage (outputs that cannot be what `said` says), bad_file (damaged label files).
Result<AnswerMeaning> answer_meaning(const Graph& graph, const std::string& said,
                                     const std::vector<std::string>& labels);

// The 17 key points of COCO, in their order, and which are joined by a line. Source: the annotations of COCO 2017.
inline constexpr int64_t kCocoPoints = 17;
const char* coco_point(int64_t i);
struct Limb {
  int from, to;
};
std::span<const Limb> coco_limbs();

}  // namespace thimble
