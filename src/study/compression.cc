#include "study/compression.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/file.h"
#include "compress/mixed_precision/mixed_precision.h"
#include "compress/search/carry_out.h"
#include "compress/search/plans.h"
#include "formats/model_file.h"
#include "formats/tflite/tflite.h"
#include "passes/pipeline.h"
#include "study/board_fit.h"
#include "study/validation_score.h"
#include "study/variants.h"
#include "train/fingerprint.h"

namespace thimble {
namespace {

constexpr int64_t kLeastSamples = 25'000;                   // of a trial, or half of the training part
constexpr int64_t kCalibration = 500, kSensitivity = 1000;  // samples

bool number(std::string_view text, double* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(*value);
}

// "32K", "8Ki", "1M", "512".
bool byte_count(std::string_view text, int64_t* bytes) {
  double unit = 1;
  const auto ends = [&](std::string_view suffix, double factor) {
    if (unit != 1 || !text.ends_with(suffix)) return;
    text.remove_suffix(suffix.size());
    unit = factor;
  };
  ends("Ki", 1024), ends("Mi", 1024 * 1024), ends("K", 1e3), ends("M", 1e6);
  double value = 0;
  if (!number(text, &value) || value * unit < 1 || value * unit > 1e12) return false;
  *bytes = static_cast<int64_t>(value * unit);
  return true;
}

// The board or the core of this name, without limits.
Board named(const std::string& name) {
  Board board;
  board.core = micro::find_core(name);
  if (!board.core) board.core = micro::find_core("cortex-m4");
  board.fpu = board.core->can_have_fpu();
  board.mhz = 1;
  for (const Board& known : known_boards())
    if (known.name == name) board = known;
  board.name = name;
  board.flash = board.ram = 0;
  return board;
}

struct Weighing {
  const Retraining& how;
  const Board& board;  // flash 0: the packed file counts
  bool classes = false;

  bool packed() const { return board.flash == 0; }

