// The files of a package that are written around the calls: header, source, constants.
#include <algorithm>

#include "base/format.h"
#include "micro/emitter.h"
#include "micro/literals.h"
#include "micro/words.h"

namespace thimble::micro {
namespace {

// Whether the text has this identifier, comments left out.
bool has_word(const std::string& text, const std::string& name) {
  const auto word = [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  bool comment = false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 2, "/*") == 0) comment = true;
    if (text.compare(at, 2, "*/") == 0) comment = false;
    if (comment || text.compare(at, name.size(), name) != 0) continue;
    const size_t end = at + name.size();
    if ((at == 0 || !word(text[at - 1])) && (end == text.size() || !word(text[end]))) return true;
  }
  return false;
}

}  // namespace

std::string Emitter::head(const std::string& what) const {
  return format("/* {}{}\n   Made by Thimble {} from {}; do not edit. */\n", name_, what, options.version,
                options.origin);
}

// `void *arena, size_t arena_bytes, const int8_t *in, int8_t *out`
std::string Emitter::parameters(bool state) const {
  std::string text = "void *arena, size_t arena_bytes, ";
  text += plain_interface()
              ? format("const {} *in, {} *out", c_type(g_.at(g_.inputs[0]).type), c_type(g_.at(g_.outputs[0]).type))
              : std::string("const void *const *in, void *const *out");
  return text + (state ? format(", {}_state *state", name_) : "");
}

// How the head calls the rest of the network; its states begin with zeros at every call, as NAME_run's do.
HeadWords Emitter::head_words() {
  HeadWords words{.name = name_, .macro = macro_};
  words.parameters = format("void *arena, size_t arena_bytes, const {} *in", c_type(g_.at(g_.inputs[0]).type));
  words.features = address(head_->features);
  const bool direct = words.features == "in";  // of a network of one layer
  words.compute = format(
      "  uint8_t *const a = (uint8_t *)arena;\n"
      "  if (arena_bytes < {0}_ARENA_BYTES) return {0}_ARENA_TOO_SMALL;\n"
      "  if ((uintptr_t)arena % {0}_ARENA_ALIGNMENT != 0) return {0}_ARENA_MISALIGNED;\n",
      macro_);
  if (has_states()) {
    words.compute += format("  {0}_reset(({0}_state *)(void *)(a + {1}));\n", name_, memory_.bytes);
    words.compute += format("  {0}_features(a, in, ({0}_state *)(void *)(a + {1}));\n", name_, memory_.bytes);
  } else {
    words.compute += direct ? "  (void)a;\n" : format("  {}_features(a, in);\n", name_);
  }
  return words;
}

