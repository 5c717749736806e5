#include "data/csv_fields.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "base/format.h"
#include "base/utf8.h"

namespace thimble::csv {

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

bool parse_number(std::string_view text, char decimal, double* out) {
  text = trimmed(text);
  char buffer[64];
  if (decimal == ',') {
    if (text.size() > sizeof(buffer) || text.find('.') != std::string_view::npos) return false;
    std::replace_copy(text.begin(), text.end(), buffer, ',', '.');
    text = {buffer, text.size()};
  }
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() && std::isfinite(*out);
}

bool is_missing(std::string_view text) {
  text = trimmed(text);
  if (text.empty() || text == "?") return true;
  if (text.size() > 4) return false;
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower == "na" || lower == "n/a" || lower == "nan" || lower == "null";
}

bool looks_decorated(std::string_view text) {
  text = trimmed(text);
  bool digit = false;
  for (size_t at = 0; at < text.size();) {
    const CodePoint p = decode_utf8(text, at);
    digit = digit || (p.code >= '0' && p.code <= '9');
    const std::u32string_view allowed = U"0123456789.,'_% $€£¥\u00a0\u202f";
    const bool sign = (p.code == '-' || p.code == '+') && at == 0;
    if (!sign && allowed.find(p.code) == std::u32string_view::npos) return false;
    at += p.bytes;
  }
  return digit;
}

std::string shown(std::string_view field) {
  std::string out;
  size_t at = 0;
  for (int letters = 0; at < field.size() && letters < 40; ++letters) {
    const CodePoint p = decode_utf8(field, at);
    if (!p.valid || p.code < 32)
      out += '?';
    else
      out += field.substr(at, p.bytes);
    at += p.bytes;
  }
  return out + (at < field.size() ? "…" : "");
}

std::string class_name(std::string_view field, bool number, double value) {
  if (number && value == std::floor(value) && std::abs(value) < 1e15) return format("{}", static_cast<int64_t>(value));
  return std::string(trimmed(field));
}

double Moments::deviation() const {
  if (numbers == 0) return 0;
  const auto n = static_cast<double>(numbers);
  return std::sqrt(std::max(0.0, squares_ / n - (sum_ / n) * (sum_ / n)));
}

std::string precision_note(std::string_view column, const Moments& numbers, bool target) {
  const auto largest = static_cast<float>(std::max(std::abs(numbers.low), std::abs(numbers.high)));
  const float step = std::nextafter(largest, INFINITY) - largest;
  if (numbers.numbers < 2 || !(numbers.deviation() > 0) || !(step > 0.1 * numbers.deviation())) return "";
  return format(
      "column \"{}\" varies by {:.3g} about {:.6g}, where float32 knows numbers {:.3g} apart: {}; take a constant off "
      "all of it",
      shown(column), numbers.deviation(), numbers.mean(), step,
      target ? "errors of the answers are not what they look like" : "much of what it says is lost");
}

}  // namespace thimble::csv
