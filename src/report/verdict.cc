#include "report/verdict.h"

#include <algorithm>
#include <cmath>

#include "report/significance.h"

namespace thimble {
namespace {

int find_reference(const std::vector<VariantResult>& variants) {
  for (size_t i = 0; i < variants.size(); ++i)
    if (variants[i].name == "float32") return static_cast<int>(i);
  return variants.empty() ? -1 : 0;
}

double error_of(const VariantResult& v) { return v.regression.present() ? v.regression.rmse : v.loss; }

bool same_size(const VariantResult& v, const VariantResult& smallest) {
  const auto within = [](int64_t a, int64_t b, double factor) {
    return static_cast<double>(a) <= factor * static_cast<double>(b);
  };
  // What is downloaded or flashed is often the packed file; of the file that programs map, a quarter more is no other
  // class of size.
  if (v.bytes_packed > 0 && smallest.bytes_packed > 0)
    return within(v.bytes_packed, smallest.bytes_packed, 1.1) && within(v.bytes, smallest.bytes, 1.25);
  return within(v.bytes, smallest.bytes, 1.1);
}

class Judge {
 public:
  explicit Judge(const StudyResult& result) : result_(result), variants_(result.variants) {}

  Verdict run() {
    v_.reference = find_reference(variants_);
    if (v_.reference < 0) return v_;
    const bool classes = std::isfinite(at(v_.reference).accuracy);
    v_.allow = std::isfinite(result_.study.allow_drop) ? result_.study.allow_drop
               : classes                               ? kAllowPoints
                                                       : kAllowPercent;
    for (size_t i = 0; i < variants_.size(); ++i) doubts_.push_back(about(static_cast<int>(i)));
    extremes();
    candidates();
    choose();
    if (v_.ship < 0) return v_;
    v_.doubts = doubts_[static_cast<size_t>(v_.ship)];
    v_.useless = v_.doubts.useless;
    choose_packed();
    choose_runner_up();
    choose_sweep();
    return v_;
  }

 private:
  const VariantResult& at(int i) const { return variants_[static_cast<size_t>(i)]; }
  Doubts about(int i) const {
    return doubts_about(at(i), result_.training.epochs, std::isfinite(at(i).accuracy) ? v_.allow : 0);
  }

