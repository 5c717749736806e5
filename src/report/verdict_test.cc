// Constructed studies and the advice that each gives, word for word: what a reader gets to see is what is tested.
#include "report/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "report/report_sample.h"

namespace thimble {
namespace {

std::string text_of(const StudyResult& r) {
  std::string text;
  for (const std::string& sentence : judge(r).sentences) text += (text.empty() ? "" : "\n") + sentence;
  return text;
}

// A training whose loss no longer falls.
std::vector<EpochRow> settled() {
  std::vector<EpochRow> epochs;
  for (int e = 1; e <= 20; ++e) epochs.push_back({e, 0.3 + std::exp(-e), 0.9, 0.31 + std::exp(-e), 0.9, 1e-3, 1});
  return epochs;
}

StudyResult study() {
  StudyResult r;
  r.training.epochs = settled();
  return r;
}

// `us` with trials that spread by `spread` of it.
void timed(VariantResult& v, double us, double spread = 0.01) {
  Measurement m;
  m.latency_us.p50 = us;
  m.latency_us.count = 100;
  for (int t = -2; t <= 2; ++t) m.trial_us.push_back(us * (1 + spread * t / 1.58));
  v.measurements = {m};
}

VariantResult& sized(StudyResult& r, const char* name, int64_t bytes, int64_t packed, double us) {
  VariantResult& v = r.variants.emplace_back();
  v.name = name;
  v.bytes = bytes, v.bytes_packed = packed;
  timed(v, us);
  return v;
}

// Of n samples the first `wrong` are answered wrongly; `swapped` of these rightly and as many others wrongly instead.
Outcomes outcomes(int64_t n, int64_t wrong, int64_t swapped) {
  Outcomes o;
  for (int64_t i = 0; i < n; ++i) o.add(i < wrong ? i < swapped : i >= wrong + swapped);
  return o;
}

void classes(VariantResult& v, int64_t n, int64_t wrong, int64_t swapped = 0) {
  v.test_samples = n;
  v.accuracy = 1 - static_cast<double>(wrong) / static_cast<double>(n);
  v.interval95 = wilson95(n - wrong, n);
  v.constant_accuracy = 0.1;
  v.per_seed = {{1, v.accuracy, 0.3, {}, outcomes(n, wrong, swapped)}};
}

// Errors around `rmse`, the same draw for all variants but for a share of their own.
void numbers(VariantResult& v, int64_t n, double rmse, double r2, uint64_t own = 0) {
  Random shared(5), random(own, 6);
  v.test_samples = n;
  v.regression = {rmse * rmse, rmse, rmse * 0.8, r2, rmse * 3};
  Outcomes o;
  o.n = n;
  for (int64_t i = 0; i < n; ++i) {
    const double error = rmse * (shared.normal() + (own ? 0.3 * random.normal() : 0)) / (own ? 1.044 : 1.0);
    o.squares.push_back(static_cast<float>(error * error));
  }
  v.per_seed = {{1, kAbsent, v.regression.mse, v.regression, o}};
}

TEST(Verdict, ChoicesOnTheSampleStudy) {
  StudyResult r = sample_study();
  const Verdict v = judge(r);
  EXPECT_EQ(v.reference, 0);
  EXPECT_EQ(v.smallest, 2);
  EXPECT_EQ(v.ship, 3);  // 1 % larger than the smallest, but faster
  EXPECT_EQ(v.fastest, 3);
  EXPECT_TRUE(v.fastest_alone);
  EXPECT_EQ(v.most_accurate, 0);
  r.study.allow_drop = 0.07;
  EXPECT_EQ(judge(r).ship, 2);  // int8 loses 0.11 points
  r.study.allow_drop = 0.01;
  EXPECT_EQ(judge(r).ship, 1);
  r.variants.resize(1);
  EXPECT_EQ(judge(r).ship, 0);
  EXPECT_EQ(judge(r).packed, -1);
  EXPECT_EQ(judge({}).ship, -1);
  EXPECT_EQ(text_of({}), "No variant was measured in this study.");
}

TEST(Verdict, BetterAtEqualSizeIsShippedAndTheEpochsAreNamed) {
  StudyResult r = study();
  classes(sized(r, "float32", 50'000, 44'000, 6.0), 10'000, 500);
  classes(sized(r, "dynamic_all", 12'896, 9'237, 8.6), 10'000, 480, 40);
  VariantResult& qat = sized(r, "qat8", 13'552, 9'116, 8.6);
  classes(qat, 10'000, 335, 30);
  qat.stages.assign(1, settled());
  qat.stages[0].resize(2);
  for (EpochRow& e : qat.stages[0]) e.val_loss = 0.3;
  qat.stage_names = {"qat"};
  EXPECT_EQ(text_of(r),
            "Ship qat8: 13.6 KB (9.12 KB as a packed .thim) that answers 96.65 % of the test samples correctly (95 % "
            "interval 96.28 % to 96.99 %).\n"
            "Beside float32 it is 3.7 times smaller and 1.4 times slower.\n"
            "It gains 1.65 percentage points of accuracy, more than chance explains.\n"
            "qat8 trained 2 epochs more than float32; part of what it gains is that (a variant with continue = { "
            "epochs = 2 } would show how much).\n"
            "The runner-up is dynamic_all: 1.45 percentage points less accurate, 5 % smaller and as fast.\n"
            "float32 is the fastest: 6.00 µs per input (median, 1 thread), 1.4 times faster than qat8.");
}

TEST(Verdict, AContinuedBaselineSaysWhatTheEpochsAloneGive) {
  StudyResult r = study();
  classes(sized(r, "float32", 50'000, 44'000, 6.0), 10'000, 1000);
  for (const char* name : {"continued", "qat8"}) {
    VariantResult& v = sized(r, name, name[0] == 'q' ? 13'000 : 50'000, name[0] == 'q' ? 9'000 : 44'000, 6.0);
    classes(v, 10'000, name[0] == 'q' ? 480 : 500);
    v.stages.assign(1, settled());
    v.stage_names = {name[0] == 'q' ? "qat" : "continue"};
  }
  EXPECT_EQ(text_of(r),
            "Ship qat8: 13.0 KB (9.00 KB as a packed .thim) that answers 95.20 % of the test samples correctly (95 % "
            "interval 94.76 % to 95.60 %).\n"
            "Beside float32 it is 3.8 times smaller and as fast.\n"
            "It gains 5.20 percentage points of accuracy, more than chance explains.\n"
            "qat8 trained 20 epochs more than float32; 20 more epochs alone (continued) gain 5.00 percentage points.\n"
            "The runner-up is continued: 0.20 percentage points less accurate, 3.8 times larger and as fast.\n"
            "All files are equally fast: 6.00 µs per input (median, 1 thread).");
}

TEST(Verdict, TiesAreCalledTies) {
  StudyResult r = study();
  classes(sized(r, "float32", 5'000, 4'000, 0.147), 10'000, 900);
  classes(sized(r, "dynamic", 5'000, 4'000, 0.146), 10'000, 900);
  classes(sized(r, "int8", 4'900, 3'900, 0.148), 10'000, 880, 60);
  EXPECT_EQ(text_of(r),
            "Ship int8: 4.90 KB (3.90 KB as a packed .thim) that answers 91.20 % of the test samples correctly (95 % "
            "interval 90.63 % to 91.74 %).\n"
            "Beside float32 it is about as large and as fast.\n"
            "Its accuracy is the same within chance: 0.20 percentage points higher.\n"
            "The runner-up is dynamic: of the same accuracy within chance, about as large and as fast.\n"
            "All files are equally fast: 148 ns per input (median, 1 thread).");
}

TEST(Verdict, AUselessRegressionIsNotShipped) {
  StudyResult r = study();
  numbers(sized(r, "float32", 9'000, 8'000, 1), 500, 231'000, -4.3);
  numbers(sized(r, "int8", 3'000, 2'500, 1), 500, 231'500, -4.3188, 7);
  EXPECT_EQ(text_of(r),
            "Ship none of these files yet: int8, which would be the one at 3.00 KB (2.50 KB as a packed .thim), is off "
            "by 231,500 (root mean squared error; it explains -431.88 % of the target's variance), and it is no better "
            "than always answering the mean of the targets (which explains 0 %).");
  EXPECT_TRUE(judge(r).useless);
}

TEST(Verdict, AClassifierNoBetterThanTheMostFrequentClass) {
  StudyResult r = study();
  classes(sized(r, "float32", 9'000, 8'000, 1), 1000, 903);
  EXPECT_EQ(text_of(r),
            "Ship none of these files yet: float32, which would be the one at 9.00 KB (8.00 KB as a packed .thim), "
            "answers 9.70 % of the test samples correctly (95 % interval 8.02 % to 11.69 %), and it is no better than "
            "always answering the most frequent class, which scores 10.00 %, and with 1,000 test samples its accuracy "
            "is known to ± 1.8 points only, the rest is chance.");
  r = study();
  classes(sized(r, "float32", 9'000, 8'000, 1), 1000, 890);
  EXPECT_EQ(text_of(r),
            "Ship float32: 9.00 KB (8.00 KB as a packed .thim) that answers 11.00 % of the test samples correctly (95 "
            "% interval 9.21 % to 13.09 %), but it is not clearly better than always answering the most frequent "
            "class, which scores 10.00 %, and with 1,000 test samples its accuracy is known to ± 1.9 points only, the "
            "rest is chance.");
}

TEST(Verdict, AnUndertrainedNetwork) {
  StudyResult r = study();
  r.training.epochs = {{1, 1.9, 0.4, 1.6, 0.5, 1e-3, 1}, {2, 1.4, 0.6, 1.2, 0.66, 1e-3, 1}};
  classes(sized(r, "float32", 9'000, 8'000, 1), 10'000, 3'300);
  classes(sized(r, "smallest", 2'400, 2'000, 0.9), 10'000, 3'300);
  EXPECT_EQ(text_of(r),
            "Ship smallest: 2.40 KB (2.00 KB as a packed .thim) that answers 67.00 % of the test samples correctly (95 "
            "% interval 66.07 % to 67.91 %), but its loss was still falling, by 25 % per epoch, when the training "
            "ended after 2 epochs (train longer: train.epochs).\n"
            "Beside float32 it is 3.8 times smaller and 10 % faster.\n"
            "Its accuracy is the same (up to 0.5 points were allowed: measure.allow_drop).\n"
            "It is also the fastest: 900 ns per input (median, 1 thread).");
  r.training.epochs.resize(1);
  EXPECT_EQ(judge(r).sentences[0],
            "Ship smallest: 2.40 KB (2.00 KB as a packed .thim) that answers 67.00 % of the test samples correctly (95 "
            "% interval 66.07 % to 67.91 %), but it was trained for a single epoch (train longer: train.epochs).");
}

TEST(Verdict, ATinyTestSet) {
  StudyResult r = study();
  classes(sized(r, "float32", 90'000, 80'000, 100), 24, 7);
  classes(sized(r, "int8", 25'000, 20'000, 60), 24, 7, 1);
  EXPECT_EQ(text_of(r),
            "Ship int8: 25.0 KB (20.0 KB as a packed .thim) that answers 70.83 % of the test samples correctly (95 % "
            "interval 50.83 % to 85.09 %), but with 24 test samples its accuracy is known to ± 17 points only, the "
            "rest is chance.\n"
            "Beside float32 it is 3.6 times smaller and 1.7 times faster.\n"
            "Its accuracy is the same (up to 0.5 points were allowed: measure.allow_drop).\n"
            "It is also the fastest: 60.0 µs per input (median, 1 thread).");
}

TEST(Verdict, SlowerButSmaller) {
  StudyResult r = study();
  classes(sized(r, "float32", 90'000, 80'000, 50), 10'000, 800);
  classes(sized(r, "int8", 25'000, 20'000, 70), 10'000, 805, 10);
  EXPECT_EQ(text_of(r),
            "Ship int8: 25.0 KB (20.0 KB as a packed .thim) that answers 91.95 % of the test samples correctly (95 % "
            "interval 91.40 % to 92.47 %).\n"
            "Beside float32 it is 3.6 times smaller and 1.4 times slower.\n"
            "Its accuracy is the same within chance: 0.05 percentage points lower (up to 0.5 points were allowed: "
            "measure.allow_drop).\n"
            "float32 is the fastest: 50.0 µs per input (median, 1 thread), 1.4 times faster than int8.");
}

TEST(Verdict, ADivergedTraining) {
  StudyResult r = study();
  VariantResult& v = sized(r, "float32", 9'000, 8'000, 1);
  v.test_samples = 100;
  v.regression = {};
  v.loss = kAbsent;
  EXPECT_EQ(text_of(r),
            "Ship none of these files: the answers of float32 are not numbers, so there is nothing to compare with.");
  // The quantised one alone is broken: it is no candidate.
  r = study();
  numbers(sized(r, "float32", 9'000, 8'000, 1), 500, 0.02, 0.999);
  sized(r, "int8", 3'000, 2'500, 1).test_samples = 500;
  EXPECT_EQ(text_of(r),
            "Ship float32: 9.00 KB (8.00 KB as a packed .thim) that is off by 0.02 (root mean squared error; it "
            "explains 99.90 % of the target's variance).\n"
            "No smaller file has a small enough error (up to 5 % more was allowed: measure.allow_drop).\n"
            "All files are equally fast: 1.00 µs per input (median, 1 thread).");
}

TEST(Verdict, ASingleVariant) {
  StudyResult r = study();
  classes(sized(r, "float32", 90'000, 0, 50), 10'000, 800);
  EXPECT_EQ(
      text_of(r),
      "Ship float32: 90.0 KB that answers 92.00 % of the test samples correctly (95 % interval 91.45 % to 92.52 %).");
}

TEST(Verdict, AllSmallerOnesAreWorse) {
  StudyResult r = study();
  classes(sized(r, "float32", 90'000, 80'000, 50), 10'000, 800);
  classes(sized(r, "int8", 25'000, 20'000, 30), 10'000, 900);
  classes(sized(r, "int4", 14'000, 10'000, 30), 10'000, 2'900);
  EXPECT_EQ(
      text_of(r),
      "Ship float32: 90.0 KB (80.0 KB as a packed .thim) that answers 92.00 % of the test samples correctly (95 % "
      "interval 91.45 % to 92.52 %).\n"
      "No smaller file is accurate enough (up to 0.5 points were allowed: measure.allow_drop).\n"
      "If bytes count more than accuracy, take int8: 1.00 percentage point less accurate, 3.6 times smaller and 1.7 "
      "times faster.\n"
      "int8 is the fastest: 30.0 µs per input (median, 1 thread), 1.7 times faster than float32; int4 is as fast.");
  r.study.allow_drop = 1;
  EXPECT_EQ(judge(r).ship, 1);
}

TEST(Verdict, TheSweepHasTheNews) {
  StudyResult r = study();
  classes(sized(r, "float32", 275'000, 250'000, 50), 10'000, 3'300);
  for (const auto& [name, value, wrong] : {std::tuple("sgd", "{ sgd = 0.01 }", 4'000),
                                           {"adam", "{ adam = 0.01 }", 1'830},
                                           {"ftrl", "{ ftrl = 0.01 }", 0}}) {
    SweepRow row{"train.optimizer", name, {}, {}, "", {{"train.optimizer", value}}};
    if (wrong > 0) {
      row.variants.push_back(r.variants[0]);
      classes(row.variants[0], 10'000, wrong);
    } else {
      row.note = "diverged: the loss is not a number";
    }
    r.sweep.push_back(row);
  }
  EXPECT_EQ(text_of(r),
            "Ship float32: 275 KB (250 KB as a packed .thim) that answers 67.00 % of the test samples correctly (95 % "
            "interval 66.07 % to 67.91 %).\n"
            "The sweep found better: with train.optimizer = { adam = 0.01 }, float32 answers 81.70 %: 14.70 percentage "
            "points more, and more than chance, even as the best of 3 points; train with that first.");
  classes(r.sweep[1].variants[0], 10'000, 3'280, 100);  // better by chance only
  EXPECT_EQ(judge(r).sweep, -1);
}

TEST(Verdict, PackedDiffersFromTheFile) {
  StudyResult r = study();
  classes(sized(r, "float32", 90'000, 80'000, 50), 10'000, 800);
  classes(sized(r, "int8", 25'000, 20'000, 30), 10'000, 805, 20);
  classes(sized(r, "pruned80", 90'200, 12'000, 50), 10'000, 810, 60);
  EXPECT_EQ(text_of(r),
            "Ship int8: 25.0 KB (20.0 KB as a packed .thim) that answers 91.95 % of the test samples correctly (95 % "
            "interval 91.40 % to 92.47 %).\n"
            "Beside float32 it is 3.6 times smaller and 1.7 times faster.\n"
            "Its accuracy is the same within chance: 0.05 percentage points lower (up to 0.5 points were allowed: "
            "measure.allow_drop).\n"
            "The runner-up is pruned80: of the same accuracy within chance, 3.6 times larger and 1.7 times slower.\n"
            "It is also the fastest: 30.0 µs per input (median, 1 thread).\n"
            "Where the device unpacks at load, or the download counts, ship pruned80 as a packed .thim: 12.0 KB that "
            "answers 91.90 % of the test samples correctly (95 % interval 91.35 % to 92.42 %).");
}

TEST(Verdict, SeveralSeeds) {
  StudyResult r = study();
  for (const int wrong : {800, 803}) {
    VariantResult& v = sized(r, wrong == 800 ? "float32" : "int8", wrong == 800 ? 90'000 : 25'000, 20'000, 50);
    classes(v, 10'000, wrong);
    v.per_seed.clear();
    for (int seed = 0; seed < 3; ++seed)
      v.per_seed.push_back(
          {static_cast<uint64_t>(seed), v.accuracy, 0.3, {}, outcomes(10'000, wrong, seed * 9 + (wrong - 800) * 20)});
    v.accuracy_stddev = 0.001;
  }
  EXPECT_EQ(text_of(r),
            "Ship int8: 25.0 KB (20.0 KB as a packed .thim) that answers 91.97 % of the test samples correctly (95 % "
            "interval 91.42 % to 92.49 %; mean of 3 trainings).\n"
            "Beside float32 it is 3.6 times smaller and as fast.\n"
            "Its accuracy is the same within chance: 0.03 percentage points lower (up to 0.5 points were allowed: "
            "measure.allow_drop).\n"
            "All files are equally fast: 50.0 µs per input (median, 1 thread).");
}

TEST(Verdict, ARegressionWithinItsAllowance) {
  StudyResult r = study();
  numbers(sized(r, "float32", 9'000, 8'000, 1.0), 2'000, 0.0200, 0.9988);
  numbers(sized(r, "float16", 5'000, 4'500, 1.0), 2'000, 0.0200, 0.9988);
  numbers(sized(r, "int8", 3'000, 2'500, 0.5), 2'000, 0.0260, 0.9980, 9);
  EXPECT_EQ(text_of(r),
            "Ship float16: 5.00 KB (4.50 KB as a packed .thim) that is off by 0.02 (root mean squared error; it "
            "explains 99.88 % of the target's variance).\n"
            "Beside float32 it is 1.8 times smaller and as fast.\n"
            "Its root mean squared error is the same (up to 5 % more was allowed: measure.allow_drop).\n"
            "If bytes count more than accuracy, take int8: 30 % more error, 1.7 times smaller and 2 times faster.\n"
            "int8 is the fastest: 500 ns per input (median, 1 thread), 2 times faster than float16.");
  r.study.allow_drop = 50;
  EXPECT_EQ(judge(r).ship, 2);
  EXPECT_EQ(judge(r).sentences[2],
            "Its root mean squared error is 0.026 against 0.02: 30 % more, more than chance explains (up to 50 % more "
            "was allowed: measure.allow_drop).");
}

TEST(Doubts, FallPerEpochIsTheSlopeAtTheEnd) {
  EXPECT_LT(fall_per_epoch(settled()), 0.005);
  std::vector<EpochRow> epochs;
  for (int e = 1; e <= 10; ++e) epochs.push_back({e, std::pow(0.9, e)});
  EXPECT_NEAR(fall_per_epoch(epochs), 0.1, 1e-9);
  for (EpochRow& e : epochs) e.val_loss = 0.5;  // validation has settled: more epochs would only overfit
  EXPECT_NEAR(fall_per_epoch(epochs), 0, 1e-9);
  epochs.resize(1);
  EXPECT_TRUE(std::isnan(fall_per_epoch(epochs)));
  EXPECT_NEAR(accuracy_uncertainty(17.0 / 24, 24), 0.1713, 0.0005);  // the interval is 50.83 % to 85.09 %
  EXPECT_NEAR(accuracy_uncertainty(0.9, 10'000), 0.0059, 1e-4);
}

}  // namespace
}  // namespace thimble
