#include "compress/mixed_precision/mixed_precision.h"

#include <algorithm>
#include <charconv>

#include "base/suggest.h"
#include "formats/thim/thim.h"

namespace thimble {

bool MixedGoal::met(const ModelScore& score, int64_t bytes, const ModelScore& of_float) const {
  switch (kind) {
    case Kind::accuracy_drop: return of_float.accuracy - score.accuracy <= limit + 1e-9;
    case Kind::loss_rise: return score.loss <= of_float.loss * (1 + limit);
    case Kind::bytes: return static_cast<double>(bytes) <= limit;
  }
  return false;
}

std::string MixedGoal::to_string() const {
  switch (kind) {
    case Kind::accuracy_drop: return format("accuracy-drop {:.6g}", limit * 100);
    case Kind::loss_rise: return format("loss-rise {:.6g}", limit * 100);
    case Kind::bytes: return format("bytes {:.0f}", limit);
  }
  return {};
}

Result<MixedGoal> parse_mixed_goal(std::string_view text) {
  static const std::vector<std::string> kWords{"accuracy-drop", "loss-rise", "bytes"};
  const std::string usual = "write \"accuracy-drop 0.5\" (points), \"loss-rise 5\" (percent) or \"bytes 12000\"";
  const size_t space = text.find_first_of(" =:");
  const std::string word(text.substr(0, space));
  const auto at = std::ranges::find(kWords, word);
  if (at == kWords.end()) {
    const std::string nearest = did_you_mean(word, kWords);
    return fail(ErrorCode::usage, format("'{}' is no goal for bits per layer", std::string(text)),
                nearest.empty() ? usual : nearest + " " + usual);
  }
  std::string number(space == std::string_view::npos ? std::string_view() : text.substr(space + 1));
  std::erase(number, ' ');
  MixedGoal goal{static_cast<MixedGoal::Kind>(at - kWords.begin()), 0};
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), goal.limit);
  std::string unit(end, static_cast<size_t>(number.data() + number.size() - end));
  std::ranges::transform(unit, unit.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const bool bytes = goal.kind == MixedGoal::Kind::bytes;
  const bool known_unit = unit.empty() || (bytes && (unit == "kb" || unit == "b"));
  if (error != std::errc() || !known_unit || !(goal.limit >= 0) || goal.limit > 1e15 || (bytes && goal.limit < 1))
    return fail(ErrorCode::usage, format("the goal '{}' has no usable number", std::string(text)), usual);
  if (unit == "kb") goal.limit *= 1000;
  if (goal.kind == MixedGoal::Kind::accuracy_drop && goal.limit > 100)
    return fail(ErrorCode::usage, format("an accuracy drop of {} points", goal.limit), "points are of 100");
  if (!bytes) goal.limit /= 100;
  return goal;
}

namespace {

class Chooser {
 public:
  Chooser(const Int8Quantizer& quantizer, const ScoreModel& score, const MixedGoal& goal,
          const SensitivityOptions& options)
      : quantizer_(quantizer), score_(score), goal_(goal), options_(options) {}

  Result<MixedPrecision> run() {
    THIMBLE_ASSIGN(made_.table, layer_sensitivity(quantizer_, score_, options_));
    if (goal_.kind == MixedGoal::Kind::accuracy_drop && std::isnan(made_.table.float_score.accuracy))
      return fail(ErrorCode::usage, "an accuracy drop needs samples with classes", "give a loss-rise or bytes");
    for (const LayerSensitivity& row : made_.table.rows) {
      if (tracks_.empty() || tracks_.back().rows.front()->layer != row.layer) tracks_.emplace_back();
      // A narrower width that saves nothing is no step.
      auto& rows = tracks_.back().rows;
      if (rows.empty() || row.bytes < rows.back()->bytes) rows.push_back(&row);
      made_.layer_bits[row.layer] = rows.front()->bits;
    }
    made_.score = made_.table.base;
    made_.bytes = made_.table.base_bytes;
    if (goal_.kind == MixedGoal::Kind::bytes) {
      THIMBLE_TRY(down_to_bytes());
    } else if (goal_.met(made_.score, made_.bytes, made_.table.float_score)) {
      THIMBLE_TRY(within_limit());
    }
    THIMBLE_ASSIGN(made_.result, quantizer_.quantize(quantizer_.options().bits, made_.layer_bits));
    THIMBLE_ASSIGN(made_.score, score_(made_.result.graph));
    made_.met = goal_.met(made_.score, made_.bytes, made_.table.float_score);
    return std::move(made_);
  }

