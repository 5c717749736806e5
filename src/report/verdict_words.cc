// A verdict in sentences.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "measure/units.h"
#include "report/significance.h"
#include "report/verdict.h"

namespace thimble {
namespace {

std::string joined(const std::vector<std::string>& parts, const char* last = " and ") {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? "" : i + 1 == parts.size() ? last : ", ") + parts[i];
  return text;
}

std::string factor(double f) { return f < 9.95 ? format("{:.2g}", f) : format("{:.0f}", f); }

// "3.9 times smaller", "about as large"; empty where one is not known.
std::string size_words(const VariantResult& v, const VariantResult& beside) {
  if (v.bytes <= 0 || beside.bytes <= 0) return {};
  const double f = static_cast<double>(beside.bytes) / static_cast<double>(v.bytes);
  if (f > 0.97 && f < 1.03) return "about as large";
  if (f > 1 / 1.2 && f < 1.2) return format("{:.0f} % {}", std::fabs(1 / f - 1) * 100, f > 1 ? "smaller" : "larger");
  return f > 1 ? format("{} times smaller", factor(f)) : format("{} times larger", factor(1 / f));
}

// "1.4 times faster", "as fast".
std::string speed_words(const VariantResult& v, const VariantResult& beside) {
  const double f = median_us(beside) / median_us(v);
  if (!std::isfinite(f)) return {};
  const int order = compare_speed(v, beside);
  if (order == 0) return "as fast";
  if (f > 1 / 1.2 && f < 1.2) return format("{:.0f} % {}", std::fabs(1 / f - 1) * 100, f > 1 ? "faster" : "slower");
  return order < 0 ? format("{} times faster", factor(f)) : format("{} times slower", factor(1 / f));
}

std::string points(double share) {
  const double p = std::fabs(share) * 100;
  return format("{:.2f} percentage point{}", p, format("{:.2f}", p) == "1.00" ? "" : "s");
}

class Words {
 public:
  Words(const StudyResult& result, const Verdict& verdict) : result_(result), v_(verdict) {}

  std::vector<std::string> all() {
    if (v_.reference < 0) return {"No variant was measured in this study."};
    if (v_.ship < 0) return {none()};
    ship_ = &at(v_.ship), reference_ = &at(v_.reference);
    say(first());
    say(sweep());
    if (v_.useless) return said_;
    say(beside());
    say(cost());
    say(longer_training());
    say(runner_up());
    say(fastest());
    say(packed());
    return said_;
  }

 private:
  const VariantResult& at(int i) const { return result_.variants[static_cast<size_t>(i)]; }
  bool classes() const { return std::isfinite(reference_->accuracy); }
  void say(std::string text) {
    if (!text.empty()) said_.push_back(std::move(text));
  }

  std::string none() const {
    return format("Ship none of these files: the answers of {} are not numbers, so there is nothing to compare with.",
                  at(v_.reference).name);
  }

  std::string score(const VariantResult& v) const {
    const std::string seeds = v.per_seed.size() > 1 ? format("; mean of {} trainings", v.per_seed.size()) : "";
    if (v.regression.present())
      return format("is off by {} (root mean squared error{}{})", format_number(v.regression.rmse),
                    std::isfinite(v.regression.r2)
                        ? format("; it explains {} of the target's variance", format_percent(v.regression.r2))
                        : "",
                    seeds);
    if (!std::isfinite(v.accuracy))
      return std::isfinite(v.loss) ? format("has a loss of {}", format_number(v.loss)) : "";
    std::string text = format("answers {} of the test samples correctly", format_percent(v.accuracy));
    if (std::isfinite(v.interval95.low) && std::isfinite(v.interval95.high))
      text += format(" (95 % interval {} to {}{})", format_percent(v.interval95.low), format_percent(v.interval95.high),
                     seeds);
    return text;
  }

  std::string allowed() const {
    return classes()
               ? format("up to {:.4g} point{} allowed: measure.allow_drop", v_.allow, v_.allow == 1 ? " was" : "s were")
               : format("up to {:.4g} % more was allowed: measure.allow_drop", v_.allow);
  }

  std::string first() const {
    std::string file = format_bytes(static_cast<double>(ship_->bytes));
    if (ship_->bytes_packed > 0)
      file += format(" ({} as a packed .thim)", format_bytes(static_cast<double>(ship_->bytes_packed)));
    const std::string scored = score(*ship_), doubts = joined(v_.doubts.reasons, ", and ");
    if (v_.useless)
      return format("Ship none of these files yet: {}, which would be the one at {}, {}, and {}.", ship_->name, file,
                    scored, doubts);
    std::string text = format("Ship {}: {}", ship_->name, file);
    if (!scored.empty()) text += " that " + scored;
    if (!doubts.empty()) text += ", but " + doubts;
    return text + ".";
  }

