// format("{} of {}", a, b): fmt's checked formatting, compiled once in format.cc so that the
// heavy half of fmt stays out of every other unit. Include <fmt/ranges.h> nowhere in headers.
#pragma once

#include <string>

#include <fmt/core.h>

namespace thimble {

std::string format_args_to_string(fmt::string_view text, fmt::format_args args);

template <class... Args>
std::string format(fmt::format_string<Args...> text, Args&&... args) {
  return format_args_to_string(text, fmt::make_format_args(args...));
}

}  // namespace thimble
