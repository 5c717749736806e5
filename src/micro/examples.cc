// NAME_self_test.c: examples, and the host's answers to them. (A file called *_test.cc would be a unit test.)
#include <algorithm>

#include "base/format.h"
#include "micro/emitter.h"
#include "micro/literals.h"
#include "micro/words.h"

namespace thimble::micro {

// Inputs are laid where they belong in the arena, so that the test needs no memory beside one. A program that calls
// none of the two functions pays for neither (sections, or a library).
std::string Emitter::self_test() const {
  const bool plain = plain_interface();
  std::string text = head(": examples and their answers");
  text += format("#include \"{}.h\"\n\n#include <string.h>\n\n#include \"thimble_c99.h\"\n\n", name_);
  text +=
      format("#define EXAMPLES {}\n\n/* Bytes of all examples, one behind the other. */\n", options.examples.size());
  const auto examples = [&](const char* symbol, const std::vector<TensorId>& tensors,
                            const std::vector<std::vector<uint8_t>>& values) {
    auto at = ptrdiff_t{0};
    for (size_t i = 0; i < tensors.size(); ++i) {
      const auto bytes = static_cast<ptrdiff_t>(g_.at(tensors[i]).bytes());
      std::vector<uint8_t> all;
      for (const std::vector<uint8_t>& one : values) all.insert(all.end(), one.begin() + at, one.begin() + at + bytes);
      text += array("uint8_t", format("{}_{}", symbol, i), all.data(), static_cast<int64_t>(all.size()));
      at += bytes;
    }
  };
  examples("input", g_.inputs, options.examples);
  examples("answer", g_.outputs, options.answers);
  text += "\nstatic void fetch(void *to, const uint8_t *from, size_t bytes) {\n  size_t i;\n";
  text += "  for (i = 0; i < bytes; ++i) ((int8_t *)to)[i] = thimble_read_s8((const int8_t *)from + i);\n}\n\n";
  const auto floats = [&](TensorId t) { return g_.at(t).type == DType::f32; };
  if (!std::ranges::all_of(g_.outputs, floats))
    text +=
        "static int differs(const void *got, const uint8_t *wanted, size_t bytes) {\n  size_t i;\n"
        "  for (i = 0; i < bytes; ++i)\n"
        "    if (((const int8_t *)got)[i] != thimble_read_s8((const int8_t *)wanted + i)) return 1;\n"
        "  return 0;\n}\n\n";
  if (std::ranges::any_of(g_.outputs, floats))
    text +=
        "/* Within 1e-4 of the larger of 1 and the answer. */\n"
        "static int differs_f32(const void *got, const uint8_t *wanted, size_t bytes) {\n  size_t i;\n"
        "  for (i = 0; i < bytes / sizeof(float); ++i) {\n    float answer, value, error, limit = 1e-4f;\n"
        "    fetch(&answer, wanted + i * sizeof answer, sizeof answer);\n"
        "    memcpy(&value, (const float *)got + i, sizeof value);\n"
        "    if (value == answer || (value != value && answer != answer)) continue; /* infinite, no number */\n"
        "    error = value - answer;\n"
        "    if (answer > 1) limit *= answer;\n    if (answer < -1) limit *= -answer;\n"
        "    if (!(error <= limit && error >= -limit)) return 1;\n  }\n  return 0;\n}\n\n";
  const auto in_arena = [&](const char* what, size_t i) { return format("a + {}_OFFSET", port(what, i)); };
  text += format("int {}_self_test_in(void *arena, size_t arena_bytes) {{\n", name_);
  text += "  uint8_t *const a = (uint8_t *)arena;\n";
  std::vector<std::string> in, out;
  for (size_t i = 0; i < g_.inputs.size(); ++i) in.push_back(in_arena("INPUT", i));
  for (size_t i = 0; i < g_.outputs.size(); ++i) out.push_back(in_arena("OUTPUT", i));
  if (!plain)
    text += wrapped("  const void *const in[] = {", in, "};\n") + wrapped("  void *const out[] = {", out, "};\n");
  text += format("  size_t e;\n  if (arena_bytes < {}_ARENA_BYTES) return -1;\n", macro_);
  text += "  for (e = 0; e < EXAMPLES; ++e) {\n";
  for (size_t i = 0; i < in.size(); ++i) {
    const int64_t bytes = g_.at(g_.inputs[i]).bytes();
    text += format("    fetch({}, input_{} + e * {}, {});\n", in[i], i, bytes, bytes);
  }
  const auto typed = [&](TensorId t, const std::string& place) {
    return format("({} *)(void *)({})", c_type(g_.at(t).type), place);
  };
  text += plain ? wrapped(format("    if ({}_run(", name_),
                          {"arena", "arena_bytes", typed(g_.inputs[0], in[0]), typed(g_.outputs[0], out[0])}, "")
                : format("    if ({}_run_io(arena, arena_bytes, in, out", name_);
  text += format(") != {}_OK) return -1;\n", macro_);
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t bytes = g_.at(g_.outputs[i]).bytes();
    text += format("    if ({}({}, answer_{} + e * {}, {})) return (int)e + 1;\n",
                   floats(g_.outputs[i]) ? "differs_f32" : "differs", out[i], i, bytes, bytes);
  }
  text += "  }\n  return 0;\n}\n\n" + static_arena(macro_);
  return text + format("int {0}_self_test(void) {{ return {0}_self_test_in(arena, sizeof arena); }}\n", name_);
}

}  // namespace thimble::micro