  Result<TrialOutcome> operator()(const Graph& graph) const {
    TrialOutcome outcome;
    THIMBLE_ASSIGN(const Checked ready, prepare_for_inference(graph));
    if (packed()) {
      THIMBLE_ASSIGN(const std::vector<uint8_t> file, write_model(graph, "packed.thim"));
      outcome.bytes = static_cast<int64_t>(file.size());
      THIMBLE_ASSIGN(const auto program, Program::plan(ready));
      outcome.memory = program->arena().bytes;
    } else {
      THIMBLE_ASSIGN(const micro::Emitted c, emit_for_boards(ready));
      const BoardFit fit = fit_board(c, board);
      outcome.bytes = fit.flash_bytes;
      outcome.memory = fit.ram_bytes + fit.stack_bytes;
    }
    const ScoreModel score =
        validation_score(how.validation, how.feeding, {.threads = how.threads, .cancelled = how.hooks.stop});
    THIMBLE_ASSIGN(const ModelScore answers, score(ready.graph));
    outcome.score = classes ? answers.accuracy : -answers.loss;
    return outcome;
  }
};

// Layers that coarse weights hurt far more than they save: their loss rises at 4 bits by three times as much per saved
// byte as that of all layers together. What training will make of them is not known yet; holding them at 8 bits costs
// little, since they are small.
Result<std::vector<std::string>> sensitive_layers(const Graph& graph, const Retraining& how,
                                                  const CalibrationSamples& calibration) {
  const ScoreModel score = validation_score(how.validation.limit(kSensitivity), how.feeding,
                                            {.threads = how.threads, .cancelled = how.hooks.stop});
  SensitivityOptions options;
  options.widths = {4};
  options.cancelled = how.hooks.stop;
  THIMBLE_ASSIGN(const SensitivityTable table, layer_sensitivity(graph, calibration, score, options));
  double rise = 0, saved = 0;
  const auto rise_of = [&](const LayerSensitivity& row) { return std::max(0.0, table.loss_rise(row)); };
  for (const LayerSensitivity& row : table.rows) {
    rise += rise_of(row);
    saved += static_cast<double>(table.bytes_saved(row));
  }
  std::vector<std::string> layers;
  for (const LayerSensitivity& row : table.rows)
    if (rise_of(row) * saved > 3 * rise * static_cast<double>(std::max<int64_t>(table.bytes_saved(row), 1)))
      layers.push_back(row.layer);
  return layers;
}

SearchGoal in_numbers(const CompressionGoal& goal, const TrialOutcome& before) {
  if (goal.accuracy_drop >= 0) return {.least_score = before.score - goal.accuracy_drop / 100};
  if (goal.loss_rise >= 0) return {.least_score = before.score * (1 + goal.loss_rise / 100)};
  if (goal.board.flash > 0) return {.most_bytes = goal.board.flash, .most_memory = goal.board.ram};
  return {.most_bytes = goal.most_bytes};
}

}  // namespace

std::string CompressionGoal::to_string() const {
  if (accuracy_drop >= 0) return format("at most {} points of accuracy lost", accuracy_drop);
  if (loss_rise >= 0) return format("a loss at most {} % larger", loss_rise);
  if (board.flash > 0)
    return format("{}: as C for {} at most {} bytes of flash{}", board.name, board.core->title, board.flash,
                  board.ram > 0 ? format(" and {} bytes of memory", board.ram) : "");
  return format("at most {} bytes, packed", most_bytes);
}

Status parse_budget(std::string_view text, CompressionGoal* goal) {
  auto limit = parse_mixed_goal(text);
  if (!limit || limit->kind == MixedGoal::Kind::bytes)
    return fail(
        ErrorCode::usage, format("the budget is '{}'", std::string(text)),
        "write \"accuracy-drop 0.5\" (percentage points), or \"loss-rise 10\" (percent) for a model of numbers");
  (limit->kind == MixedGoal::Kind::accuracy_drop ? goal->accuracy_drop : goal->loss_rise) = limit->limit * 100;
  return {};
}

Status parse_board(std::string_view text, CompressionGoal* goal) {
  const auto wrong = [&] {
    return fail(ErrorCode::usage, format("the board is '{}'", std::string(text)),
                "write NAME:flash=BYTES,ram=BYTES, for instance cortex-m0:flash=32K,ram=8K (K is 1,000, Ki is 1,024)");
  };
  const size_t colon = text.find(':');
  const std::string name(text.substr(0, colon));
  if (name.empty()) return wrong();
  if (colon == std::string_view::npos) {
    THIMBLE_ASSIGN(const std::vector<Board> boards, find_boards(name));
    if (boards.size() != 1)
      return fail(ErrorCode::usage, format("\"{}\" is {} boards", name, boards.size()),
                  "a search has one goal: name one board");
    goal->board = boards[0];
    return {};
  }
  goal->board = named(name);
  std::string_view rest = text.substr(colon + 1);
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view part = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    int64_t* to = part.starts_with("flash=") ? &goal->board.flash
                  : part.starts_with("ram=") ? &goal->board.ram
                                             : nullptr;
    if (!to || !byte_count(part.substr(part.find('=') + 1), to)) return wrong();
  }
  if (goal->board.flash <= 0) return wrong();
  return {};
}

Status check_goal(const CompressionGoal& goal, bool classes) {
  if (goal.accuracy_drop >= 0 && !classes)
    return fail(ErrorCode::usage, "the model's answers are numbers: there is no accuracy to lose",
                "write the budget as loss-rise PERCENT, for instance \"loss-rise 10\"");
  if (goal.loss_rise >= 0 && classes)
    return fail(ErrorCode::usage, "the model's answers are classes: give the accuracy that may be lost",
                "write the budget as accuracy-drop POINTS, for instance \"accuracy-drop 0.5\"");
  return {};
}

std::string trial_file(const std::string& folder, const Trial& trial) {
  return join_path(folder, format("trial_{:03}.tflite", trial.number));
}

SearchReport search_report(const Compressed& found, const CompressionGoal& goal, bool classes) {
  const auto shown = [&](double score) { return classes ? score : -score; };  // −loss becomes the loss again
  SearchReport r;
  r.goal = goal.to_string();
  r.met = found.search.met;
  r.accuracy = classes;
  if (goal.board.flash > 0) r.bytes_of = "flash of the C";
  r.score_before = shown(found.before.score);
  r.least_score = found.goal.most_bytes > 0 ? 0 : shown(found.goal.least_score);
  r.bytes_before = found.before.bytes;
  r.most_bytes = found.goal.most_bytes;
  for (size_t i = 0; i < found.search.trials.size(); ++i) {
    const Trial& t = found.search.trials[i];
    r.rows.push_back({t.plan.to_string(), t.number, t.rung, t.samples, shown(t.outcome.score), t.outcome.bytes,
                      t.outcome.memory, std::ranges::find(found.front, i) != found.front.end(),
                      i == found.search.chosen});
  }
  return r;
}

