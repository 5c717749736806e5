#include "data/feeding.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

Dataset bytes_set(std::vector<uint8_t> bytes) {
  Samples s;
  s.name = "made";
  s.sample_shape = {1, 2, 1};
  s.count = static_cast<int64_t>(bytes.size() / 2);
  s.bytes = std::move(bytes);
  return Dataset(std::make_shared<const Samples>(std::move(s)));
}

Dataset table(std::vector<float> values, int64_t columns) {
  Samples s;
  s.name = "table";
  s.sample_shape = {columns};
  s.storage = Storage::floats;
  s.count = static_cast<int64_t>(values.size()) / columns;
  s.floats = std::move(values);
  return Dataset(std::make_shared<const Samples>(std::move(s)));
}

TEST(Feeding, PixelScales) {
  const Dataset set = bytes_set({0, 255, 51, 102});
  const uint8_t in[] = {0, 51, 255};
  float out[3];
  auto unit = measure_feeding("0..1", set);
  ASSERT_TRUE(unit);
  unit->apply(in, out, 1, 3);
  EXPECT_EQ(out[0], 0.0f);
  EXPECT_EQ(out[1], 51.0f / 255.0f);  // as Keras' x / 255
  EXPECT_EQ(out[2], 1.0f);
  auto both = measure_feeding("-1..1", set);
  both->apply(in, out, 1, 3);
  EXPECT_EQ(out[0], -1.0f);
  EXPECT_EQ(out[2], 1.0f);
  auto standard = measure_feeding("standard", set);
  EXPECT_FLOAT_EQ(standard->mean[0], 102.0f);           // mean of 0, 255, 51, 102
  EXPECT_FLOAT_EQ(standard->deviation[0], 95.412263f);  // sqrt(36414 / 4)
  EXPECT_EQ(measure_feeding("none", set)->deviation[0], 1.0f);
  EXPECT_EQ(measure_feeding("0-1", set).error().code, ErrorCode::usage);
}

TEST(Feeding, ColumnsOfTables) {
  const Dataset set = table({1, 1e6f, 5, 3, 1e6f + 2, 5, 5, 1e6f + 4, 5}, 3);
  auto standard = measure_feeding("standard", set);
  ASSERT_TRUE(standard);
  EXPECT_FLOAT_EQ(standard->mean[1], 1e6f + 2);
  EXPECT_FLOAT_EQ(standard->deviation[0], 1.6329932f);
  EXPECT_FLOAT_EQ(standard->deviation[1], 1.6329932f);
  EXPECT_EQ(standard->deviation[2], 1.0f);  // constant column
  float row[3] = {5, 1e6f, 5};
  measure_feeding("0..1", set)->apply(row, row, 1, 3);
  EXPECT_EQ(row[0], 1.0f);
  EXPECT_EQ(row[1], 0.0f);
  EXPECT_EQ(row[2], 0.0f);
}

TEST(Feeding, TargetsOfTheTrainingPart) {
  Samples s;
  s.name = "houses";
  s.sample_shape = {1};
  s.storage = Storage::floats;
  s.count = 3;
  s.floats = {1, 2, 3};
  s.target_width = 2;
  s.targets = {250000, 7, 250003, 7, 250006, 7};
  Feeding feeding;
  ASSERT_TRUE(measure_targets(Dataset(std::make_shared<const Samples>(std::move(s))), &feeding));
  EXPECT_EQ(feeding.target_mean, (std::vector<float>{250003, 7}));
  EXPECT_EQ(feeding.target_deviation[0], 2.0f);  // √6
  EXPECT_EQ(feeding.target_deviation[1], 1.0f);  // constant
  float row[2] = {250003, 8};
  feeding.apply_to_targets(row, row, 2);
  EXPECT_EQ(row[0], 0.0f);
  EXPECT_EQ(row[1], 1.0f);
  EXPECT_EQ(Feeding().to_json().find("target"), std::string::npos);
  auto back = Feeding::from_json(feeding.to_json());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->target_mean, feeding.target_mean);
  EXPECT_EQ(back->target_deviation, feeding.target_deviation);
  EXPECT_FALSE(Feeding::from_json("{\"target_mean\":1}"));
  EXPECT_FALSE(Feeding::from_json("{\"target_mean\":1,\"target_deviation\":0}"));
}

