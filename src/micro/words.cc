#include "micro/words.h"

#include <algorithm>
#include <cctype>

#include "base/format.h"

namespace thimble::micro {

const char* c_type(DType type) {
  switch (type) {
    case DType::f32: return "float";
    case DType::i8: return "int8_t";
    case DType::u8:
    case DType::boolean: return "uint8_t";
    case DType::i16: return "int16_t";
    case DType::i32: return "int32_t";
    default: return "int64_t";
  }
}

std::string capitals(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string spec(const Tensor& tensor) { return format("{} {}", name(tensor.type), tensor.shape.to_string()); }

std::string numbered(const char* what, size_t i, size_t count) {
  return count == 1 ? std::string(what) : format("{}_{}", what, i);
}

std::string short_name(const std::string& name) {
  std::string last = name.substr(name.rfind(';') + 1);
  if (last.size() > 60) {
    last = last.substr(last.size() - 57);
    if (const size_t slash = last.find('/'); slash != std::string::npos) last = last.substr(slash);
    last = "..." + last;
  }
  return harmless(last);
}

std::string harmless(std::string text) {
  for (char& c : text)
    if (c < 32 || c > 126 || std::string_view("*\\\"'<>&").find(c) != std::string_view::npos) c = ' ';
  return text;
}

std::string wrapped(const std::string& head, const std::vector<std::string>& items, const std::string& end) {
  std::string text, line = head;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string item = items[i] + (i + 1 < items.size() ? "," : end);
    const size_t columns = item.size() - (item.ends_with('\n') ? 1 : 0);
    if (line.size() + 1 + columns > 116) {
      text += line + "\n";
      line = std::string(head.size(), ' ');
    } else if (i > 0) {
      line += " ";
    }
    line += item;
  }
  return text + line;
}

std::string static_arena(const std::string& macro) {
  return format(
      "#if defined(__GNUC__)\n#define {0}_ALIGNED __attribute__((aligned({0}_ARENA_ALIGNMENT)))\n#else\n"
      "#define {0}_ALIGNED\n#endif\n\nstatic uint8_t arena[{0}_ARENA_BYTES] {0}_ALIGNED;\n\n",
      macro);
}

}  // namespace thimble::micro
