#include "study/answer_meaning.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "ops/detection_postprocess/detection_postprocess.h"
#include "ops/operands.h"
#include "study/model_feeding.h"

namespace thimble {
namespace {

// Scores per pixel of so many channels, at the input's own size, are classes: fewer are colours or a flow as well.
constexpr int64_t kFewestSureClasses = 5;
constexpr const char* kSayIt = "--as boxes, --as mask or --as points says what they are, where that is known";

// Of key points, which MoveNet rates lower than detectors their boxes (TensorFlow's pose example takes 0.3, too).
constexpr double kPointThreshold = 0.3;

// What makes an output, behind operators that only change its type or shape (with `moves`: or pick from it).
struct Source {
  const Node* node = nullptr;
  size_t slot = 0;  // which of the node's outputs
};
Source source_of(const Graph& graph, const std::vector<NodeId>& producers, TensorId t, bool moves = false) {
  while (producers[static_cast<size_t>(t)] >= 0) {
    const Node& node = graph.nodes[static_cast<size_t>(producers[static_cast<size_t>(t)])];
    const OperandRule* rule = operands_of(node.op);
    if (!rule || node.inputs.empty() || !(rule->transparent || rule->converts || (moves && rule->moves)))
      return {&node, static_cast<size_t>(std::ranges::find(node.outputs, t) - node.outputs.begin())};
    t = node.inputs[0];
  }
  return {};
}

const Shape& shape_of(const Graph& graph, int output) {
  return graph.at(graph.outputs[static_cast<size_t>(output)]).shape;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_background(const std::string& name) {
  const std::string word = lower(name);
  return word == "???" || word == "background";
}

// A classifier or a table has no picture of answers.
bool takes_picture(const Graph& graph) {
  return !graph.inputs.empty() && graph.at(graph.inputs[0]).shape.rank() >= 3 &&
         picture_shape(graph.at(graph.inputs[0])).has_value();
}

// The outputs' entries of TFLite's metadata; empty where it does not list them all.
std::vector<TfliteOutput> said_outputs(const Graph& graph) {
  const auto entry = graph.metadata.find(kTfliteMetadataKey);
  if (entry == graph.metadata.end()) return {};
  const auto read = read_tflite_metadata(entry->second);
  if (!read || read->outputs.size() != graph.outputs.size()) return {};  // the model runs all the same
  return read->outputs;
}

class Reader {
 public:
  Reader(const Graph& graph, const std::vector<std::string>& labels)
      : graph_(graph), producers_(graph.producers()), given_(labels), outputs_(said_outputs(graph)) {}

  Result<AnswerMeaning> told() {
    if (by_operator() || by_metadata()) return boxes();
    if (graph_.outputs.size() == 1 && takes_picture(graph_)) {
      if (is_movenet(shape_of(graph_, 0))) {
        m_.meaning = Meaning::points;
        m_.threshold = kPointThreshold;
        return m_;
      }
      THIMBLE_TRY(mask_labels());
      if (mask_by_operator() || mask_by_names() || mask_by_size()) {
        m_.meaning = Meaning::mask;
        return m_;
      }
    }
    m_.labels.clear();
    if (m_.why_not.empty())
      m_.why_not = takes_picture(graph_)
                       ? "neither the operators nor the metadata of the model say what its outputs are"
                       : "the model's first input is no picture";
    m_.hint = takes_picture(graph_) ? kSayIt : "only answers about pictures can be drawn";
    return m_;
  }

  Result<AnswerMeaning> as_boxes() {
    if (by_operator() || by_metadata()) return boxes();
    if (!boxes_by_shape())
      return fail(ErrorCode::usage, format("the outputs cannot be read as boxes: {}", m_.why_not),
                  "boxes need an output [1, N, 4], and [1, N] of scores; with classes as well, integers, or names that "
                  "say which is which");
    m_.how = "the boxes are taken to be y1, x1, y2, x2 as shares of the picture";
    return boxes();
  }

  Result<AnswerMeaning> as_mask() {
    THIMBLE_TRY(mask_labels());
    if (!pixels_of(shape_of(graph_, 0)))
      return fail(ErrorCode::usage,
                  format("output 0 cannot be read as a mask: it is {}", graph_.at(graph_.outputs[0]).to_string()),
                  "a mask is [1, H, W, classes], [1, H, W, 1] or [1, H, W]");
    mask_by_operator();
    m_.meaning = Meaning::mask;
    return m_;
  }

  Result<AnswerMeaning> as_points() {
    const Shape& s = shape_of(graph_, 0);
    const int last = s.rank() - 1;
    if (last < 1 || s[last] < 2 || s[last] > 3 || s[last - 1] < 1 || s.elements() != s[last] * s[last - 1])
      return fail(ErrorCode::usage,
                  format("output 0 cannot be read as points: it is {}", graph_.at(graph_.outputs[0]).to_string()),
                  "points are [1, N, 3] (y, x, score) or [1, N, 2] (y, x)");
    if (!is_movenet(s)) m_.how = "the points are taken to be y, x as shares of the picture";
    m_.meaning = Meaning::points;
    m_.threshold = kPointThreshold;
    return m_;
  }

 private:
  static bool is_movenet(const Shape& s) { return s == Shape{1, 1, kCocoPoints, 3}; }

  bool by_operator() {
    std::array<int, 4> at = {-1, -1, -1, -1};
    const Node* decider = nullptr;
    for (int i = 0; i < static_cast<int>(graph_.outputs.size()); ++i) {
      const Source source = source_of(graph_, producers_, graph_.outputs[static_cast<size_t>(i)]);
      if (!source.node || source.slot > 3) continue;
      const OperandRule* rule = operands_of(source.node->op);
      if (!rule || rule->decides != Decides::detections || (decider && decider != source.node)) continue;
      decider = source.node;
      if (at[source.slot] < 0) at[source.slot] = i;
    }
    if (at[0] < 0 || at[2] < 0) return false;
    m_.boxes = at[0], m_.classes = at[1], m_.scores = at[2], m_.count = at[3];
    m_.known_classes = decider->attrs.as<DetectionPostprocessAttrs>().num_classes;
    return fits_boxes();
  }

  bool by_metadata() {
    const auto box =
        std::ranges::find_if(outputs_, [](const TfliteOutput& o) { return o.box != TfliteOutput::Box::none; });
    if (box == outputs_.end()) return false;
    m_.boxes = static_cast<int>(box - outputs_.begin());
    for (int i = 0; i < static_cast<int>(outputs_.size()); ++i) {
      if (i == m_.boxes) continue;
      const TfliteOutput& o = outputs_[static_cast<size_t>(i)];
      const std::string word = lower(o.name);
      int& place = word == "category" || word == "categories" || word == "class" || word == "classes" ? m_.classes
                   : word == "score" || word == "scores"                                              ? m_.scores
                   : word == "number of detections" || word == "count" || word == "num_detections"    ? m_.count
                   : !o.value_labels.empty()                                                          ? m_.classes
                   : o.score_threshold                                                                ? m_.scores
                                                                                                      : unnamed_;
      place = i;
    }
    m_.form = box->box;
    m_.pixels = box->box_pixels;
    if (m_.pixels && !takes_picture(graph_)) {
      m_ = {};
      m_.why_not = "its boxes are in pixels of the input, which is no picture";
      return false;
    }
    m_.order = box->box_order.empty() ? std::vector<uint32_t>{0, 1, 2, 3} : box->box_order;
    return fits_boxes();
  }

  bool boxes_by_shape() {
    m_ = {};
    std::vector<int> lists;
    for (int i = 0; i < static_cast<int>(graph_.outputs.size()); ++i) {
      const Shape& s = shape_of(graph_, i);
      if (s.rank() >= 2 && s.rank() <= 3 && s[s.rank() - 1] == 4 && m_.boxes < 0)
        m_.boxes = i;
      else if (s.elements() == 1 && m_.count < 0)
        m_.count = i;
      else
        lists.push_back(i);
    }
    if (lists.empty() && m_.count >= 0) {  // one box has one score
      m_.scores = std::exchange(m_.count, -1);
    } else if (lists.size() == 1) {
      m_.scores = lists[0];
    } else if (lists.size() == 2) {
      for (int k = 0; k < 2; ++k) {
        const int i = lists[static_cast<size_t>(k)], other = lists[static_cast<size_t>(1 - k)];
        const Tensor& t = graph_.at(graph_.outputs[static_cast<size_t>(i)]);
        std::string word = lower(t.name);
        if (!graph_.output_names.empty()) word += " " + lower(graph_.output_names[static_cast<size_t>(i)]);
        const bool whole = t.quant.empty() && (t.type == DType::i32 || t.type == DType::i64);
        if (whole || word.find("class") != word.npos || word.find("categor") != word.npos)
          m_.classes = i, m_.scores = other;
        else if (word.find("score") != word.npos)
          m_.scores = i, m_.classes = other;
      }
    }
    if (m_.boxes < 0 || m_.scores < 0) {
      m_.why_not = m_.boxes < 0 ? "none is [1, N, 4]" : "which are scores, which classes, does not show";
      return false;
    }
    return fits_boxes();
  }

  // Whether the outputs found are as long as they must be.
  bool fits_boxes() {
    const auto fits = [&](int i, int64_t n) { return i < 0 || shape_of(graph_, i).elements() == n; };
    const int64_t n = m_.boxes < 0 ? 0 : shape_of(graph_, m_.boxes).elements() / 4;
    if (m_.boxes >= 0 && m_.scores >= 0 && fits(m_.boxes, 4 * n) && fits(m_.scores, n) && fits(m_.classes, n) &&
        fits(m_.count, 1))
      return true;
    m_ = {};
    m_.why_not = "boxes, classes and scores do not have the same number of entries";
    return false;
  }

  Result<AnswerMeaning> boxes() {
    m_.meaning = Meaning::boxes;
    m_.labels = given_;
    const auto said = [&](int i) { return i >= 0 && !outputs_.empty() ? &outputs_[static_cast<size_t>(i)] : nullptr; };
    if (const TfliteOutput* o = said(m_.classes); o && m_.labels.empty()) {
      const std::string& file = o->value_labels.empty() ? o->axis_labels : o->value_labels;
      if (!file.empty()) {
        THIMBLE_ASSIGN(m_.labels, attached_labels(graph_, file));
      }
    }
    if (const TfliteOutput* o = said(m_.scores); o && o->score_threshold) m_.threshold = *o->score_threshold;
    // The operator numbers classes without the background; files of labels often begin with a line for it.
    if (m_.known_classes > 0 && std::ssize(m_.labels) == m_.known_classes + 1 && is_background(m_.labels[0]))
      m_.labels.erase(m_.labels.begin());
    return m_;
  }

  // [1, H, W, C], [1, H, W]
  bool pixels_of(const Shape& s) {
    if ((s.rank() != 3 && s.rank() != 4) || s[0] != 1 || s[1] < 2 || s[2] < 2) return false;
    m_.height = s[1], m_.width = s[2], m_.channels = s.rank() == 4 ? s[3] : 1;
    const Tensor& t = graph_.at(graph_.outputs[0]);
    m_.indices = m_.channels == 1 && t.quant.empty() && t.type != DType::f32 && t.type != DType::f16;
    return m_.channels >= 1;
  }

  Status mask_labels() {
    m_.labels = given_;
    if (m_.labels.empty() && !outputs_.empty() && !outputs_[0].axis_labels.empty()) {
      THIMBLE_ASSIGN(m_.labels, attached_labels(graph_, outputs_[0].axis_labels));
    }
    return {};
  }

  bool mask_by_operator() {
    if (!pixels_of(shape_of(graph_, 0))) return false;
    const Source picked = source_of(graph_, producers_, graph_.outputs[0], true);
    const OperandRule* rule = picked.node ? operands_of(picked.node->op) : nullptr;
    if (rule && rule->decides == Decides::category && m_.channels == 1) return m_.indices = true;
    const Source source = source_of(graph_, producers_, graph_.outputs[0]);
    rule = source.node ? operands_of(source.node->op) : nullptr;
    if (!rule || rule->answer == Answer::none) return false;
    const Shape& s = graph_.at(source.node->outputs[0]).shape;
    if (m_.channels >= 2)  // shares of one whole, pixel by pixel
      return !rule->row_major && s.rank() >= 2 && s[s.rank() - 1] == m_.channels;
    const auto picture = picture_shape(graph_.at(graph_.inputs[0]));
    if (!rule->row_major || m_.indices || !picture || (*picture)[2] != 3) return false;  // grey in, grey out: a picture
    m_.how = "the output, one sigmoid for every pixel, is read as a mask (--as values shows the numbers)";
    return true;
  }

  // As many names as channels, or metadata that calls it so.
  bool mask_by_names() {
    if (!pixels_of(shape_of(graph_, 0))) return false;
    const bool named = !outputs_.empty() && lower(outputs_[0].name).starts_with("segmentation");
    return (named && (m_.channels >= 2 || m_.indices)) || (m_.channels >= 2 && std::ssize(m_.labels) == m_.channels);
  }

  bool mask_by_size() {
    if (!pixels_of(shape_of(graph_, 0))) return false;
    const Tensor& t = graph_.at(graph_.outputs[0]);
    const auto picture = picture_shape(graph_.at(graph_.inputs[0]));
    if (!picture || (*picture)[0] != m_.height || (*picture)[1] != m_.width) return false;
    if (m_.indices && (t.type == DType::i32 || t.type == DType::i64)) return true;
    if (m_.channels < kFewestSureClasses) return false;
    m_.how =
        format("the output, {} numbers for every pixel, is read as scores of classes (--as values shows the numbers)",
               m_.channels);
    return true;
  }

  const Graph& graph_;
  const std::vector<NodeId> producers_;
  const std::vector<std::string>& given_;
  const std::vector<TfliteOutput> outputs_;
  AnswerMeaning m_;
  int unnamed_ = -1;
};

}  // namespace

const char* name(Meaning meaning) {
  switch (meaning) {
    case Meaning::boxes: return "boxes";
    case Meaning::mask: return "mask";
    case Meaning::points: return "points";
    default: return "values";
  }
}

Result<AnswerMeaning> answer_meaning(const Graph& graph, const std::string& said,
                                     const std::vector<std::string>& labels) {
  AnswerMeaning numbers;
  numbers.why_not = "--as values asks for the numbers";
  numbers.hint = "leave --as out, or say boxes, mask or points";
  if (said == "values" || graph.outputs.empty()) return numbers;
  Reader reader(graph, labels);
  if (said == "boxes") return reader.as_boxes();
  if (said == "mask") return reader.as_mask();
  if (said == "points") return reader.as_points();
  if (!said.empty()) return fail(ErrorCode::usage, format("--as is '{}'", said), "give boxes, mask, points or values");
  return reader.told();
}

const char* coco_point(int64_t i) {
  static constexpr const char* kNames[] = {"nose",          "left eye",       "right eye",  "left ear",    "right ear",
                                           "left shoulder", "right shoulder", "left elbow", "right elbow", "left wrist",
                                           "right wrist",   "left hip",       "right hip",  "left knee",   "right knee",
                                           "left ankle",    "right ankle"};
  static_assert(std::size(kNames) == kCocoPoints);
  return kNames[i];
}

std::span<const Limb> coco_limbs() {
  static constexpr Limb kLimbs[] = {{0, 1},   {0, 2},   {1, 2},   {1, 3},   {2, 4},  {3, 5},  {4, 6},
                                    {5, 6},   {5, 7},   {7, 9},   {6, 8},   {8, 10}, {5, 11}, {6, 12},
                                    {11, 12}, {11, 13}, {13, 15}, {12, 14}, {14, 16}};
  return kLimbs;
}

}  // namespace thimble
