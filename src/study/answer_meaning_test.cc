// What outputs mean, and that what nobody says is not guessed; outputs that hold anything at all.
#include "study/answer_meaning.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "api/load.h"
#include "study/found.h"

namespace thimble {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kInf = std::numeric_limits<double>::infinity();

Graph load(const std::string& name) {
  auto model = load_model("tests/cases/found/" + name + ".tflite");
  EXPECT_TRUE(model) << name;
  return model ? std::move(model->graph) : Graph();
}

// A graph of nothing but a picture and outputs, as if an unknown operator made them.
Graph ports(const Shape& input, std::vector<Tensor> outputs) {
  Graph g;
  Tensor in;
  in.name = "image";
  in.shape = input;
  g.inputs = {g.add(in)};
  for (Tensor& t : outputs) g.outputs.push_back(g.add(std::move(t)));
  return g;
}
Tensor out(const Shape& shape, DType type = DType::f32, const std::string& name = "t") {
  Tensor t;
  t.name = name;
  t.shape = shape;
  t.type = type;
  return t;
}
const Shape kPicture = {1, 32, 48, 3};

AnswerMeaning told(const Graph& graph, const std::string& said = "", const std::vector<std::string>& labels = {}) {
  auto meaning = answer_meaning(graph, said, labels);
  EXPECT_TRUE(meaning) << said;
  return meaning ? *meaning : AnswerMeaning();
}
Meaning kind(const Graph& graph, const std::string& said = "", const std::vector<std::string>& labels = {}) {
  return told(graph, said, labels).meaning;
}

TEST(AnswerMeaning, TheOperatorSaysWhichOutputIsWhich) {
  const AnswerMeaning m = told(load("detector"));
  EXPECT_EQ(m.meaning, Meaning::boxes);
  EXPECT_EQ(m.scores, 0);
  EXPECT_EQ(m.count, 1);
  EXPECT_EQ(m.boxes, 2);
  EXPECT_EQ(m.classes, 3);
  EXPECT_EQ(m.known_classes, 3);
  EXPECT_FLOAT_EQ(static_cast<float>(m.threshold), 0.6f);
  EXPECT_EQ(m.labels, (std::vector<std::string>{"red", "green", "blue"}));  // the line of the background is no class
  Graph bare = load("detector");
  bare.metadata.clear();
  EXPECT_EQ(kind(bare), Meaning::boxes);
  EXPECT_EQ(told(bare).threshold, 0.5);
  EXPECT_EQ(told(bare, "", {"r", "g", "b"}).labels[0], "r");
  EXPECT_EQ(told(bare, "", {"background", "r", "g", "b"}).labels[0], "r");
  EXPECT_EQ(told(bare, "", {"none", "r", "g", "b"}).labels[0], "none");  // not called a background
}

TEST(AnswerMeaning, MetadataSaysWhatBoxesAre) {
  Graph g = load("located");
  const AnswerMeaning m = told(g);
  EXPECT_EQ(m.meaning, Meaning::boxes);
  EXPECT_EQ(m.form, TfliteOutput::Box::centre);
  EXPECT_TRUE(m.pixels);
  EXPECT_EQ(m.order, (std::vector<uint32_t>{1, 0, 3, 2}));
  EXPECT_EQ(m.classes, -1);
  g.metadata.clear();
  EXPECT_EQ(kind(g), Meaning::values);
  EXPECT_FALSE(told(g).why_not.empty());
  EXPECT_EQ(kind(g, "boxes"), Meaning::boxes);
  EXPECT_EQ(told(g, "boxes").form, TfliteOutput::Box::corners);
}

TEST(AnswerMeaning, MasksAreToldFromTheirOperators) {
  EXPECT_EQ(kind(load("segments")), Meaning::mask);
  EXPECT_EQ(told(load("segments")).channels, 3);
  EXPECT_TRUE(told(load("classes")).indices);
  EXPECT_EQ(kind(load("mask")), Meaning::mask);
  EXPECT_FALSE(told(load("mask")).how.empty());  // a reading that is said
  EXPECT_EQ(kind(load("logits")), Meaning::values);
  EXPECT_EQ(kind(load("logits"), "", {"a", "b", "c"}), Meaning::mask);  // the user names every channel
  EXPECT_EQ(kind(load("logits"), "", {"a", "b"}), Meaning::values);
  EXPECT_EQ(kind(load("logits"), "mask"), Meaning::mask);
  EXPECT_EQ(kind(load("segments"), "values"), Meaning::values);
}

TEST(AnswerMeaning, ShapesAloneCountWhereNothingElseHasThem) {
  EXPECT_EQ(kind(ports(kPicture, {out({1, 1, 17, 3})})), Meaning::points);
  EXPECT_EQ(kind(ports(kPicture, {out({1, 32, 48, 21})})), Meaning::mask);
  EXPECT_EQ(kind(ports(kPicture, {out({1, 32, 48}, DType::i64)})), Meaning::mask);
  // A picture, a flow, heat maps, features, a classifier, a regression, boxes of no known order.
  EXPECT_EQ(kind(ports(kPicture, {out({1, 32, 48, 3})})), Meaning::values);
  EXPECT_EQ(kind(ports(kPicture, {out({1, 32, 48, 2})})), Meaning::values);
  EXPECT_EQ(kind(ports(kPicture, {out({1, 32, 48, 1})})), Meaning::values);
  EXPECT_EQ(kind(ports(kPicture, {out({1, 32, 48, 3}, DType::u8)})), Meaning::values);
  EXPECT_EQ(kind(ports(kPicture, {out({1, 8, 12, 17})})), Meaning::values);
  EXPECT_EQ(kind(ports(kPicture, {out({1, 1, 1, 1000})})), Meaning::values);
  EXPECT_EQ(kind(ports(kPicture, {out({1, 4})})), Meaning::values);
  EXPECT_EQ(kind(ports({1, 51}, {out({1, 1, 17, 3})})), Meaning::values);
  EXPECT_EQ(kind(ports(kPicture, {out({1, 10, 4}), out({1, 10}), out({1, 10}), out({1})})), Meaning::values);
}

TEST(AnswerMeaning, WhatTheUserSaysMustFit) {
  const Graph odd = ports(kPicture, {out({1, 10, 4}), out({1, 10}), out({1, 10}), out({1})});
  const auto refused = answer_meaning(odd, "boxes", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::usage);
  EXPECT_NE(refused.error().message.find("does not show"), std::string::npos);
  const AnswerMeaning m =
      told(ports(kPicture, {out({1}), out({1, 10}, DType::f32, "scores"), out({1, 10}), out({1, 10, 4})}), "boxes");
  EXPECT_EQ(m.boxes, 3);
  EXPECT_EQ(m.scores, 1);
  EXPECT_EQ(m.classes, 2);
  EXPECT_EQ(m.count, 0);
  const AnswerMeaning whole = told(ports(kPicture, {out({1, 10, 4}), out({1, 10}, DType::i32), out({1, 10})}), "boxes");
  EXPECT_EQ(whole.classes, 1);
  EXPECT_FALSE(answer_meaning(ports(kPicture, {out({1, 10, 4}), out({1, 9})}), "boxes", {}));
  EXPECT_FALSE(answer_meaning(ports(kPicture, {out({1, 10})}), "mask", {}));
  EXPECT_FALSE(answer_meaning(ports(kPicture, {out({1, 10})}), "points", {}));
  EXPECT_EQ(kind(ports(kPicture, {out({1, 5, 2})}), "points"), Meaning::points);
}

class FoundBoxes : public ::testing::Test {
 protected:
  Found found(const std::vector<float>& boxes, const std::vector<float>& classes, const std::vector<float>& scores,
              float count, double threshold = 0.5) {
    const auto n = static_cast<int64_t>(scores.size());
    graph = ports(kPicture, {out({1, n, 4}), out({1, n}), out({1, n}), out({1})});
    m.meaning = Meaning::boxes;
    m.boxes = 0, m.classes = 1, m.scores = 2, m.count = 3;
    const std::vector<float> counts = {count};
    const std::vector<float>* arrays[] = {&boxes, &classes, &scores, &counts};
    std::vector<std::span<const uint8_t>> bytes;
    for (const auto* a : arrays) bytes.emplace_back(reinterpret_cast<const uint8_t*>(a->data()), a->size() * 4);
    return found_in(graph, m, threshold, bytes);
  }
  Graph graph;
  AnswerMeaning m;
};

TEST_F(FoundBoxes, AreSortedAndCutAtCountAndThreshold) {
  const Found f =
      found({.1f, .2f, .3f, .4f, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1}, {3, 1, 2, 4}, {.6f, .9f, .4f, .8f}, 3);
  ASSERT_EQ(f.boxes.size(), 2u);  // the third scores too little, the fourth is behind the count
  EXPECT_EQ(f.boxes[0].index, 1);
  EXPECT_EQ(f.boxes[1].index, 3);
  EXPECT_FLOAT_EQ(static_cast<float>(f.boxes[1].left), .2f);
  EXPECT_FLOAT_EQ(static_cast<float>(f.boxes[1].top), .1f);
  EXPECT_FLOAT_EQ(static_cast<float>(f.boxes[1].right), .4f);
  EXPECT_FLOAT_EQ(static_cast<float>(f.boxes[1].bottom), .3f);
  EXPECT_EQ(f.broken, 0);
}

TEST_F(FoundBoxes, MayHoldAnything) {
  const auto nan = static_cast<float>(kNan), inf = static_cast<float>(kInf);
  EXPECT_EQ(found({0, 0, 1, 1}, {0}, {.9f}, 1e30f).boxes.size(), 1u);  // more than there are
  EXPECT_EQ(found({0, 0, 1, 1}, {0}, {.9f}, inf).boxes.size(), 1u);
  EXPECT_EQ(found({0, 0, 1, 1}, {0}, {.9f}, nan).boxes.size(), 1u);
  EXPECT_EQ(found({0, 0, 1, 1}, {0}, {.9f}, -5).boxes.size(), 0u);
  EXPECT_EQ(found({}, {}, {}, 0).boxes.size(), 0u);
  for (const auto& [box, index, score] : {std::tuple<std::vector<float>, float, float>{{nan, 0, 1, 1}, 0, .9f},
                                          {{0, 0, 1, inf}, 0, .9f},
                                          {{0, .6f, 1, .4f}, 0, .9f},
                                          {{0, 0, 1, 1}, nan, .9f},
                                          {{0, 0, 1, 1}, -1, .9f},
                                          {{0, 0, 1, 1}, 1e30f, .9f},
                                          {{0, 0, 1, 1}, 0, nan}}) {
    const Found f = found(box, {index}, {score}, 1);
    EXPECT_EQ(f.boxes.size(), 0u);
    EXPECT_EQ(f.broken, 1);
  }
  const Found wide = found({-3, -2, 4, 5}, {90}, {.9f}, 1);  // beyond the picture: as the model says it
  EXPECT_EQ(wide.boxes.at(0).right, 5);
  m.labels = {"a", ""};
  EXPECT_EQ(class_name(m, 0), "a");
  EXPECT_EQ(class_name(m, 1), "class 1");
  EXPECT_EQ(class_name(m, 90), "class 90");
}

TEST_F(FoundBoxes, OfOtherFormsBecomeCorners) {
  m.form = TfliteOutput::Box::centre;
  m.order = {1, 0, 3, 2};
  m.pixels = true;  // the input has 32 rows and 48 columns
  const Found f = found({16, 12, 8, 24}, {0}, {.9f}, 1);
  ASSERT_EQ(f.boxes.size(), 1u);
  EXPECT_DOUBLE_EQ(f.boxes[0].left, 0);
  EXPECT_DOUBLE_EQ(f.boxes[0].right, 0.5);
  EXPECT_DOUBLE_EQ(f.boxes[0].top, 12.0 / 32);
  EXPECT_DOUBLE_EQ(f.boxes[0].bottom, 20.0 / 32);
  m.form = TfliteOutput::Box::upper_left;
  m.order = {0, 1, 2, 3};
  m.pixels = false;
  const Found g = found({.25f, .5f, .5f, .25f}, {0}, {.9f}, 1);
  EXPECT_DOUBLE_EQ(g.boxes.at(0).left, 0.25);
  EXPECT_DOUBLE_EQ(g.boxes.at(0).bottom, 0.75);
  m.form = TfliteOutput::Box::corners;
  m.order = {3, 1, 0, 2};  // the left edge stands last, the right one first
  const Found h = found({.9f, .2f, .8f, .1f}, {0}, {.9f}, 1);
  EXPECT_FLOAT_EQ(static_cast<float>(h.boxes.at(0).left), .1f);
  EXPECT_FLOAT_EQ(static_cast<float>(h.boxes.at(0).right), .9f);
}

TEST(FoundMask, ClassesAreTheBestOfEachPixelAndSharesAddUp) {
  const auto nan = static_cast<float>(kNan);
  const Graph g = ports(kPicture, {out({1, 2, 2, 2})});
  const AnswerMeaning m = told(g, "mask");
  const std::vector<float> v = {1, 2, 3, 2, nan, 0, nan, nan};
  const std::span<const uint8_t> bytes[] = {{reinterpret_cast<const uint8_t*>(v.data()), v.size() * 4}};
  const Found f = found_in(g, m, 0.5, bytes);
  EXPECT_EQ(f.classes, (std::vector<int32_t>{1, 0, 1, -1}));
  ASSERT_EQ(f.shares.size(), 2u);
  EXPECT_EQ(f.shares[0].index, 1);
  EXPECT_EQ(f.shares[0].pixels, 2);
  EXPECT_EQ(f.broken, 1);
}

TEST(FoundMask, OneChannelIsCutAtTheThreshold) {
  const Graph g = ports(kPicture, {out({1, 2, 2, 1})});
  const AnswerMeaning m = told(g, "mask");
  const std::vector<float> v = {0.2f, 0.7f, 0.5f, 0.1f};
  const std::span<const uint8_t> bytes[] = {{reinterpret_cast<const uint8_t*>(v.data()), v.size() * 4}};
  EXPECT_EQ(found_in(g, m, 0.5, bytes).classes, (std::vector<int32_t>{-1, 1, 1, -1}));
  EXPECT_EQ(found_in(g, m, 0.6, bytes).classes, (std::vector<int32_t>{-1, 1, -1, -1}));
  EXPECT_EQ(class_name(m, 1), "mask");
}

TEST(FoundPoints, HaveCocosNamesWhereThereAreSeventeen) {
  const Graph g = ports(kPicture, {out({1, 1, 17, 3})});
  std::vector<float> v(51, 0.25f);
  v[3 * 13] = static_cast<float>(kNan);
  const std::span<const uint8_t> bytes[] = {{reinterpret_cast<const uint8_t*>(v.data()), v.size() * 4}};
  const Found f = found_in(g, told(g), 0.5, bytes);
  ASSERT_EQ(f.points.size(), 17u);
  EXPECT_EQ(f.broken, 1);
  EXPECT_TRUE(std::isnan(f.points[13].x));
  EXPECT_EQ(point_name(17, 13), "left knee");
  EXPECT_EQ(point_name(5, 4), "point 4");
  for (const Limb& limb : coco_limbs()) EXPECT_TRUE(limb.from < limb.to && limb.to < kCocoPoints);
}

}  // namespace
}  // namespace thimble