std::string Emitter::header() {
  const bool plain = plain_interface();
  std::string text = head(": a neural network as C99");
  text += format("#ifndef {0}_H\n#define {0}_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n", macro_);
  if (has_run_float()) text += "#include \"thimble_c99_real.h\"\n\n";
  text += "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  const auto tensor = [&](const std::string& what, TensorId t) {
    const Tensor& x = g_.at(t);
    const std::string prefix = format("{}_{}", macro_, what);
    const bool scaled = x.quant.scale.size() == 1 && is_quantized_type(x.type);
    text += format("/* {}{} */\n", spec(x),
                   scaled ? format("; the real value of v is {0}_SCALE * (v - {0}_ZERO_POINT)", prefix) : "");
    text += format("#define {}_SIZE {} /* elements */\n", prefix, x.shape.elements());
    text += format("#define {}_OFFSET {} /* bytes, in the arena */\n", prefix,
                   std::max<int64_t>(memory_.offset[static_cast<size_t>(t)], 0));
    if (scaled) {
      text += format("#define {}_SCALE {}\n", prefix, literal(x.quant.scale[0]));
      text += format("#define {}_ZERO_POINT ({})\n", prefix, x.quant.zero_point[0]);
    }
    text += "\n";
  };
  for (size_t i = 0; i < g_.inputs.size(); ++i) tensor(numbered("INPUT", i, g_.inputs.size()), g_.inputs[i]);
  for (size_t i = 0; i < g_.outputs.size(); ++i) tensor(numbered("OUTPUT", i, g_.outputs.size()), g_.outputs[i]);
  text += format(
      "/* Working memory in bytes, inputs and outputs included, and what its address must be a multiple of. */\n"
      "#define {0}_ARENA_BYTES {1}\n#if defined(__AVR__)\n#define {0}_ARENA_ALIGNMENT 1\n#else\n"
      "#define {0}_ARENA_ALIGNMENT {2}\n#endif\n\n",
      macro_, arena_bytes(), options.alignment);
  if (has_states())
    text +=
        format("/* Enough for {}_run{}_state, whose state lies elsewhere. */\n#define {}_RUN_STATE_ARENA_BYTES {}\n\n",
               name_, plain ? "" : "_io", macro_, memory_.bytes);
  text += format(
      "/* What the functions return. */\nenum {{\n  {0}_OK = 0,\n"
      "  {0}_ARENA_TOO_SMALL = -1, /* fewer bytes than {0}_ARENA_BYTES */\n"
      "  {0}_ARENA_MISALIGNED = -2 /* its address is no multiple of {0}_ARENA_ALIGNMENT */\n}};\n\n",
      macro_);
  if (has_states()) {
    text += "/* What the network remembers between calls. */\n";
    text += format("typedef struct {}_state {{\n", name_);
    for (size_t t = 0; t < g_.tensors.size(); ++t)
      if (g_.tensors[t].variable)
        text += format("  {} s{}[{}]; /* \"{}\" */\n", c_type(g_.tensors[t].type), t, g_.tensors[t].shape.elements(),
                       short_name(g_.tensors[t].name));
    text += format("}} {}_state;\n\n", name_);
    text += format("/* The start of a sequence: real zeros. */\nvoid {0}_reset({0}_state *state);\n\n", name_);
  }
  if (plain) {
    text += format(
        "/* Computes `out` from `in`. Both may lie anywhere, also in the arena at {0}_INPUT_OFFSET and\n"
        "   {0}_OUTPUT_OFFSET, where nothing is copied. The input is not kept. Returns {0}_OK, or why it did\n"
        "   nothing.{2} */\nint {1}_run({3});\n",
        macro_, name_, has_states() ? " Every call begins with zero states." : "", parameters(false));
  } else {
    text += format(
        "/* Computes every out[i] from all in[i], in the order and of the sizes above. Returns {0}_OK, or why it did\n"
        "   nothing.{2} */\nint {1}_run_io({3});\n",
        macro_, name_, has_states() ? " Every call begins with zero states." : "", parameters(false));
  }
  if (has_states())
    text += format("\n/* The same, going on from `state`, which it changes. */\nint {}_run{}_state({});\n", name_,
                   plain ? "" : "_io", parameters(true));
  if (has_self_test())
    text += format(
        "\n/* Runs the examples that were written with the network: 0 where they give the host's answers, else the "
        "number\n"
        "   of the first that does not, from 1; -1 where the network refused to run. */\n"
        "int {0}_self_test_in(void *arena, size_t arena_bytes);\n\n"
        "/* The same in an arena of its own. */\nint {0}_self_test(void);\n",
        name_);
  text += conveniences();
  if (hears()) text += hear_interface();
  if (head_) text += "\n" + head_interface(*head_, head_words());
  return text + "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
}