Result<Compressed> compress_model(const Graph& float_graph, const Retraining& how, const CompressionOptions& options) {
  if (!how.train.valid() || how.train.empty() || !how.validation.valid() || how.validation.empty())
    return fail(ErrorCode::usage, "the data set has no training or no validation samples",
                "the search chooses by validation samples, which take no part in training");
  Weighing weigh{how, options.goal.board, how.train.classes() > 0};
  THIMBLE_TRY(check_goal(options.goal, weigh.classes));
  Compressed result;
  THIMBLE_ASSIGN(result.before, weigh(float_graph));
  result.goal = in_numbers(options.goal, result.before);

  SearchOptions search;
  search.goal = result.goal;
  search.samples = options.samples > 0 ? options.samples : kSearchPasses * how.train.size();
  search.least_samples = std::min(kLeastSamples, std::max<int64_t>(how.train.size() / 2, 1));
  search.ledger = join_path(options.folder, "ledger.txt");
  search.fingerprint = format("{} {} {} {} {}", options.fingerprint,
                              training_fingerprint(training_keys(float_graph, how.spec, how.train, how.validation,
                                                                 how.feeding, how.augment, {})),
                              static_cast<int>(options.io), options.goal.to_string(), search.samples);
  search.resume = options.resume;
  PlanSpace space;
  space.packed = weigh.packed();
  space.most_bytes = result.goal.most_bytes;
  const CalibrationSamples calibration = calibration_samples(how.train, how.feeding, kCalibration);
  THIMBLE_ASSIGN(space.sensitive, sensitive_layers(float_graph, how, calibration));
  THIMBLE_ASSIGN(const std::vector<CompressionPlan> plans, candidate_plans(float_graph, space));

  CompressionProgress progress;
  progress.before = result.before;
  const auto report = [&] {
    if (options.progress) options.progress(progress);
  };
  search.progress = [&](const SearchProgress& p) {
    progress.search = p;
    progress.samples_now = 0;
    report();
  };
  Retraining training = how;
  int64_t finished = 0, within = 0;  // samples of the trial's earlier stages, and of the one that runs
  training.hooks.epoch = {};
  training.hooks.progress = [&](const TrainProgress& p) {
    const int64_t done = (static_cast<int64_t>(p.epoch - 1) * p.steps + p.step) * how.spec.batch;
    if (done < within) finished += within;  // another stage has begun
    within = done;
    progress.samples_now = finished + done;
    report();
  };
  training.resume = options.resume;
  QuantizeOptions form;
  form.io = options.io;
  if (weigh.packed()) {  // a scale and a bias per channel would take a tenth of a file of 20 KB
    form.scale_bits = 4;
    form.bias_bits = 12;
  }
  const auto run = [&](const Trial& trial) -> Result<TrialOutcome> {
    progress.trial = trial;
    finished = within = 0;
    THIMBLE_TRY(make_directories(options.folder));
    training.checkpoint = join_path(options.folder, format("trial_{:03}", trial.number));
    THIMBLE_ASSIGN(const Quantized made,
                   carry_out(float_graph, trial.plan, trial.samples, training, form, calibration));
    THIMBLE_ASSIGN(const std::vector<uint8_t> file, write_tflite(made.graph));
    THIMBLE_TRY(write_file_atomic(trial_file(options.folder, trial), std::span<const uint8_t>(file)));
    THIMBLE_ASSIGN(const TrialOutcome outcome, weigh(made.graph));
    remove_checkpoints(training.checkpoint);
    return outcome;
  };
  THIMBLE_ASSIGN(result.search, search_plans(plans, search, run));
  result.front = pareto_front(result.search.trials);
  const Trial& chosen = result.search.trials[result.search.chosen];
  THIMBLE_ASSIGN(const std::vector<uint8_t> file, read_file(trial_file(options.folder, chosen)));
  THIMBLE_ASSIGN(result.chosen, read_tflite(file));
  return result;
}

}  // namespace thimble
