#include "study/options/fields.h"

#include <algorithm>
#include <charconv>

#include "compress/quantize/quantize.h"

namespace thimble {
namespace {

std::string flag_of(std::string_view key) {
  std::string flag = "--" + std::string(key);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

bool is_number(std::string_view value) {
  double number;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc() && end == value.data() + value.size();
}

}  // namespace

std::string Form::name(const Field& field) const {
  return flags ? flag_of(field.flag.empty() ? field.key : field.flag) : field.key;
}

std::string Form::name(std::string_view key) const { return flags ? flag_of(key) : std::string(key); }

std::string Form::setting(std::string_view key, std::string_view value) const {
  const bool plain = is_number(value) || value == "true" || value == "false";
  if (flags)
    return value == "true"                             ? name(key)
           : value.find(' ') != std::string_view::npos ? format("{} \"{}\"", name(key), value)
                                                       : format("{} {}", name(key), value);
  return plain ? format("{} = {}", key, value) : format("{} = \"{}\"", key, value);
}

tl::unexpected<Error> Form::refuse(std::string key, std::string message, std::string hint) {
  at = std::move(key);
  return fail(ErrorCode::usage, std::move(message), std::move(hint));
}

std::string bits_word(int bits) { return bits == kTernaryBits ? "ternary" : std::to_string(bits); }

Result<int> parse_bits(std::string_view word) {
  if (word == "ternary") return kTernaryBits;
  int bits = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), bits);
  if (error != std::errc() || end != word.data() + word.size() || bits < 2 || bits > 8)
    return fail(ErrorCode::usage, format("'{}' is not a number of bits", std::string(word)), "give 2 to 8, or ternary");
  return bits;
}

}  // namespace thimble