TEST(Feeding, JsonRoundTrip) {
  Feeding p;
  p.scale = "standard";
  p.mean = {0.1f, 33.318421f};
  p.deviation = {1, 78.567490f};
  p.labels = {"a \"b\"", "ü"};
  p.table = TableLayout{
      {{"size", {}, 0}, {"colour", {"blau", "grün"}, 0}, {"age", {}, 31.25f}}, "mean", "price", Task::classification};
  auto back = Feeding::from_json(p.to_json());
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_EQ(back->mean, p.mean);
  EXPECT_EQ(back->deviation, p.deviation);
  EXPECT_EQ(back->labels, p.labels);
  EXPECT_EQ(back->scale, "standard");
  EXPECT_EQ(back->table, p.table);
  EXPECT_EQ(p.table->width(), 4u);
  EXPECT_EQ(p.table->input_names(), (std::vector<std::string>{"size", "colour=blau", "colour=grün", "age"}));
  for (const char* bad :
       {"", "[]", "{\"mean\":\"x\"}", "{\"mean\":[1,2],\"deviation\":[1]}", "{\"deviation\":0}",
        "{\"deviation\":1e999}", "{\"labels\":[1]}", "{\"scale\":3}", "{\"mean\":[]}", "{\"table\":1}",
        "{\"table\":{\"columns\":[]}}", "{\"table\":{\"columns\":[{\"values\":[\"a\"]}]}}",
        "{\"table\":{\"columns\":[{\"name\":\"a\",\"fill\":1e99}]}}",
        "{\"table\":{\"columns\":[\"a\"],\"task\":\"both\"}}"})
    EXPECT_FALSE(Feeding::from_json(bad)) << bad;
}

// What old files lack is not written where it means what they meant: packed files do not grow.
TEST(Feeding, OnlyWhatDiffersIsStored) {
  Feeding p;
  p.scale = "0..1";
  p.deviation = {255};
  EXPECT_EQ(p.to_json(), R"({"scale":"0..1","mean":0,"deviation":255,"layout":"NHWC"})");
  EXPECT_FALSE(Feeding::from_json(p.to_json())->floats);
  p.floats = p.handwriting = true;
  p.task = Task::regression;
  p.trained_on = {{"0123456789abcdef", 7, 80, 10, 10}};
  const auto back = Feeding::from_json(p.to_json());
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_TRUE(back->floats);
  EXPECT_TRUE(back->handwriting);
  EXPECT_EQ(back->task, Task::regression);
  EXPECT_EQ(back->trained_on, p.trained_on);
  EXPECT_TRUE(Feeding::from_json(R"({"scale":"standard","mean":[1,2],"deviation":[1,1]})")->floats) << "columns";
  for (const char* bad :
       {R"({"stored":"words"})", R"({"handwriting":1})", R"({"task":"guess"})", R"({"task":1})",
        R"({"trained_on":[{"set":"x"}]})", R"({"trained_on":[{"set":"x","seed":1,"split":[1,2,-3]}]})"})
    EXPECT_FALSE(Feeding::from_json(bad)) << bad;
}

TEST(Feeding, OnePairPerChannel) {
  Feeding p;
  p.mean = {1, 2, 3};
  p.deviation = {1, 2, 4};
  const uint8_t in[] = {1, 4, 11, 2, 2, 3};
  float out[6];
  p.apply(in, out, 1, 6);
  EXPECT_EQ(std::vector<float>(out, out + 6), (std::vector<float>{0, 1, 2, 1, 0, 0}));
}

// Units of 1e-12 (farads): what varies there is scaled as well.
TEST(Feeding, TinyUnits) {
  auto s = std::make_shared<Samples>();
  s->name = "made";
  s->sample_shape = {2};
  s->storage = Storage::floats;
  s->count = 2;
  s->floats = {1e-13f, 5, 3e-13f, 5};
  s->target_width = 1;
  s->targets = {1e-12f, 3e-12f};
  const Dataset set(s);
  auto feeding = measure_feeding("standard", set);
  ASSERT_TRUE(feeding);
  EXPECT_NEAR(feeding->deviation[0] * 1e13, 1, 1e-6);
  EXPECT_EQ(feeding->deviation[1], 1);
  ASSERT_TRUE(measure_targets(set, &*feeding));
  EXPECT_LT(feeding->target_deviation[0], 2e-12f);
}

}  // namespace
}  // namespace thimble
