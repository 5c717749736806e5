#include "compress/prune/prune.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace thimble {
namespace {

// "A<separator>B", both whole numbers of at least 1.
Status two_numbers(std::string_view text, char separator, const char* example, int64_t* a, int64_t* b) {
  const auto read = [](std::string_view digits, int64_t* to) {
    const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), *to);
    return r.ec == std::errc() && r.ptr == digits.data() + digits.size() && *to >= 1 && *to <= 65536;
  };
  const size_t at = text.find(separator);
  if (at != std::string_view::npos && read(text.substr(0, at), a) && read(text.substr(at + 1), b)) return {};
  return fail(ErrorCode::usage, format("\"{}\" is not {}", std::string(text), example),
              format("write it as {}", example));
}

}  // namespace

int64_t PruneSchedule::end_step(int64_t steps) const { return end >= 0 ? end : std::max(begin, steps / 2); }

int64_t PruneSchedule::interval(int64_t steps) const {
  return frequency > 0 ? frequency : std::clamp<int64_t>((end_step(steps) - begin) / 20, 1, 100);
}

double PruneSchedule::sparsity(int64_t step, int64_t steps) const {
  if (step < begin) return 0;
  const int64_t last = end_step(steps);
  if (kind == Kind::constant || step >= last) return target;
  const double done = static_cast<double>(step - begin) / static_cast<double>(last - begin);
  return target + (initial - target) * std::pow(1 - done, power);
}

bool PruneSchedule::changes(int64_t step, int64_t steps) const {
  const int64_t last = end_step(steps);
  return step >= begin && step <= last && ((step - begin) % interval(steps) == 0 || step == last);
}

Status parse_pattern(std::string_view text, PruneOptions* options) {
  THIMBLE_TRY(two_numbers(text, ':', "N:M, for instance 2:4", &options->n, &options->m));
  return check(*options);
}

Status parse_block(std::string_view text, PruneOptions* options) {
  return two_numbers(text, 'x', "ROWSxCOLUMNS, for instance 1x4", &options->block_rows, &options->block_columns);
}

Status check(const PruneOptions& o) {
  const PruneSchedule& s = o.schedule;
  const auto refuse = [](std::string text, std::string hint = {}) {
    return fail(ErrorCode::usage, std::move(text), std::move(hint));
  };
  if (!(s.target >= 0 && s.target < 1))
    return refuse(format("a sparsity of {} leaves no weight: it must be from 0 to below 1", s.target),
                  "0.8 removes four weights of five");
  if (!(s.initial >= 0 && s.initial <= s.target))
    return refuse(format("the initial sparsity {} must be from 0 to the target {}", s.initial, s.target));
  if (s.begin < 0 || (s.end >= 0 && s.end < s.begin))
    return refuse(format("pruning begins at step {} and ends at step {}", s.begin, s.end));
  if (s.frequency < 0) return refuse(format("frequency = {} is negative", s.frequency));
  if (!(s.power > 0 && s.power <= 100)) return refuse(format("power = {} must be above 0", s.power), "3 is usual");
  if (o.block_rows < 1 || o.block_columns < 1)
    return refuse(format("blocks of {} x {} weights", o.block_rows, o.block_columns));
  if (o.m != 0 && (o.n < 1 || o.n >= o.m))
    return refuse(format("the pattern {}:{} prunes nothing", o.n, o.m), "N:M keeps N of M weights, N below M: 2:4");
  if (o.m != 0 && (o.global || o.block_rows * o.block_columns > 1))
    return refuse("a pattern N:M excludes blocks and a global threshold");
  return {};
}

std::string Pruning::describe() const {
  const PruneSchedule& s = options_.schedule;
  if (options_.keep) return "zeros stay zero";
  std::string text = "pruned ";
  if (options_.m > 0) {
    text += format("to {} of each {} neighbours from step {}", options_.n, options_.m, s.begin);
  } else {
    text += format("to {:.6g} % zeros", s.target * 100);
    if (options_.block_rows * options_.block_columns > 1)
      text += format(" in blocks {} x {}", options_.block_rows, options_.block_columns);
    text += options_.global ? ", one threshold for all tensors" : ", each tensor";
    if (s.kind == PruneSchedule::Kind::constant) {
      text += format(", constant from step {}", s.begin);
    } else {
      text += format(", polynomial (power {:.6g}) from {:.6g} %, step {}", s.power, s.initial * 100, s.begin);
    }
  }
  text += s.end >= 0 ? format(" to step {}", s.end) : " to half of the steps";
  if (s.frequency > 0) text += format(", every {} steps", s.frequency);
  return text + "; " + describe_layers(options_.choice);
}

