// Everything a study found out, as plain data: the mirror of results.json, and beside it what only
// the report draws. The study room fills it; the writers (report_json.h, report_csv.h,
// report_markdown.h, report_html.h) read it. Every part may be empty.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "measure/regression.h"
#include "measure/stats.h"

namespace thimble {

// A number that was not measured or does not apply (accuracy of a regression): null in JSON, "–" in tables.
inline constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

struct StudyInfo {
  std::string name;
  std::string title;
  uint64_t seed = 0;
  std::string recipe_sha256;
  // What compression may cost: points of accuracy, or percent of the root mean squared error; absent: the default of
  // either (verdict.h).
  double allow_drop = kAbsent;
  bool parameters_plus_kb = false;  // tables show that column
};

struct MachineInfo {
  std::string cpu;
  std::string isa;  // what the kernels use, e.g. "avx512vnni"
  int cores = 0;
  std::string os;
  std::string thimble_version;
};

struct LayerRow {
  std::string name;
  std::string op;
  std::vector<int64_t> output_shape;
  int64_t parameters = 0;
  int64_t macs = 0;
};

struct ModelSummary {
  int64_t parameters = 0;
  int64_t macs = 0;
  std::vector<LayerRow> layers;
};

struct EpochRow {
  int64_t epoch = 0;  // from 1
  double loss = kAbsent;
  double accuracy = kAbsent;
  double val_loss = kAbsent;
  double val_accuracy = kAbsent;
  double learning_rate = kAbsent;
  double seconds = kAbsent;
};

struct SeedTraining {
  uint64_t seed = 0;
  double seconds = kAbsent;
  double images_per_s = kAbsent;
  double test_accuracy = kAbsent;
  double test_loss = kAbsent;
  std::vector<EpochRow> epochs;
};

struct TrainingSummary {
  double images_per_s = kAbsent;
  double seconds = kAbsent;
  int64_t peak_rss_bytes = 0;
  std::vector<EpochRow> epochs;        // of the first seed
  std::vector<SeedTraining> per_seed;  // one per repeat, the first included
};

// Report only: what became of each test sample, in their order, so that two models can be compared in pairs.
struct Outcomes {
  int64_t n = 0;
  std::vector<uint8_t> right;  // classes: bit i % 8 of byte i / 8 is 1 where sample i was answered correctly
  std::vector<float> squares;  // numbers: the squared error, summed over the target's columns

  bool correct(int64_t i) const { return right[static_cast<size_t>(i / 8)] >> (i % 8) & 1; }
  void add(bool correct) {
    if (n % 8 == 0) right.push_back(0);
    right.back() = static_cast<uint8_t>(right.back() | (correct ? 1 : 0) << (n % 8));
    ++n;
  }
};

struct SeedScore {
  uint64_t seed = 0;
  double accuracy = kAbsent;
  double loss = kAbsent;
  RegressionScore regression;  // where the answer is a number
  Outcomes outcomes;
};

// A further test set, reported beside the first.
struct ExtraScore {
  std::string set;
  double accuracy = kAbsent;
  Interval interval95{kAbsent, kAbsent};
  int64_t n = 0;
  RegressionScore regression;
};

struct TestSetSeconds {
  double mean = kAbsent;
  double stddev = kAbsent;
  int64_t trials = 0;
};

// One thread count.
struct Measurement {
  int threads = 1;
  LatencySummary latency_us;
  TestSetSeconds test_set_seconds;
  double cpu_share = kAbsent;  // 1 is one core busy
  int64_t peak_rss_bytes = 0;
  std::vector<double> samples_us;  // report only: latencies behind the summary, the slowest all among them
  std::vector<double> trial_us;    // report only: the median of each trial, in the order in which variants took turns
};

struct UnquantizedRow {
  std::string name;
  int64_t bytes = 0;
  std::string why;
};

// A variant on a board, as C.
struct BoardRow {
  std::string board, title, core;  // "portenta-h7", "Arduino Portenta H7 (M7 core)", "Cortex-M7F"
  double mhz = 0;
  bool fits = false;
  int64_t flash_bytes = 0, flash_of = 0;
  int64_t ram_bytes = 0, stack_bytes = 0, ram_of = 0;
  double instructions = 0, latency_ms = 0;
  double latency_error = 0;  // relative
  bool exceeds_cache = false;
  std::string no_c;  // why there are no figures; else empty
};

// Report only: one operator of the program, time per run; with the last one, the rest between them, they add up to the
// median of the whole.
inline constexpr const char* kOperatorRest = "(between operators)";
struct OperatorTime {
  std::string op;
  std::string name;
  double us = 0;
  double share = 0;  // of the whole run, 0..1
};

struct TensorSizeRow {
  std::string name;
  int64_t before_bytes = 0;  // in the float32 model
  int64_t after_bytes = 0;
  std::string type;            // of the written tensor, e.g. "int8 per channel"
  std::string reason;          // why it has this size
  int64_t deflated_bytes = 0;  // its data alone through zlib
  int64_t elements = 0;
  int64_t zeros = 0;
  int64_t distinct = 0;           // different values
  double packed_bytes = kAbsent;  // its data in a .thim file
  std::string packed_how;         // by which coding
};

// Report only: one buffer of the static arena, alive from first_step to last_step inclusive.
struct ArenaSlot {
  std::string tensor;
  int64_t offset = 0;
  int64_t size = 0;
  int64_t first_step = 0;
  int64_t last_step = 0;
};

// Report only: rows are true classes, columns predicted ones.
struct ConfusionMatrix {
  std::vector<std::string> labels;           // may be empty: class numbers are used
  std::vector<std::vector<int64_t>> counts;  // square
};

// Report only.
struct MisclassifiedExample {
  int64_t index = 0;  // in the test set
  std::string truth;
  std::string predicted;
  double probability = kAbsent;  // given to the predicted class
  std::string png;               // bytes of a PNG file; empty: no picture
};

struct VariantResult {
  std::string name;
  std::string file;         // relative to the study's folder
  std::string technique;    // in short: "prune 80 % + cluster 16 + int8"
  std::string description;  // report only: how it was made, in words, with every setting
  int64_t bytes = 0;
  int64_t bytes_deflated = 0;
  int64_t bytes_packed = 0;  // the same model as a .thim file
  int64_t parameters = 0;
  int64_t macs = 0;
  double sparsity = kAbsent;  // zeros among the weights, 0..1
  double accuracy = kAbsent;
  double accuracy_stddev = kAbsent;
  Interval interval95{kAbsent, kAbsent};
  double loss = kAbsent;
  RegressionScore regression;  // where the answer is a number; means over the seeds
  int64_t test_samples = 0;
  double constant_accuracy = kAbsent;  // what always answering the most frequent class of the test set scores
  std::vector<SeedScore> per_seed;
  std::vector<ExtraScore> extra;
  double agreement_with_float32 = kAbsent;
  double max_abs_output_difference = kAbsent;
  std::vector<Measurement> measurements;  // latency_us of the variant is that of the first
  std::vector<BoardRow> boards;           // of measure.boards
  int64_t arena_bytes = 0;
  std::vector<UnquantizedRow> unquantized_tensors;
  std::vector<TensorSizeRow> tensors;
  std::vector<std::vector<EpochRow>> stages;  // epochs of each training that made the variant from the trained model
  std::vector<std::string> stage_names;       // "prune", "qat"; "network" and "student" began from nothing

