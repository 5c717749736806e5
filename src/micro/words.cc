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

std::string harmless(std::string text) {
  for (char& c : text)
    if (c < 32 || c > 126 || std::string_view("*\\\"'<>&").find(c) != std::string_view::npos) c = ' ';
  return text;
}

std::string static_arena(const std::string& macro) {
  return format(
      "#if defined(__GNUC__)\n#define {0}_ALIGNED __attribute__((aligned({0}_ARENA_ALIGNMENT)))\n#else\n"
      "#define {0}_ALIGNED\n#endif\n\nstatic uint8_t arena[{0}_ARENA_BYTES] {0}_ALIGNED;\n\n",
      macro);
}

}  // namespace thimble::micro
