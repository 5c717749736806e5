#include "study/score.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/png.h"

namespace thimble {
namespace {

constexpr size_t kMisclassified = 24;

// The share of the most frequent class; absent for numbers.
double constant_accuracy(const EvaluationResult& e) {
  int64_t most = 0;
  for (const auto& row : e.confusion) most = std::max(most, std::accumulate(row.begin(), row.end(), int64_t{0}));
  return e.confusion.empty() || e.n == 0 ? kAbsent : static_cast<double>(most) / static_cast<double>(e.n);
}

Outcomes outcomes(const EvaluationResult& e, const Dataset& test) {
  Outcomes o;
  const int64_t columns = test.target_width();
  for (int64_t i = 0; i < e.n; ++i) {
    if (!e.predictions.empty()) {
      o.add(e.predictions[static_cast<size_t>(i)] == test.label(i));
      continue;
    }
    double sum = 0;
    for (int64_t k = 0; k < std::min(columns, e.width); ++k) {
      const double error = static_cast<double>(e.outputs[static_cast<size_t>(i * e.width + k)]) - test.target(i)[k];
      sum += error * error;
    }
    o.squares.push_back(static_cast<float>(sum));
    ++o.n;
  }
  return o;
}

}  // namespace

Status Scorer::score(Variant& v) {
  VariantResult& r = v.result;
  EvaluateOptions evaluate{.threads = options_.threads, .cancelled = hooks_.cancelled};
  evaluate.progress = [&](int64_t done, int64_t total) {
    if (hooks_.progress) hooks_.progress({"evaluating " + v.spec.name, done, total, "images", ""});
  };
  const Dataset& test = options_.data.splits.test;
  if (test.empty()) return {};
  THIMBLE_ASSIGN(EvaluationResult e, evaluate_model(v.graph, test, options_.data.feeding, evaluate));
  r.test_samples = e.n;
  r.loss = e.loss;
  if (e.accuracy >= 0) {
    r.accuracy = e.accuracy;
    r.interval95 = wilson95(e.correct, e.n);
  }
  r.regression = e.regression;
  r.constant_accuracy = constant_accuracy(e);
  r.per_seed.push_back({options_.seed, r.accuracy, r.loss, r.regression, outcomes(e, test)});
  if (hooks_.note)
    hooks_.note(e.accuracy >= 0 ? format("{}: {} bytes, test accuracy {:.4f}", v.spec.name, r.bytes, e.accuracy)
                                : format("{}: {} bytes, RMSE {:.6g}, R² {:.5f}", v.spec.name, r.bytes,
                                         e.regression.rmse, e.regression.r2));
  compare(r, e);
  if (e.regression.present() && options_.pictures) collect_errors(r, e);
  for (const auto& [set_name, set] : options_.data.extra) {
    THIMBLE_ASSIGN(const EvaluationResult x, evaluate_model(v.graph, set, options_.data.feeding, evaluate));
    const bool classes = x.accuracy >= 0;
    r.extra.push_back({set_name, classes ? x.accuracy : kAbsent,
                       classes ? wilson95(x.correct, x.n) : Interval{kAbsent, kAbsent}, x.n, x.regression});
    if (hooks_.note)
      hooks_.note(classes ? format("{}: accuracy on {} {:.4f}", v.spec.name, set_name, x.accuracy)
                          : format("{}: RMSE on {} {:.6g}", v.spec.name, set_name, x.regression.rmse));
  }
  if (e.accuracy >= 0 && options_.pictures) {
    r.confusion.labels = options_.data.feeding.labels;
    r.confusion.counts = e.confusion;
    collect_misclassified(r, e);
  }
  return {};
}

// Answers of some samples against the truth and against the first variant, for the report's drawings.
void Scorer::collect_errors(VariantResult& r, const EvaluationResult& e) const {
  constexpr int64_t kShown = 2000;
  const Dataset& test = options_.data.splits.test;
  const bool drawn = test.storage() != Storage::bytes && test.sample_elements() <= 2;  // a curve or a surface
  for (int64_t i = 0; i < std::min(e.n, kShown); ++i) {
    const auto at = static_cast<size_t>(i * e.width);
    r.errors.push_back(static_cast<double>(e.outputs[at]) - test.target(i)[0]);
    r.truths.push_back(test.target(i)[0]);
    r.answers.push_back(e.outputs[at]);
    if (drawn) r.inputs.insert(r.inputs.end(), test.floats(i), test.floats(i) + test.sample_elements());
    if (at < first_outputs_.size()) r.changes.push_back(static_cast<double>(e.outputs[at]) - first_outputs_[at]);
  }
}

// Against the first variant: how often the answers agree, how far the outputs are apart.
void Scorer::compare(VariantResult& r, const EvaluationResult& e) {
  if (first_outputs_.empty()) {
    first_outputs_ = e.outputs;
    first_predictions_ = e.predictions;
  }
  if (first_outputs_.size() != e.outputs.size()) return;
  double worst = 0;
  for (size_t i = 0; i < e.outputs.size(); ++i)
    worst = std::max(worst, std::fabs(static_cast<double>(e.outputs[i]) - first_outputs_[i]));
  r.max_abs_output_difference = worst;
  if (e.predictions.empty()) return;
  int64_t same = 0;
  for (size_t i = 0; i < e.predictions.size(); ++i) same += e.predictions[i] == first_predictions_[i];
  r.agreement_with_float32 = static_cast<double>(same) / static_cast<double>(e.predictions.size());
}

// The errors that the model was surest of.
void Scorer::collect_misclassified(VariantResult& r, const EvaluationResult& e) const {
  const Dataset& test = options_.data.splits.test;
  struct Miss {
    double confidence;
    int64_t index;
  };
  std::vector<Miss> misses;
  for (int64_t i = 0; i < e.n; ++i)
    if (const int32_t guess = e.predictions[static_cast<size_t>(i)]; guess != test.label(i))
      misses.push_back({e.width > 1 ? e.outputs[static_cast<size_t>(i * e.width + guess)] : 0, i});
  std::stable_sort(misses.begin(), misses.end(),
                   [](const Miss& a, const Miss& b) { return a.confidence > b.confidence; });
  if (misses.size() > kMisclassified) misses.resize(kMisclassified);
  const auto label = [&](int32_t c) {
    return static_cast<size_t>(c) < options_.data.feeding.labels.size()
               ? options_.data.feeding.labels[static_cast<size_t>(c)]
               : std::to_string(c);
  };
  const bool log_scale = e.width > 1 && !misses.empty() && misses.front().confidence <= 0;
  for (const Miss& m : misses) {
    MisclassifiedExample x{m.index,
                           label(test.label(m.index)),
                           label(e.predictions[static_cast<size_t>(m.index)]),
                           log_scale ? std::exp(m.confidence) : m.confidence,
                           {}};
    const auto& shape = test.sample_shape();
    if (test.storage() == Storage::bytes && shape.size() == 3 && (shape[2] == 1 || shape[2] == 3)) {
      Picture picture{
          shape[0], shape[1], shape[2], {test.bytes(m.index), test.bytes(m.index) + test.sample_elements()}};
      if (const auto png = encode_png(picture)) x.png.assign(png->begin(), png->end());
    }
    r.misclassified.push_back(std::move(x));
  }
}

}  // namespace thimble