Status Pruning::rewrite(Model& model) {
  THIMBLE_TRY(check(options_));
  targets_.clear();
  THIMBLE_ASSIGN(auto weights, chosen_weights(model.graph, model.parameters, options_.choice, "prune"));
  const auto one_block = [&](const WeightMatrix& w) {
    return w.rows <= options_.block_rows && w.columns <= options_.block_columns;
  };
  if (!options_.keep && options_.block_rows * options_.block_columns > 1 && std::ranges::all_of(weights, one_block))
    return fail(ErrorCode::usage,
                format("blocks of {} x {} weights are as large as whole layers: none can go", options_.block_rows,
                       options_.block_columns),
                "1x4 and 4x1 are usual");
  for (WeightMatrix& w : weights) targets_.push_back({std::move(w), 0, {}});
  return {};
}

Status Pruning::find_parameters(FitView& fit) {
  for (Target& t : targets_) {
    const auto it = std::ranges::find(fit.parameters, t.weights.tensor, &ParameterView::tensor);
    if (it == fit.parameters.end()) return fail(ErrorCode::internal, format("{} is not trained", t.weights.name));
    t.parameter = static_cast<size_t>(it - fit.parameters.begin());
  }
  return {};
}

Status Pruning::begin(FitView& fit) {
  THIMBLE_TRY(find_parameters(fit));
  const PruneSchedule& s = options_.schedule;
  if (!options_.keep && std::max(s.begin, s.end_step(fit.steps)) > fit.steps)
    return fail(ErrorCode::usage,
                format("pruning ends at step {}, but the training has only {} steps", s.end_step(fit.steps), fit.steps),
                "more epochs, or leave begin and end out");
  size_t at = 0;
  for (Target& t : targets_) {
    const auto values = fit.parameters[t.parameter].values;
    t.mask.resize(values.size());
    if (restored_.empty()) {
      std::ranges::transform(values, t.mask.begin(), [](float v) { return v != 0; });
      continue;
    }
    if (restored_.size() < (at + values.size() + 7) / 8)
      return fail(ErrorCode::bad_file, format("the checkpoint's mask of {} is too short", t.weights.name));
    for (uint8_t& m : t.mask) m = restored_[at / 8] >> (at % 8) & 1, ++at;
  }
  if (restored_.empty() && !options_.keep && s.changes(0, fit.steps)) choose(fit, s.sparsity(0, fit.steps));
  restored_.clear();
  apply(fit);
  return {};
}

Status Pruning::after_step(FitView& fit) {
  apply(fit);
  const PruneSchedule& s = options_.schedule;
  if (options_.keep || !s.changes(fit.step, fit.steps)) return {};
  choose(fit, s.sparsity(fit.step, fit.steps));
  apply(fit);
  return {};
}

void Pruning::apply(FitView& fit) const {
  for (const Target& t : targets_) {
    const ParameterView& p = fit.parameters[t.parameter];
    for (size_t i = 0; i < t.mask.size(); ++i)
      if (!t.mask[i]) {
        p.values[i] = 0;
        if (!p.average.empty()) p.average[i] = 0;
      }
  }
}

void Pruning::choose(FitView& fit, double sparsity) {
  std::vector<WeightMatrix> weights;
  std::vector<std::span<const float>> values;
  std::vector<std::vector<uint8_t>> masks;
  for (Target& t : targets_) {
    weights.push_back(t.weights);
    values.emplace_back(fit.parameters[t.parameter].values);
    masks.push_back(std::move(t.mask));
  }
  choose_masks(weights, values, options_, sparsity, masks);
  for (size_t i = 0; i < targets_.size(); ++i) targets_[i].mask = std::move(masks[i]);
}

std::vector<uint8_t> Pruning::save() const {
  size_t n = 0;
  for (const Target& t : targets_) n += t.mask.size();
  std::vector<uint8_t> bits((n + 7) / 8, 0);
  size_t at = 0;
  for (const Target& t : targets_)
    for (uint8_t m : t.mask) bits[at / 8] = static_cast<uint8_t>(bits[at / 8] | m << (at % 8)), ++at;
  return bits;
}

Status Pruning::restore(std::span<const uint8_t> bytes) {
  restored_.assign(bytes.begin(), bytes.end());
  return {};
}

}  // namespace thimble
