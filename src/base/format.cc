#define FMT_HEADER_ONLY
#include <fmt/format.h>

#include "base/format.h"

namespace thimble {

std::string format_args_to_string(fmt::string_view text, fmt::format_args args) { return fmt::vformat(text, args); }

}  // namespace thimble
