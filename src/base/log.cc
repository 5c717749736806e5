#include "base/log.h"

#include <atomic>
#include <mutex>

namespace thimble {
namespace {

struct Sink {
  std::mutex mutex;  // one line at a time, and no line into a sink that was replaced
  LogSink function = nullptr;
  void* context = nullptr;
};

Sink& sink() {
  static Sink the_sink;
  return the_sink;
}

std::atomic<int> detail{-1};  // most detailed level that reaches the sink; −1: none

}  // namespace

const char* name(LogLevel level) {
  switch (level) {
    case LogLevel::error: return "error";
    case LogLevel::warning: return "warning";
    case LogLevel::info: return "info";
    case LogLevel::debug: return "debug";
  }
  return "error";
}

void set_log_sink(LogSink function, void* context, LogLevel most_detailed) {
  Sink& s = sink();
  const std::lock_guard lock(s.mutex);
  s.function = function;
  s.context = context;
  detail.store(function == nullptr ? -1 : static_cast<int>(most_detailed), std::memory_order_relaxed);
}

bool log_enabled(LogLevel level) { return static_cast<int>(level) <= detail.load(std::memory_order_relaxed); }

void log_text(LogLevel level, std::string_view text) {
  if (!log_enabled(level)) return;
  Sink& s = sink();
  const std::lock_guard lock(s.mutex);
  if (s.function != nullptr) s.function(level, text, s.context);
}

}  // namespace thimble
