#include "measure/text.h"

#include <cstdint>
#include <iterator>
#include <sstream>

namespace thimble {

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (size_t at = 0; at < text.size();) {
    const CodePoint p = decode_utf8(text, at);
    switch (p.code) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        if (!p.valid || (p.code < 0x20 && p.code != '\n' && p.code != '\t') || (p.code >= 0x7f && p.code < 0xa0))
          out += "\xef\xbf\xbd";
        else
          out.append(text.substr(at, p.bytes));
    }
    at += p.bytes;
  }
  return out;
}

std::string clip_text(std::string_view text, size_t limit) {
  std::string shorter;
  if (text.size() > 16 * limit + 64) {  // only both ends can be kept: do not look at the rest
    const size_t end = 8 * limit + 16;
    shorter = text.substr(0, end);
    shorter += text.substr(text.size() - end);
    text = shorter;
  }
  std::string whole = valid_utf8(text);
  size_t points = 0;
  for (char c : whole) points += (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
  if (points <= limit) return whole;
  if (limit == 0) return {};
  const size_t head = (limit - 1) * 2 / 3, tail = limit - 1 - head;
  std::string out;
  size_t index = 0;
  bool inserted = false;
  for (size_t at = 0; at < whole.size(); ++index) {
    const CodePoint p = decode_utf8(whole, at);
    if (index < head || index >= points - tail) {
      out.append(whole, at, p.bytes);
    } else if (!inserted) {
      out += "…";
      inserted = true;
    }
    at += p.bytes;
  }
  return out;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=+,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) return std::string(word);
  std::string out = "'";
  for (char c : word) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? kDigits[(group >> (18 - 6 * k)) & 63] : '=';
  }
  return out;
}

}  // namespace thimble
