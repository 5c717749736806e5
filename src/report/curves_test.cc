// Training curves as CSV and TensorBoard runs.
#include "report/curves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "report/report_sample.h"

namespace thimble {
namespace {

TEST(Curves, EveryTrainingIsThere) {
  StudyResult r = sample_study();
  r.variants[3].stage_names = {"qat"};
  r.sweep[0].epochs = r.training.epochs;
  r.sweep[1].epochs = r.training.epochs;
  r.sweep[1].value = r.sweep[0].value = "a, \"b\"";
  const std::string csv = curves_csv(r);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 3 * 40 + 1 + 2 * 40);
  EXPECT_NE(csv.find("\nseed_1,1,"), std::string::npos);
  EXPECT_NE(csv.find("\nint8: qat,1,"), std::string::npos);
  EXPECT_NE(csv.find("\n\"train.optimizer = a, \"\"b\"\"\",40,"), std::string::npos);
  std::set<std::string> folders;
  for (const EventRun& run : tensorboard_runs(r, 1.7e9)) {
    EXPECT_TRUE(folders.insert(run.folder).second) << run.folder;
    EXPECT_EQ(run.folder.find_first_of(" ,\"="), std::string::npos) << run.folder;
    EXPECT_GT(run.events.size(), 50u);
  }
  EXPECT_EQ(folders, (std::set<std::string>{"seed_1", "seed_2", "seed_3", "int8_qat", "sweep/train.optimizer_a_b",
                                            "sweep/train.optimizer_a_b_2"}));
}

}  // namespace
}  // namespace thimble
