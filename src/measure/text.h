// Text that came from files, made safe to put into reports: valid UTF-8, escaped, cut to length.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"

namespace thimble {

// For HTML and XML text and attributes: & < > " ' escaped, control characters and bytes that are
// not UTF-8 replaced by U+FFFD (line break and tab stay).
std::string escape_html(std::string_view text);
// At most `limit` code points, what is too long replaced in the middle by "…". Valid UTF-8, not escaped.
std::string clip_text(std::string_view text, size_t limit);
// One word of a command line as a POSIX shell reads it back: in single quotes where it holds anything special.
std::string shell_quoted(std::string_view word);
// The words of a command line that holds no quotes, variables or patterns: what blanks divide.
std::vector<std::string> words_of(const std::string& text);
// RFC 4648 with padding.
std::string base64(std::string_view bytes);

}  // namespace thimble
