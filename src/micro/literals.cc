#include "micro/literals.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/format.h"

namespace thimble::micro {

std::string literal(float value) {
  if (std::isnan(value)) return "NAN";
  if (std::isinf(value)) return value > 0 ? "INFINITY" : "-INFINITY";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

std::string literal(int64_t value) {
  if (value == std::numeric_limits<int32_t>::min()) return "INT32_MIN";
  return std::to_string(value);
}

std::string literal(uint32_t value) { return std::to_string(value) + "u"; }

template <class T>
std::string array(const std::string& type, const std::string& name, const T* values, int64_t count) {
  constexpr size_t kColumns = 116;
  const std::string head = format("static const {} {}[{}] THIMBLE_FLASH = {{", type, name, count);
  std::string text, line = "\n   ";
  for (int64_t i = 0; i < count; ++i) {
    std::string item;
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, uint32_t>) {
      item = literal(values[i]);
    } else {
      item = literal(static_cast<int64_t>(values[i]));
    }
    if (i + 1 < count) item += ",";
    if (line.size() + 1 + item.size() > kColumns) {
      text += line;
      line = "\n   ";
    }
    line += " " + item;
  }
  // A few values stand behind the name.
  if (text.empty() && head.size() + line.size() <= kColumns) return head + line.substr(5) + "};\n";
  return head + text + line + "};\n";
}

template std::string array(const std::string&, const std::string&, const float*, int64_t);
template std::string array(const std::string&, const std::string&, const int8_t*, int64_t);
template std::string array(const std::string&, const std::string&, const uint8_t*, int64_t);
template std::string array(const std::string&, const std::string&, const int16_t*, int64_t);
template std::string array(const std::string&, const std::string&, const int32_t*, int64_t);
template std::string array(const std::string&, const std::string&, const uint32_t*, int64_t);
template std::string array(const std::string&, const std::string&, const int64_t*, int64_t);

}  // namespace thimble::micro
