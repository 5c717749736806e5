#include "data/array_set.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace thimble {
namespace {

NpyArray floats(std::vector<int64_t> shape, const std::vector<float>& values) {
  NpyArray a{"f4", std::move(shape), std::vector<uint8_t>(values.size() * 4)};
  std::memcpy(a.bytes.data(), values.data(), a.bytes.size());
  return a;
}
NpyArray bytes(std::vector<int64_t> shape, std::vector<uint8_t> values) {
  return {"u1", std::move(shape), std::move(values)};
}

struct Read {
  Status status;
  Samples train, test, validation;
};
Read read(std::map<std::string, NpyArray> arrays, const ArrayOptions& options = {}) {
  Read r;
  ArrayParts parts;
  r.status = array_samples(std::move(arrays), options, "npz:made", &parts);
  r.train = std::move(parts.train), r.test = std::move(parts.test), r.validation = std::move(parts.validation);
  return r;
}
std::string message(std::map<std::string, NpyArray> arrays, const ArrayOptions& options = {}) {
  const Read r = read(std::move(arrays), options);
  return r.status ? "no error" : r.status.error().message;
}

const NpyArray kX = floats({3, 2}, {1, 2, 3, 4, 5, 6});
const NpyArray kOneHot = floats({3, 2}, {0, 1, 1, 0, 0, 1});
const NpyArray kTruths = floats({3}, {0, 1, 1});

TEST(ArraySet, OneHotRowsAreClasses) {
  const Read guessed = read({{"x_train", kX}, {"y_train", kOneHot}});
  ASSERT_TRUE(guessed.status) << guessed.status.error().to_string();
  EXPECT_EQ(guessed.train.classes, 2);
  EXPECT_EQ(guessed.train.labels, (std::vector<int32_t>{1, 0, 1}));
  ASSERT_EQ(guessed.train.notes.size(), 1u);
  const Read told = read({{"x_train", kX}, {"y_train", kOneHot}}, {.task = Task::regression});
  EXPECT_EQ(told.train.target_width, 2);
  EXPECT_TRUE(told.train.notes.empty());
  const NpyArray soft = floats({3, 2}, {0.1f, 0.9f, 1, 0, 0, 1});
  EXPECT_EQ(read({{"x_train", kX}, {"y_train", soft}}).train.target_width, 2);
  EXPECT_NE(message({{"x_train", kX}, {"y_train", soft}}, {.task = Task::classification}).find("row 0 is not one-hot"),
            std::string::npos);
}

TEST(ArraySet, ZerosAndOnesAndWholeNumbers) {
  const Read guessed = read({{"x", kX}, {"y", kTruths}});
  ASSERT_TRUE(guessed.status) << guessed.status.error().to_string();
  EXPECT_EQ(guessed.train.labels, (std::vector<int32_t>{0, 1, 1}));
  EXPECT_EQ(read({{"x", kX}, {"y", kTruths}}, {.task = Task::regression}).train.targets, (std::vector<float>{0, 1, 1}));
  const NpyArray whole = bytes({3}, {7, 8, 9});
  EXPECT_EQ(read({{"x", kX}, {"y", whole}}).train.classes, 10);
  EXPECT_EQ(read({{"x", kX}, {"y", whole}}, {.task = Task::regression}).train.targets, (std::vector<float>{7, 8, 9}));
  EXPECT_NE(message({{"x", kX}, {"y", floats({3}, {0, 1.5f, 1})}}, {.task = Task::classification}).find("1.5 in row 1"),
            std::string::npos);
  const Read named = read({{"x", kX}, {"y", kTruths}}, {.labels = {"no", "yes", "maybe"}});
  EXPECT_EQ(named.train.classes, 3);
  EXPECT_EQ(named.train.label_names[1], "yes");
}

TEST(ArraySet, NanNamesItsPlace) {
  NpyArray x = floats({3, 2}, {1, 2, 3, NAN, 5, INFINITY});
  EXPECT_NE(message({{"x_train", x}, {"y_train", kTruths}})
                .find("x_train holds NaN in row 1, column 1 and 1 more such value"),
            std::string::npos);
  EXPECT_NE(
      message({{"x_train", kX}, {"y_train", floats({3}, {0, 1, INFINITY})}}).find("y_train holds infinity in row 2"),
      std::string::npos);
}

TEST(ArraySet, Unlabelled) {
  const ArrayOptions options{.unlabelled = true};
  for (const char* name : {"x", "x_train", "samples"}) {
    const Read r = read({{name, kX}}, options);
    ASSERT_TRUE(r.status) << r.status.error().to_string();
    EXPECT_EQ(r.train.count, 3);
    EXPECT_EQ(r.train.classes + r.train.target_width, 0);
  }
  EXPECT_NE(message({{"x_train", kX}}).find("lacks the array y_train; it holds x_train (3, 2)"), std::string::npos);
  EXPECT_NE(message({{"samples", kX}}).find("lacks the array x"), std::string::npos);
  // Labels that do not fit are left aside, with a note.
  const Read r = read({{"x", kX}, {"y", floats({3}, {0, NAN, 1})}}, options);
  ASSERT_TRUE(r.status) << r.status.error().to_string();
  EXPECT_EQ(r.train.classes + r.train.target_width, 0);
  EXPECT_EQ(r.train.notes.size(), 1u);
}

TEST(ArraySet, ValidationPart) {
  const Read whole = read({{"x_train", kX},
                           {"y_train", kTruths},
                           {"x_test", kX},
                           {"y_test", kTruths},
                           {"x_val", floats({1, 2}, {7, 8})},
                           {"y_val", floats({1}, {1})},
                           {"ids", kTruths}});
  ASSERT_TRUE(whole.status) << whole.status.error().to_string();
  EXPECT_EQ(whole.validation.floats, (std::vector<float>{7, 8}));
  EXPECT_EQ(whole.validation.labels, (std::vector<int32_t>{1}));
  EXPECT_EQ(whole.validation.classes, 2);
  EXPECT_NE(whole.train.notes.at(0).find("passed over the arrays ids (3)"), std::string::npos);
  const Read without = read({{"x_train", kX}, {"y_train", kTruths}, {"x_val", kX}, {"y_val", kTruths}});
  ASSERT_TRUE(without.status) << without.status.error().to_string();
  EXPECT_EQ(without.test.count, 3);
  EXPECT_EQ(without.validation.count, 0);
  EXPECT_NE(without.train.notes.at(0).find("x_val is the test part"), std::string::npos);
}

TEST(ArraySet, ComplexNumbersAreRefused) {
  const NpyArray complex{"c8", {3, 1}, std::vector<uint8_t>(24)};
  EXPECT_NE(message({{"x", complex}, {"y", kTruths}}).find("complex"), std::string::npos);
  EXPECT_NE(message({{"x", kX}, {"y", complex}}).find("complex"), std::string::npos);
}

}  // namespace
}  // namespace thimble
