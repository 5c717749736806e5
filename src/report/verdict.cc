#include "report/verdict.h"

#include <cmath>

#include "base/format.h"
#include "measure/units.h"

namespace thimble {

namespace {
bool has_accuracy(const VariantResult& v) { return std::isfinite(v.accuracy); }

double median_us(const VariantResult& v) {
  const LatencySummary* latency = first_latency(v);
  return latency && latency->count > 0 ? latency->p50 : kAbsent;
}

// "3.9 times smaller"
std::string ratio(double from, double to, const char* better, const char* worse, const char* same) {
  if (!(from > 0) || !(to > 0)) return {};
  const double factor = from / to;
  if (factor > 0.97 && factor < 1.03) return same;
  return factor > 1 ? format("{:.2g} times {}", factor, better) : format("{:.2g} times {}", 1 / factor, worse);
}

bool good_enough(const VariantResult& v, const VariantResult& reference, double tolerance) {
  if (has_accuracy(reference)) return has_accuracy(v) && v.accuracy >= reference.accuracy - tolerance;
  if (std::isfinite(reference.regression.r2)) return v.regression.r2 >= reference.regression.r2 - tolerance;
  if (!std::isfinite(reference.loss)) return true;
  return std::isfinite(v.loss) && v.loss <= reference.loss + 0.05 * std::fabs(reference.loss);
}

int find_reference(const std::vector<VariantResult>& variants) {
  for (size_t i = 0; i < variants.size(); ++i)
    if (variants[i].name == "float32") return static_cast<int>(i);
  return variants.empty() ? -1 : 0;
}

std::string accuracy_words(const VariantResult& v) {
  if (v.regression.present())
    return format("is off by {} (root mean squared error{})", format_number(v.regression.rmse),
                  std::isfinite(v.regression.r2)
                      ? format("; it explains {} of the target's variance", format_percent(v.regression.r2))
                      : "");
  if (!has_accuracy(v)) return std::isfinite(v.loss) ? format("has a loss of {}", format_number(v.loss)) : "";
  std::string text = format("answers {} of the test samples correctly", format_percent(v.accuracy));
  if (std::isfinite(v.interval95.low) && std::isfinite(v.interval95.high))
    text += format(" (95 % interval {} to {})", format_percent(v.interval95.low), format_percent(v.interval95.high));
  return text;
}
}  // namespace

Verdict judge(const std::vector<VariantResult>& variants, double tolerance) {
  Verdict verdict;
  verdict.reference = find_reference(variants);
  if (verdict.reference < 0) {
    verdict.sentences.push_back("No variant was measured in this study.");
    return verdict;
  }
  const VariantResult& reference = variants[static_cast<size_t>(verdict.reference)];
  for (size_t i = 0; i < variants.size(); ++i) {
    const VariantResult& v = variants[i];
    const auto better = [&](int& best, auto&& less) {
      if (best < 0 || less(v, variants[static_cast<size_t>(best)])) best = static_cast<int>(i);
    };
    if (v.bytes > 0) {
      const auto fewer_bytes = [](const auto& a, const auto& b) { return a.bytes < b.bytes; };
      better(verdict.smallest, fewer_bytes);
      if (good_enough(v, reference, tolerance)) better(verdict.ship, fewer_bytes);
    }
    if (v.bytes_packed > 0 && good_enough(v, reference, tolerance))
      better(verdict.packed, [](const auto& a, const auto& b) { return a.bytes_packed < b.bytes_packed; });
    if (std::isfinite(median_us(v)))
      better(verdict.fastest, [](const auto& a, const auto& b) { return median_us(a) < median_us(b); });
    if (has_accuracy(v))
      better(verdict.most_accurate, [](const auto& a, const auto& b) { return a.accuracy > b.accuracy; });
  }

  // Sizes within 10 % count as equal: then the faster file is the better one to ship.
  if (verdict.ship >= 0) {
    const double limit = 1.1 * static_cast<double>(variants[static_cast<size_t>(verdict.ship)].bytes);
    for (size_t i = 0; i < variants.size(); ++i) {
      const VariantResult& v = variants[i];
      if (v.bytes <= 0 || static_cast<double>(v.bytes) > limit || !good_enough(v, reference, tolerance)) continue;
      if (median_us(v) < median_us(variants[static_cast<size_t>(verdict.ship)])) verdict.ship = static_cast<int>(i);
    }
  }

  if (verdict.packed >= 0 && verdict.ship >= 0) {
    const int64_t ship = variants[static_cast<size_t>(verdict.ship)].bytes_packed;
    const int64_t best = variants[static_cast<size_t>(verdict.packed)].bytes_packed;
    if (verdict.packed == verdict.ship || (ship > 0 && static_cast<double>(best) > 0.9 * static_cast<double>(ship)))
      verdict.packed = -1;
  }

  auto& say = verdict.sentences;
  if (verdict.ship >= 0) {
    const VariantResult& ship = variants[static_cast<size_t>(verdict.ship)];
    std::string text = format("Ship {}: {}", ship.name, format_bytes(static_cast<double>(ship.bytes)));
    if (ship.bytes_packed > 0)
      text += format(" ({} as a packed .thim)", format_bytes(static_cast<double>(ship.bytes_packed)));
    const std::string words = accuracy_words(ship);
    if (!words.empty()) text += " that " + words;
    say.push_back(text + ".");
    if (verdict.ship != verdict.reference) {
      std::string compare = ratio(static_cast<double>(reference.bytes), static_cast<double>(ship.bytes), "smaller",
                                  "larger", "about as large");
      const std::string speed = ratio(median_us(reference), median_us(ship), "faster", "slower", "about as fast");
      if (!speed.empty()) compare += (compare.empty() ? "" : " and ") + speed;
      if (!compare.empty()) say.push_back(format("Beside {} it is {}.", reference.name, compare));
      if (std::isfinite(reference.regression.r2) && std::isfinite(ship.regression.r2))
        say.push_back(
            format("Its root mean squared error is {} against {}; {:.2g} points of the explained variance may "
                   "be lost.",
                   format_number(ship.regression.rmse), format_number(reference.regression.rmse), tolerance * 100));
      if (has_accuracy(reference)) {
        const double points = (ship.accuracy - reference.accuracy) * 100;
        say.push_back(std::fabs(points) < 0.005
                          ? "Its accuracy is the same."
                          : format("It {} {:.2f} percentage points of accuracy; up to {:.2g} were allowed.",
                                   points < 0 ? "loses" : "gains", std::fabs(points), tolerance * 100));
      }
    } else if (variants.size() > 1) {
      say.push_back(reference.regression.present() ? "No smaller file keeps the error within the tolerance."
                                                   : "No smaller file keeps the accuracy within the tolerance.");
    }
  }
  if (verdict.fastest >= 0 && variants.size() > 1) {
    const VariantResult& fastest = variants[static_cast<size_t>(verdict.fastest)];
    say.push_back(format(
        "{} is {}: {} per input (median{}).", verdict.fastest == verdict.ship ? "It" : fastest.name,
        verdict.fastest == verdict.ship ? "also the fastest" : "the fastest", format_microseconds(median_us(fastest)),
        fastest.measurements.front().threads == 1 ? ", one thread"
                                                  : format(", {} threads", fastest.measurements.front().threads)));
  }
  if (verdict.packed >= 0) {
    const VariantResult& packed = variants[static_cast<size_t>(verdict.packed)];
    std::string text = format("Where the device unpacks at load, or the download counts, ship {} as a packed .thim: {}",
                              packed.name, format_bytes(static_cast<double>(packed.bytes_packed)));
    const std::string words = accuracy_words(packed);
    if (!words.empty()) text += " that " + words;
    say.push_back(text + ".");
  }
  return verdict;
}

}  // namespace thimble
