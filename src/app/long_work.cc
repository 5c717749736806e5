#include "app/long_work.h"

#include "measure/clock.h"
#include "measure/progress.h"

namespace thimble::app {

struct ProgressLine::State {
  const Context& context;
  std::string stage;
  Progress progress{"", ""};
  Stopwatch watch;
};

ProgressLine::ProgressLine(const Context& context) : state_(new State{context, "", Progress(""), Stopwatch()}) {}
ProgressLine::~ProgressLine() { state_->context.clear_progress(); }

void ProgressLine::update(const StudyProgress& p) {
  const Context& context = state_->context;
  if (!context.draws_progress()) return;
  if (p.stage != state_->stage) {
    state_->stage = p.stage;
    state_->progress = Progress(p.stage, p.unit, context.progress_width(), context.colour());
    state_->watch.restart();
  }
  const double elapsed = state_->watch.seconds();
  if (!state_->progress.due(p.done, p.total, elapsed)) return;
  state_->progress.set_width(context.progress_width());
  context.draw_progress(state_->progress.line(p.done, p.total, elapsed, p.detail));
}

void ProgressLine::note(const std::string& text) { state_->context.note(text); }

void declare_recipe_keys(Options& options) {
  static constexpr const char* kKeys[][2] = {
      {"--epochs", "train.epochs"},
      {"--batch", "train.batch"},
      {"--batch-size", "train.batch"},
      {"--batch_size", "train.batch"},
      {"--lr", "train.optimizer={adam=VALUE}"},
      {"--learning-rate", "train.optimizer={adam=VALUE}"},
      {"--learning_rate", "train.optimizer={adam=VALUE}"},
      {"--optimizer", "train.optimizer"},
      {"--loss", "train.loss"},
      {"--data", "data.set"},
      {"--dataset", "data.set"},
      {"--limit", "data.limit"},
      {"--scale", "data.scale"},
      {"--trials", "measure.trials"},
      {"--repeats", "study.repeats"},
  };
  for (const auto& [option, key] : kKeys) options.elsewhere(option, key);
}

Result<std::vector<Setting>> parse_settings(const std::vector<std::string>& words) {
  std::vector<Setting> settings;
  for (const std::string& word : words) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(ErrorCode::usage, format("--set {} is not KEY=VALUE", word), "for example --set train.epochs=4");
    settings.push_back({word.substr(0, equals), word.substr(equals + 1)});
  }
  return settings;
}

}  // namespace thimble::app