  // Report only, each may be empty.
  std::vector<OperatorTime> operators;
  std::vector<ArenaSlot> arena;
  std::vector<std::string> step_names;  // of the program: "conv2d sequential/conv2d_0"
  ConfusionMatrix confusion;
  std::vector<MisclassifiedExample> misclassified;
  // Numbers only: answer − truth, and answer − the first variant's answer, of some test samples.
  std::vector<double> errors, changes;
  std::vector<double> truths, answers;  // of the same samples
  std::vector<double> inputs;           // theirs, one after the other, where a sample is one or two numbers
};

// A variant on another machine.
struct DeviceVariant {
  std::string name;
  double accuracy = kAbsent, rmse = kAbsent;
  int64_t samples = 0;       // of the test set; 0: not measured
  int64_t same_answers = 0;  // of them, to the bit what this machine answers
  LatencySummary latency_us;
  double load_us = kAbsent, first_us = kAbsent;
  TestSetSeconds test_set_seconds;  // passes over those samples; of boards with a clock
  double drift = 0;                 // of these passes: how much longer the last took than the first (measure/drift.h)
  double instructions = kAbsent;    // of one run; of emulated boards
  double cpu_share = kAbsent;
  int64_t peak_rss_bytes = 0;
  std::string problem;  // why it was not measured; else empty
};

struct DeviceResult {
  std::string device;  // "ssh:pi@board", as the recipe names it
  std::string architecture, cpu, system;
  int cores = 0;
  int64_t memory_bytes = 0;
  bool emulated = false;  // its clock says nothing
  std::string problem;    // why nothing was measured now; else empty
  std::string counted;    // emulated: by what instructions were counted, or why they were not
  std::vector<DeviceVariant> variants;
};

struct SweepRow {
  std::string key;    // "train.optimizer"
  std::string value;  // "sgd"
  std::vector<VariantResult> variants;
  std::vector<EpochRow> epochs;  // report only
  std::string note;              // why there are no variants, "diverged: …"; else empty
  // Every key that this point sets and its value as the recipe writes it: {"train.optimizer", "{ sgd = 0.01 }"}.
  std::vector<std::pair<std::string, std::string>> settings;
};

struct StudyResult {
  StudyInfo study;
  MachineInfo machine;
  ModelSummary model;
  TrainingSummary training;
  std::vector<VariantResult> variants;
  std::vector<SweepRow> sweep;
  std::vector<DeviceResult> devices;

  // Report only.
  std::string recipe;                      // the recipe's text
  std::vector<std::string> command_lines;  // that repeat the study
  std::vector<std::string> notes;
  std::vector<std::string> warnings;
};

// Parameters plus kilobytes of the file: the one number by which some size studies rank models.
inline double parameters_plus_kb(const VariantResult& v) {
  return static_cast<double>(v.parameters) + static_cast<double>(v.bytes) / 1000;
}

// The summary of the variant's first measurement, or null when nothing was measured.
inline const LatencySummary* first_latency(const VariantResult& variant) {
  return variant.measurements.empty() ? nullptr : &variant.measurements.front().latency_us;
}

}  // namespace thimble
