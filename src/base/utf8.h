// Text that came from files: is it UTF-8, and where is it not?
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace thimble {

struct CodePoint {
  char32_t code = 0;  // U+FFFD for a byte that is not UTF-8
  size_t bytes = 1;
  bool valid = true;
};
// The code point that begins at `at` (< text.size()). Overlong forms and surrogates are invalid.
CodePoint decode_utf8(std::string_view text, size_t at);

// Every byte that is not UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);
// Every such byte written as \xHH: nothing is lost to the eye, and the text is valid.
std::string escaped_utf8(std::string_view text);

// Position of the first byte that is not UTF-8; npos when all of it is.
size_t invalid_utf8_at(std::string_view text);

// bad_file unless `text` is UTF-8: "line 3, column 7: the byte 0xf6 is not UTF-8; the text looks like Latin-1", with
// how to convert it. Columns count code points from 1. `what` names the text when it has no lines ("class name").
Status check_utf8(std::string_view text, std::string_view what = {});

// Without the mark (EF BB BF) that some programs write before UTF-8 text.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace thimble