 private:
  // A layer's rows of the table that are steps, and how far it has come.
  struct Track {
    std::vector<const LayerSensitivity*> rows;
    size_t at = 0;
    bool stopped = false;
    double price() const {
      const LayerSensitivity &now = *rows[at], &next = *rows[at + 1];
      return (next.score.loss - now.score.loss) / static_cast<double>(now.bytes - next.bytes);
    }
  };

  Track* cheapest() {
    Track* best = nullptr;
    for (Track& t : tracks_)
      if (!t.stopped && t.at + 1 < t.rows.size() && (!best || t.price() < best->price())) best = &t;
    return best;
  }
  MixedStep step_of(const Track& t) const {
    const LayerSensitivity &now = *t.rows[t.at], &next = *t.rows[t.at + 1];
    return {now.layer, now.bits, next.bits, t.price()};
  }
  Result<Quantized> quantized(int64_t* bytes) {
    if (options_.cancelled && options_.cancelled()) return fail(ErrorCode::interrupted, "interrupted");
    THIMBLE_ASSIGN(Quantized q, quantizer_.quantize(quantizer_.options().bits, made_.layer_bits));
    THIMBLE_ASSIGN(const PackedModel packed, write_thim(q.graph));
    *bytes = static_cast<int64_t>(packed.bytes.size());
    return q;
  }

  Status within_limit() {
    while (Track* t = cheapest()) {
      MixedStep step = step_of(*t);
      made_.layer_bits[step.layer] = step.to;
      THIMBLE_ASSIGN(const Quantized q, quantized(&step.bytes));
      THIMBLE_ASSIGN(step.score, score_(q.graph));
      step.taken = step.bytes < made_.bytes && goal_.met(step.score, step.bytes, made_.table.float_score);
      if (step.taken) {
        ++t->at;
        made_.bytes = step.bytes;
      } else {
        t->stopped = true;
        made_.layer_bits[step.layer] = step.from;
      }
      made_.steps.push_back(std::move(step));
    }
    return {};
  }

  Status down_to_bytes() {
    const auto small = [&](int64_t bytes) { return goal_.met({}, bytes, {}); };
    while (!small(made_.bytes)) {
      Track* t = cheapest();
      if (!t) return {};
      MixedStep step = step_of(*t);
      step.taken = true;
      made_.layer_bits[step.layer] = step.to;
      ++t->at;
      THIMBLE_TRY(quantized(&step.bytes));
      made_.bytes = step.bytes;
      made_.steps.push_back(std::move(step));
    }
    for (size_t i = made_.steps.size(); i-- > 0;) {
      MixedStep& step = made_.steps[i];
      if (made_.layer_bits[step.layer] != step.to) continue;  // a later step of this layer stays
      made_.layer_bits[step.layer] = step.from;
      int64_t bytes = 0;
      THIMBLE_TRY(quantized(&bytes));
      if (small(bytes)) {
        step.taken = false;
        made_.bytes = bytes;
      } else {
        made_.layer_bits[step.layer] = step.to;
      }
    }
    return {};
  }

  const Int8Quantizer& quantizer_;
  const ScoreModel& score_;
  const MixedGoal& goal_;
  const SensitivityOptions& options_;
  std::vector<Track> tracks_;
  MixedPrecision made_;
};

}  // namespace

Result<MixedPrecision> choose_widths(const Graph& float_graph, const CalibrationSamples& samples,
                                     const ScoreModel& score, const MixedGoal& goal,
                                     const SensitivityOptions& options) {
  SensitivityOptions wide = options;
  if (!wide.widths.empty()) wide.quantize.bits = *std::ranges::max_element(wide.widths);
  THIMBLE_ASSIGN(const Int8Quantizer quantizer, Int8Quantizer::make(float_graph, wide.quantize, samples));
  return Chooser(quantizer, score, goal, wide).run();
}

}  // namespace thimble
