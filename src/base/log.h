// Where narration goes. The library never prints: it hands lines to a sink that the program sets.
// Without a sink nothing happens.
#pragma once

#include <string>
#include <string_view>

#include "base/format.h"

namespace thimble {

enum class LogLevel { error, warning, info, debug };
const char* name(LogLevel level);

using LogSink = void (*)(LogLevel level, std::string_view text, void* context);

// Sets the sink for lines up to `most_detailed`; null silences. Lines arrive one at a time, from any
// thread; a sink must not log. The old sink is not called after this returns.
void set_log_sink(LogSink sink, void* context = nullptr, LogLevel most_detailed = LogLevel::info);

// True if a line of this level would reach a sink (to skip work that only makes text).
bool log_enabled(LogLevel level);
void log_text(LogLevel level, std::string_view text);

template <class... Args>
void log(LogLevel level, fmt::format_string<Args...> text, Args&&... args) {
  if (log_enabled(level)) log_text(level, format_args_to_string(text, fmt::make_format_args(args...)));
}

}  // namespace thimble
