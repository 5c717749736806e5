#include "base/utf8.h"

#include <cstdint>

namespace thimble {

CodePoint decode_utf8(std::string_view text, size_t at) {
  constexpr CodePoint kBad{0xfffd, 1, false};
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned lead = byte(at);
  if (lead < 0x80) return {static_cast<char32_t>(lead), 1, true};
  size_t length = 0;
  if (lead >= 0xc2 && lead < 0xe0)
    length = 2;
  else if (lead >= 0xe0 && lead < 0xf0)
    length = 3;
  else if (lead >= 0xf0 && lead < 0xf5)
    length = 4;
  else
    return kBad;
  char32_t code = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0u) != 0x80u) return kBad;
    code = (code << 6) | (byte(at + i) & 0x3fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return kBad;
  return {code, length, true};
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint p = decode_utf8(text, at);
    if (p.valid)
      out.append(text.substr(at, p.bytes));
    else
      out += "\xef\xbf\xbd";
    at += p.bytes;
  }
  return out;
}

size_t invalid_utf8_at(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const CodePoint p = decode_utf8(text, at);
    if (!p.valid) return at;
    at += p.bytes;
  }
  return std::string_view::npos;
}

Status check_utf8(std::string_view text, std::string_view what) {
  const size_t at = invalid_utf8_at(text);
  if (at == std::string_view::npos) return {};
  const bool wide = text.substr(0, 2) == "\xff\xfe" || text.substr(0, 2) == "\xfe\xff";
  // 0x80 … 0x9f are letters and signs in Windows-1252, controls in Latin-1.
  const char* encoding = wide ? "UTF-16" : "ISO-8859-1";
  const char* spoken = wide ? "UTF-16" : "Latin-1";
  if (!wide)
    for (char c : text)
      if (const auto b = static_cast<unsigned char>(c); b >= 0x80 && b < 0xa0) {
        encoding = "WINDOWS-1252";
        spoken = "Windows-1252";
      }
  std::string where;
  if (what.empty()) {
    int64_t line = 1, column = 1;
    for (size_t i = 0; i < at; ++i) {
      if (text[i] == '\n')
        ++line, column = 1;
      else
        column += (static_cast<unsigned char>(text[i]) & 0xc0u) != 0x80u;
    }
    where = format("line {}, column {}", line, column);
  } else {
    where = format("{} \"{}\"", what, valid_utf8(text.substr(0, 80)));
  }
  return fail(ErrorCode::bad_file,
              format("{}: the byte 0x{} is not UTF-8; the text looks like {}", where,
                     std::string{"0123456789abcdef"[static_cast<unsigned char>(text[at]) >> 4],
                                 "0123456789abcdef"[static_cast<unsigned char>(text[at]) & 15]},
                     spoken),
              what.empty() ? format("iconv -f {} -t UTF-8 OLD > NEW, or save it as UTF-8", encoding)
                           : format("rename it to UTF-8: convmv -f {} -t UTF-8 --notest NAME", encoding));
}

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  return text;
}

std::string escaped_utf8(std::string_view text) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const CodePoint p = decode_utf8(text, i);
    if (p.valid) {
      out.append(text.substr(i, p.bytes));
    } else {
      const auto byte = static_cast<unsigned char>(text[i]);
      out += "\\x";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
    i += p.bytes;
  }
  return out;
}

}  // namespace thimble
