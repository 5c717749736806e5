// A finished item comes back whole: whatever the reports show of it is the same before and after.
#include "report/study_item.h"

#include <gtest/gtest.h>

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

TEST(StudyItem, ComesBackWhole) {
  const StudyItem before = sample_item();
  const std::vector<uint8_t> bytes = pack_item(before);
  const auto after = unpack_item(bytes);
  ASSERT_TRUE(after) << after.error().to_string();
  EXPECT_EQ(after->id, before.id);
  EXPECT_EQ(after->fingerprint, before.fingerprint);
  EXPECT_EQ(after->diverged, before.diverged);
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