  void extremes() {
    for (size_t i = 0; i < variants_.size(); ++i) {
      const VariantResult& v = variants_[i];
      const auto better = [&](int& best, auto&& less) {
        if (best < 0 || less(v, at(best))) best = static_cast<int>(i);
      };
      if (v.bytes > 0) better(v_.smallest, [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
      if (std::isfinite(median_us(v)))
        better(v_.fastest, [](const auto& a, const auto& b) { return median_us(a) < median_us(b); });
      if (std::isfinite(v.accuracy))
        better(v_.most_accurate, [](const auto& a, const auto& b) { return a.accuracy > b.accuracy; });
    }
    v_.fastest_alone = v_.fastest >= 0 && variants_.size() > 1;
    for (size_t i = 0; i < variants_.size(); ++i)
      if (static_cast<int>(i) != v_.fastest && v_.fastest >= 0 && compare_speed(at(v_.fastest), variants_[i]) != -1)
        v_.fastest_alone = false;
  }

  // Within the allowance, and better than a constant if any is.
  void candidates() {
    for (size_t i = 0; i < variants_.size(); ++i)
      if (variants_[i].bytes > 0 && good_enough(variants_[i], at(v_.reference), v_.allow))
        good_.push_back(static_cast<int>(i));
    const auto useless = [&](int i) { return doubts_[static_cast<size_t>(i)].useless; };
    if (std::any_of(good_.begin(), good_.end(), [&](int i) { return !useless(i); })) std::erase_if(good_, useless);
  }

  void choose() {
    if (good_.empty()) return;
    const int smallest = *std::min_element(good_.begin(), good_.end(), [&](int a, int b) {
      return at(a).bytes != at(b).bytes ? at(a).bytes < at(b).bytes : at(a).bytes_packed < at(b).bytes_packed;
    });
    std::vector<int> equals;
    for (int i : good_)
      if (same_size(at(i), at(smallest))) equals.push_back(i);
    const int best = *std::min_element(equals.begin(), equals.end(), [&](int a, int b) {
      return std::isfinite(at(a).accuracy) ? at(a).accuracy > at(b).accuracy : error_of(at(a)) < error_of(at(b));
    });
    std::erase_if(equals, [&](int i) { return i != best && compare(at(i), at(best)).worse(); });
    // Those left are equally accurate and about equally large: the faster one, and the smallest among equally fast.
    std::sort(equals.begin(), equals.end(), [&](int a, int b) { return at(a).bytes < at(b).bytes; });
    v_.ship = equals.front();
    for (int i : equals)
      if (compare_speed(at(i), at(v_.ship)) == -1) v_.ship = i;
  }

  void choose_packed() {
    for (int i : good_)
      if (at(i).bytes_packed > 0 && (v_.packed < 0 || at(i).bytes_packed < at(v_.packed).bytes_packed)) v_.packed = i;
    if (v_.packed < 0) return;
    const int64_t ship = at(v_.ship).bytes_packed;
    if (v_.packed == v_.ship ||
        (ship > 0 && static_cast<double>(at(v_.packed).bytes_packed) > 0.9 * static_cast<double>(ship)))
      v_.packed = -1;
  }

  // First choice: the smallest file that is clearly more accurate. Then the most accurate of the clearly smaller ones
  // that lose too much. Then the next file within the allowance.
  void choose_runner_up() {
    const VariantResult& ship = at(v_.ship);
    const auto take = [&](int i, bool instead) {
      if (v_.runner_up < 0 || instead) v_.runner_up = i;
    };
    for (size_t i = 0; i < variants_.size(); ++i)
      if (!doubts_[i].useless && compare(variants_[i], ship).better())
        take(static_cast<int>(i), v_.runner_up >= 0 && variants_[i].bytes < at(v_.runner_up).bytes);
    if (v_.runner_up >= 0) return;
    for (size_t i = 0; i < variants_.size(); ++i)
      if (!doubts_[i].useless && variants_[i].bytes > 0 &&
          static_cast<double>(variants_[i].bytes) < 0.9 * static_cast<double>(ship.bytes) &&
          std::isfinite(compare(variants_[i], ship).gain))
        take(static_cast<int>(i),
             v_.runner_up >= 0 && compare(variants_[i], ship).gain > compare(at(v_.runner_up), ship).gain);
    if (v_.runner_up >= 0) return;
    for (int i : good_)
      if (i != v_.ship)
        take(i, v_.runner_up == v_.reference ||
                    (i != v_.reference && v_.runner_up >= 0 && at(i).bytes < at(v_.runner_up).bytes));
  }

  // The most accurate point of the sweep, if it is clearly better than the file to ship, though it is the best of many.
  void choose_sweep() {
    double best = 0;
    for (size_t r = 0; r < result_.sweep.size(); ++r) {
      const SweepRow& row = result_.sweep[r];
      const bool other_data = std::any_of(row.settings.begin(), row.settings.end(), [](const auto& s) {
        return s.first.starts_with("data.set") || s.first.starts_with("data.target");
      });
      if (other_data) continue;
      for (const VariantResult& v : row.variants) {
        const Comparison c = compare(v, at(v_.ship));
        if (!(c.gain > best) || !c.better(0.05 / static_cast<double>(result_.sweep.size()))) continue;
        best = c.gain;
        v_.sweep = static_cast<int>(r);
      }
    }
  }

  const StudyResult& result_;
  const std::vector<VariantResult>& variants_;
  std::vector<Doubts> doubts_;
  std::vector<int> good_;
  Verdict v_;
};

}  // namespace

bool good_enough(const VariantResult& v, const VariantResult& reference, double allow) {
  constexpr double kRounding = 1e-9;
  if (std::isfinite(reference.accuracy))
    return std::isfinite(v.accuracy) && v.accuracy >= reference.accuracy - allow / 100 - kRounding;
  if (!std::isfinite(error_of(reference))) return reference.test_samples == 0;  // else its answers are no numbers
  return std::isfinite(error_of(v)) && error_of(v) <= error_of(reference) * (1 + allow / 100) + kRounding;
}

Verdict judge(const StudyResult& result) {
  Verdict verdict = Judge(result).run();
  verdict.sentences = verdict_sentences(result, verdict);
  return verdict;
}

}  // namespace thimble