  std::string beside() const {
    if (v_.ship == v_.reference) {
      if (result_.variants.size() < 2) return {};
      const bool smaller = std::any_of(result_.variants.begin(), result_.variants.end(),
                                       [&](const VariantResult& v) { return v.bytes > 0 && v.bytes < ship_->bytes; });
      return smaller ? format("No smaller file {} ({}).", classes() ? "is accurate enough" : "has a small enough error",
                              allowed())
                     : std::string("No other file is smaller.");
    }
    std::vector<std::string> parts;
    for (const std::string& part : {size_words(*ship_, *reference_), speed_words(*ship_, *reference_)})
      if (!part.empty()) parts.push_back(part);
    return parts.empty() ? "" : format("Beside {} it is {}.", reference_->name, joined(parts));
  }

  // What the choice costs or gains in accuracy, and by whose leave.
  std::string cost() const {
    if (v_.ship == v_.reference) return {};
    const Comparison c = compare(*ship_, *reference_);
    if (!std::isfinite(c.gain)) return {};
    if (classes()) {
      const std::string much = points(c.gain);
      if (std::fabs(c.gain) < 5e-5) return format("Its accuracy is the same ({}).", allowed());
      if (c.better()) return format("It gains {} of accuracy, more than chance explains.", much);
      if (c.worse()) return format("It loses {} of accuracy, more than chance explains ({}).", much, allowed());
      return c.gain > 0 ? format("Its accuracy is the same within chance: {} higher.", much)
                        : format("Its accuracy is the same within chance: {} lower ({}).", much, allowed());
    }
    const bool numbers = ship_->regression.present() && reference_->regression.present();
    const double own = numbers ? ship_->regression.rmse : ship_->loss;
    const double other = numbers ? reference_->regression.rmse : reference_->loss;
    const char* what = numbers ? "root mean squared error" : "loss";
    const double percent = std::fabs(c.gain) * 100;
    const std::string both = format("{} against {}", format_number(own), format_number(other));
    if (percent < 0.05) return format("Its {} is the same ({}).", what, allowed());
    const std::string much = format("{:.2g} % {}", percent, c.gain > 0 ? "less" : "more");
    if (c.better()) return format("Its {} is {}: {}, more than chance explains.", what, both, much);
    if (c.worse()) return format("Its {} is {}: {}, more than chance explains ({}).", what, both, much, allowed());
    return format("Its {} is {}, the same within chance: {}{}.", what, both, much,
                  c.gain > 0 ? "" : format(" ({})", allowed()));
  }

  // Epochs beyond those of the reference; −1: not known, 0 for a network that was trained from nothing.
  int64_t further_epochs(const VariantResult& v) const {
    int64_t epochs = 0;
    for (size_t s = 0; s < v.stages.size(); ++s) {
      const std::string stage = s < v.stage_names.size() ? v.stage_names[s] : "";
      if (stage == "network" || stage == "student") return 0;
      if (stage == "search") return -1;
      epochs += static_cast<int64_t>(v.stages[s].size());
    }
    return epochs;
  }

  static bool continued(const VariantResult& v) {
    return !v.stage_names.empty() && std::all_of(v.stage_names.begin(), v.stage_names.end(),
                                                 [](const std::string& s) { return s == "continue"; });
  }

  // Techniques that train on gain by that alone. What is left of a gain beside a network that was only trained on is
  // the technique's.
  std::string longer_training() const {
    std::vector<std::string> names;
    int64_t least = 0, most = 0;
    const VariantResult* fair = nullptr;
    for (const VariantResult& v : result_.variants) {
      const int64_t epochs = further_epochs(v);
      if (continued(v)) {
        if (!fair || further_epochs(*fair) < epochs) fair = &v;
        continue;
      }
      if (epochs == 0 || !compare(v, *reference_).better()) continue;
      names.push_back(v.name);
      if (epochs < 0) continue;
      least = least == 0 ? epochs : std::min(least, epochs);
      most = std::max(most, epochs);
    }
    if (names.empty()) return {};
    const bool several = names.size() > 1;
    const size_t count = names.size();
    if (count > 4) {
      names.resize(3);
      names.push_back(format("{} others", count - 3));
    }
    std::string text = format("{} trained {} than {}", joined(names),
                              most == 0       ? std::string("longer")
                              : least == most ? format("{} epoch{} more", most, most == 1 ? "" : "s")
                                              : format("{} to {} epochs more", least, most),
                              reference_->name);
    if (!fair)
      return text +
             format("; part of what {} is that (a variant with continue = {{ epochs = {} }} would show how much).",
                    several ? "they gain" : "it gains", std::max<int64_t>(most, 1));
    const Comparison alone = compare(*fair, *reference_);
    const int64_t epochs = further_epochs(*fair);
    text += format("; {} more epoch{} alone ({}) {}", epochs, epochs == 1 ? "" : "s", fair->name,
                   alone.better()  ? format("gain {}", amount(alone.gain))
                   : alone.worse() ? format("lose {}", amount(alone.gain))
                                   : std::string("change nothing beyond chance"));
    return text + ".";
  }

