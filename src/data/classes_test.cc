// Classes of a set find the outputs of a model.
#include "data/classes.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

Splits set_of(const std::vector<std::string>& names, const std::vector<int32_t>& labels) {
  Samples s;
  s.name = "made";
  s.sample_shape = {1};
  s.count = std::ssize(labels);
  s.bytes.resize(labels.size());
  s.classes = static_cast<int>(names.size());
  s.labels = labels;
  s.label_names = names;
  const Dataset all(std::make_shared<const Samples>(std::move(s)));
  return {.train = all.slice(0, 1), .validation = all.slice(0, 0), .test = all.slice(1, all.size())};
}

TEST(Classes, ByNameWhateverTheOrderAndCase) {
  Splits splits = set_of({"Dog", "red_fox"}, {0, 1, 0});
  ASSERT_TRUE(match_classes({{"cat", "dog", "red fox"}, 3}, false, &splits));
  EXPECT_EQ(splits.train.label(0), 1);
  EXPECT_EQ(splits.test.label(0), 2);
  EXPECT_EQ(splits.test.label(1), 1);
  EXPECT_EQ(splits.test.classes(), 3);
  EXPECT_EQ(splits.test.samples().label_names[2], "red fox");
}

TEST(Classes, WhatHasNoOutputIsNamed) {
  Splits splits = set_of({"bird", "dog"}, {0, 1});
  const Status status = match_classes({{"cat", "dog"}, 2}, false, &splits);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::usage);
  EXPECT_NE(status.error().message.find("\"bird\""), std::string::npos);
  EXPECT_NE(status.error().hint.find("--labels"), std::string::npos);
  Splits few = set_of({"a", "b", "c"}, {0, 1, 2});
  EXPECT_FALSE(match_classes({{}, 1001}, false, &few));
  EXPECT_TRUE(match_classes({{}, 3}, false, &few)) << "as many: in order";
  EXPECT_TRUE(match_classes({{}, 0}, false, &few)) << "nothing is known";
}

TEST(Classes, NumbersAreOutputs) {
  Splits splits = set_of({"3", "7"}, {0, 1});
  ASSERT_TRUE(match_classes({{}, 10}, false, &splits));
  EXPECT_EQ(splits.train.label(0), 3);
  EXPECT_EQ(splits.test.label(0), 7);
  Splits named = set_of({"0", "1"}, {1, 0});
  ASSERT_TRUE(match_classes({{"shirt", "boot"}, 2}, true, &named));
  EXPECT_EQ(named.train.label(0), 1);
  EXPECT_EQ(named.test.samples().label_names[0], "shirt");
  Splits digits = set_of({"0", "1"}, {1, 0});
  EXPECT_FALSE(match_classes({{"shirt", "boot"}, 2}, false, &digits)) << "a set whose classes are digits";
  Splits ten = set_of({"9", "10"}, {0, 1});
  ASSERT_TRUE(match_classes({{"10", "9"}, 2}, true, &ten));
  EXPECT_EQ(ten.train.label(0), 1) << "numbers that are names";
}

TEST(Classes, LabelsCanBeTakenAway) {
  Splits splits = set_of({"a", "b"}, {0, 1});
  drop_labels(&splits);
  EXPECT_FALSE(splits.train.labelled());
  EXPECT_EQ(splits.test.size(), 1);
}

}  // namespace
}  // namespace thimble
