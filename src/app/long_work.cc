#include "app/long_work.h"

#include <cstdio>

#include "measure/clock.h"
#include "measure/progress.h"

namespace thimble::app {

struct ProgressLine::State {
  const Context& context;
  bool draws;
  bool drawn = false;
  std::string stage;
  Progress progress{"", ""};
  Stopwatch watch;
};

ProgressLine::ProgressLine(const Context& context)
    : state_(new State{context, context.draws_progress(), false, "", Progress(""), Stopwatch()}) {}
ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::clear() {
  if (!state_->drawn) return;
  std::fputs("\r\x1b[2K", stderr);
  state_->drawn = false;
}

void ProgressLine::update(const StudyProgress& p) {
  if (!state_->draws) return;
  if (p.stage != state_->stage) {
    state_->stage = p.stage;
    state_->progress = Progress(p.stage, p.unit, 100, state_->context.colour());
    state_->watch.restart();
  }
  const double elapsed = state_->watch.seconds();
  if (!state_->progress.due(p.done, p.total, elapsed)) return;
  clear();
  std::fputs(state_->progress.line(p.done, p.total, elapsed, p.detail).c_str(), stderr);
  std::fflush(stderr);
  state_->drawn = true;
}

void ProgressLine::note(const std::string& text) {
  clear();
  state_->context.note(text);
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