  std::string amount(double gain) const {
    return classes() ? points(gain) : format("{:.2g} % of the error", std::fabs(gain) * 100);
  }

  // "1.45 percentage points more accurate", "the same accuracy within chance".
  std::string accuracy_beside(const VariantResult& v, const VariantResult& other) const {
    const Comparison c = compare(v, other);
    if (!std::isfinite(c.gain)) return {};
    if (!c.better() && !c.worse()) return classes() ? "of the same accuracy within chance" : "as exact within chance";
    if (classes()) return format("{} {} accurate", points(c.gain), c.gain > 0 ? "more" : "less");
    return format("{:.2g} % {} error", std::fabs(c.gain) * 100, c.gain > 0 ? "less" : "more");
  }

  std::string runner_up() const {
    if (v_.runner_up < 0) return {};
    const VariantResult& next = at(v_.runner_up);
    const Comparison c = compare(next, *ship_);
    if (v_.runner_up == v_.reference && !c.better()) return {};  // said already, the other way round
    std::vector<std::string> parts;
    for (const std::string& part : {accuracy_beside(next, *ship_), size_words(next, *ship_), speed_words(next, *ship_)})
      if (!part.empty()) parts.push_back(part);
    if (parts.empty()) return {};
    const char* what = c.better()                                  ? "If accuracy counts more than bytes, take"
                       : !good_enough(next, *reference_, v_.allow) ? "If bytes count more than accuracy, take"
                                                                   : "The runner-up is";
    return format("{} {}: {}.", what, next.name, joined(parts));
  }

  std::string fastest() const {
    if (v_.fastest < 0 || result_.variants.size() < 2) return {};
    const VariantResult& fastest = at(v_.fastest);
    const int threads = fastest.measurements.front().threads;
    const auto time = [&](const VariantResult& v) {
      return format("{} per input (median, {} thread{})", format_microseconds(median_us(v)), threads,
                    threads == 1 ? "" : "s");
    };
    if (v_.fastest == v_.ship && v_.fastest_alone) return format("It is also the fastest: {}.", time(fastest));
    if (compare_speed(*ship_, fastest) == 0) {
      const bool all = std::all_of(result_.variants.begin(), result_.variants.end(),
                                   [&](const VariantResult& v) { return compare_speed(v, *ship_) == 0; });
      return format("{}: {}.", all ? "All files are equally fast" : "No file is clearly faster", time(*ship_));
    }
    std::vector<std::string> as_fast;
    for (size_t i = 0; i < result_.variants.size(); ++i)
      if (static_cast<int>(i) != v_.fastest && compare_speed(result_.variants[i], fastest) == 0)
        as_fast.push_back(result_.variants[i].name);
    const std::string ties = as_fast.empty() ? ""
                             : as_fast.size() > 3
                                 ? format("; {} others are as fast", as_fast.size())
                                 : format("; {} {} as fast", joined(as_fast), as_fast.size() == 1 ? "is" : "are");
    return format("{} is the fastest: {}, {} than {}{}.", fastest.name, time(fastest), speed_words(fastest, *ship_),
                  ship_->name, ties);
  }

  std::string packed() const {
    if (v_.packed < 0) return {};
    const VariantResult& packed = at(v_.packed);
    const std::string words = score(packed);
    return format("Where the device unpacks at load, or the download counts, ship {} as a packed .thim: {}{}.",
                  packed.name, format_bytes(static_cast<double>(packed.bytes_packed)),
                  words.empty() ? "" : " that " + words);
  }

  // The point of the sweep that beats what would be shipped, with all it sets.
  std::string sweep() const {
    if (v_.sweep < 0) return {};
    const SweepRow& row = result_.sweep[static_cast<size_t>(v_.sweep)];
    const VariantResult* best = nullptr;
    for (const VariantResult& v : row.variants)
      if (!best || compare(v, *ship_).gain > compare(*best, *ship_).gain) best = &v;
    std::vector<std::string> settings;
    for (const auto& [key, value] : row.settings)
      settings.push_back(format("{} = {}", key, value.size() > 60 ? row.value : value));
    if (settings.empty()) settings.push_back(format("{} = {}", row.key, row.value));
    const double gain = compare(*best, *ship_).gain;
    const std::string how =
        classes() ? format("answers {}: {} more", format_percent(best->accuracy), points(gain))
                  : format("is off by {}: {:.2g} % less", format_number(best->regression.rmse), gain * 100);
    return format(
        "The sweep found better: with {}, {} {}{}, and more than chance, even as the best of {} points; train "
        "with that first.",
        joined(settings), best->name, how, best->name == ship_->name ? "" : format(" than {}", ship_->name),
        result_.sweep.size());
  }

  const StudyResult& result_;
  const Verdict& v_;
  const VariantResult *ship_ = nullptr, *reference_ = nullptr;
  std::vector<std::string> said_;
};

}  // namespace

std::vector<std::string> verdict_sentences(const StudyResult& result, const Verdict& verdict) {
  return Words(result, verdict).all();
}

}  // namespace thimble
