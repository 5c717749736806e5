// A finished item comes back whole: whatever the reports show of it is the same before and after.
#include "report/study_item.h"

#include <gtest/gtest.h>

#include <tuple>

#include "report/page/report_html.h"
#include "report/report_json.h"
#include "report/report_sample.h"

namespace thimble {
namespace {

StudyItem sample_item() {
  const StudyResult study = sample_study();
  StudyItem item;
  item.id = "seed_1";
  item.fingerprint = "f";
  item.diverged = "no";
  item.training = study.training.per_seed.front();
  item.model = study.model;
  item.peak_rss_bytes = 7;
  item.variants = study.variants;
  VariantResult& v = item.variants.front();
  for (int i = 0; i < 21; ++i) v.per_seed.front().outcomes.add(i % 3 != 0);
  v.constant_accuracy = 0.25;
  v.stage_names = {"qat"};
  v.step_names = {"conv2d a", "softmax b"};
  v.truths = {1, 2}, v.answers = {1.5, 2}, v.inputs = {0.5, 0.25};
  item.notes = study.notes;
  item.warnings = {"w1", "w2"};
  return item;
}

// The sample with the item's parts in place of its own, without what is measured later.
StudyResult study_of(StudyItem item) {
  StudyResult study = sample_study();
  for (VariantResult& v : item.variants) {
    v.measurements.clear();
    v.operators.clear();
  }
  study.variants = std::move(item.variants);
  study.model = std::move(item.model);
  study.training.per_seed.front() = std::move(item.training);
  study.notes = std::move(item.notes);
  study.warnings = std::move(item.warnings);
  return study;
}

TEST(StudyItem, FilesStayInsideTheStudysFolder) {
  for (const char* file : {"/etc/passwd", "../other.tflite", "models/../../other.tflite", ".."}) {
    StudyItem item = sample_item();
    item.variants.front().file = file;
    const auto read = unpack_item(pack_item(item));
    ASSERT_FALSE(read) << file;
    EXPECT_EQ(read.error().code, ErrorCode::bad_file);
    EXPECT_NE(read.error().message.find("outside"), std::string::npos);
  }
}

TEST(StudyItem, ComesBackWhole) {
  const StudyItem before = sample_item();
  const std::vector<uint8_t> bytes = pack_item(before);
  const auto after = unpack_item(bytes);
  ASSERT_TRUE(after) << after.error().to_string();
  EXPECT_EQ(after->id, before.id);
  EXPECT_EQ(after->fingerprint, before.fingerprint);
  EXPECT_EQ(after->diverged, before.diverged);
  const VariantResult &a = before.variants.front(), &b = after->variants.front();
  EXPECT_EQ(a.per_seed.front().outcomes.right, b.per_seed.front().outcomes.right);
  EXPECT_EQ(b.per_seed.front().outcomes.n, 21);
  EXPECT_TRUE(b.per_seed.front().outcomes.correct(20));
  EXPECT_FALSE(b.per_seed.front().outcomes.correct(18));
  EXPECT_EQ(b.constant_accuracy, 0.25);
  EXPECT_EQ(a.stage_names, b.stage_names);
  EXPECT_EQ(a.step_names, b.step_names);
  EXPECT_EQ(std::tie(a.truths, a.answers, a.inputs), std::tie(b.truths, b.answers, b.inputs));
  EXPECT_EQ(after->peak_rss_bytes, before.peak_rss_bytes);
  EXPECT_EQ(report_json(study_of(*after)), report_json(study_of(before)));
  EXPECT_EQ(report_html(study_of(*after)), report_html(study_of(before)));
  EXPECT_EQ(pack_item(*after), bytes);
}

TEST(StudyItem, DamageIsNoticed) {
  const std::vector<uint8_t> whole = pack_item(sample_item());
  for (size_t i = 0; i < whole.size(); i += 97) {
    std::vector<uint8_t> bytes = whole;
    bytes[i] ^= 0x10;
    EXPECT_FALSE(unpack_item(bytes)) << i;
    EXPECT_FALSE(unpack_item(std::span<const uint8_t>(whole).first(i))) << i;
  }
}

}  // namespace
}  // namespace thimble