std::string Emitter::source() {
  const bool plain = plain_interface(), states = has_states();
  std::string text = head(": the network, one call per operator");
  text +=
      "#if defined(__AVR__) && defined(__GNUC__) && !defined(__clang__)\n"
      "#pragma GCC optimize(\"O2\") /* plans become constants in the code: less RAM and time than at -Os */\n"
      "#endif\n\n";
  text += format("#include \"{}.h\"\n\n#include <string.h>\n\n", name_);
  if (hears()) headers_.insert({"base/c99_micro_speech.h", "base/c99_real.h"});
  for (const std::string& header : headers_) text += format("#include \"{}\"\n", shipped_name(header));
  text += format("#include \"{}_weights.h\"\n\n", name_);
  text += format(
      "/* Called behind each operator: for profiles. */\n#ifndef {0}_ON_LAYER\n#define {0}_ON_LAYER(i) ((void)0)\n"
      "#endif\n\n",
      macro_);
  std::string compute = format("static void {}_compute(uint8_t *a, ", name_);
  compute += plain
                 ? format("const {} *in, {} *out", c_type(g_.at(g_.inputs[0]).type), c_type(g_.at(g_.outputs[0]).type))
                 : std::string("const void *const *in, void *const *out");
  compute += states ? format(", {}_state *state) {{\n", name_) : std::string(") {\n");
  std::string copies;
  for (size_t i = 0; i < g_.outputs.size(); ++i) {
    const TensorId t = g_.outputs[i];
    const std::string to = plain ? "out" : format("out[{}]", i), from = address(t);
    copies +=
        format("  if ((const void *){0} != (const void *){1}) memcpy({0}, {1}, {2});\n", to, from, g_.at(t).bytes());
    if (g_.at(memory_.view_of[static_cast<size_t>(t)]).constant()) not_on_avr("an output is a constant");
  }
  std::string all = body_ + "  /* The answer may be wanted elsewhere. */\n" + copies;
  if (!avr_obstacle_.empty())
    text += format("#if defined(__AVR__)\n#error \"not on AVR, whose flash is read otherwise: {}\"\n#endif\n\n",
                   avr_obstacle_);
  const HeadWords head = head_ ? head_words() : HeadWords{};
  if (head_ && head.features != "in") {
    const std::string features = body_.substr(0, features_end_);
    text += format("static void {}_features(uint8_t *a, const {} *in{}) {{\n", name_, c_type(g_.at(g_.inputs[0]).type),
                   states ? format(", {}_state *state", name_) : "");
    for (const char* parameter : {"a", "in"})
      if (!has_word(features, parameter)) text += format("  (void){};\n", parameter);
    if (states && !has_word(features, "state")) text += "  (void)state;\n";
    text += features + "}\n\n";
    all = format("  {}_features(a, in{});\n", name_, states ? ", state" : "") + all.substr(features_end_);
  }
  text += compute;
  for (size_t i = 0; i < g_.inputs.size() && !plain; ++i)
    if (has_word(all, format("in{}", i)))
      text += format("  const {1} *const in{0} = (const {1} *)in[{0}];\n", i, c_type(g_.at(g_.inputs[i]).type));
  const auto unused = [&](const char* parameter) {
    if (!has_word(all, parameter)) text += format("  (void){};\n", parameter);
  };
  unused("a");
  if (plain) unused("in");
  text += all;
  text += "}\n\n";
  const auto entry = [&](bool state) {
    text += format("int {}_run{}{}({}) {{\n", name_, plain ? "" : "_io", state ? "_state" : "", parameters(state));
    text += format("  if (arena_bytes < {0}_{1}ARENA_BYTES) return {0}_ARENA_TOO_SMALL;\n", macro_,
                   state ? "RUN_STATE_" : "");
    text += format("  if ((uintptr_t)arena % {0}_ARENA_ALIGNMENT != 0) return {0}_ARENA_MISALIGNED;\n", macro_);
    if (states && !state) {
      text += format(
          "  {{\n    {0}_state *const state = ({0}_state *)(void *)((uint8_t *)arena + {1}_RUN_STATE_ARENA_BYTES);\n",
          name_, macro_);
      text += format("    {0}_reset(state);\n    {0}_compute((uint8_t *)arena, in, out, state);\n  }}\n", name_);
    } else {
      text += format("  {}_compute((uint8_t *)arena, in, out{});\n", name_, states ? ", state" : "");
    }
    text += format("  return {}_OK;\n}}\n", macro_);
  };
  if (states) {
    text += format("void {0}_reset({0}_state *state) {{\n", name_);
    for (size_t t = 0; t < g_.tensors.size(); ++t)
      if (const Tensor& s = g_.tensors[t]; s.variable)
        text += format("  memset(state->s{0}, {1}, sizeof state->s{0});\n", t,
                       s.type == DType::i8 && !s.quant.empty() ? s.quant.zero_point[0] : 0);
    text += "}\n\n";
  }
  entry(false);
  if (states) {
    text += "\n";
    entry(true);
  }
  if (hears()) text += "\n" + hear_functions();
  if (head_) {
    const Node& layer = g_.nodes[static_cast<size_t>(head_->node)];
    const TensorId bias = layer.inputs.size() > 2 ? layer.inputs[2] : kNoTensor;
    text += head_->integers ? head_source(checked, *head_, head, "", "")
                            : head_source(checked, *head_, head, address(layer.inputs[1]), address(bias));
  }
  return text;
}

std::string Emitter::weights() const {
  std::string text = head(": weights, and the plan of each operator");
  text += format("#ifndef {0}_WEIGHTS_H\n#define {0}_WEIGHTS_H\n", macro_);
  const std::string constants = weights_ + plans_;
  if (has_word(constants, "INFINITY") || has_word(constants, "NAN")) text += "\n#include <math.h>\n";
  text += "\n#include \"thimble_c99.h\"\n" + constants;
  return text + "\n#endif\n";
}

}  // namespace thimble::micro
