// What stands in front of NAME_run for callers' ease: real values, the class, a C++ class. The functions are inline:
// who does not call them has neither their code nor, without a floating-point unit, a float library.
#include <algorithm>

#include "base/format.h"
#include "micro/emitter.h"
#include "micro/literals.h"
#include "micro/words.h"

namespace thimble::micro {
namespace {

// Floats, or bytes of one scale.
bool is_real(const Tensor& t) {
  const bool bytes = t.type == DType::i8 || t.type == DType::u8;
  return t.type == DType::f32 || (bytes && t.quant.scale.size() == 1);
}

const char* bytes_word(const Tensor& t) { return t.type == DType::i8 ? "s8" : "u8"; }

}  // namespace

bool Emitter::has_run_float() const {
  const auto real = [&](TensorId t) { return is_real(g_.at(t)); };
  return std::ranges::all_of(g_.inputs, real) && std::ranges::all_of(g_.outputs, real);
}

bool Emitter::has_predict_class() const { return plain_interface() && g_.at(g_.outputs[0]).shape.elements() > 1; }

std::string Emitter::port(const char* what, size_t i) const {
  return format("{}_{}", macro_, numbered(what, i, what[0] == 'I' ? g_.inputs.size() : g_.outputs.size()));
}

// `(int8_t *)(a + KWS_INPUT_OFFSET)`
std::string Emitter::place_of(const char* what, size_t i) const {
  return format("({} *)(a + {}_OFFSET)", c_type(g_.at(what[0] == 'I' ? g_.inputs[i] : g_.outputs[i]).type),
                port(what, i));
}

std::string Emitter::run_float(bool state) const {
  const bool plain = plain_interface();
  const std::string run = format("{}_run{}", name_, plain ? "" : "_io"), ending = state ? "_state" : "";
  std::vector<std::string> parameters = {"void *arena", "size_t arena_bytes"};
  if (plain)
    parameters.insert(parameters.end(), {"const float *in", "float *out"});
  else
    parameters.insert(parameters.end(), {"const float *const *in", "float *const *out"});
  if (state) parameters.push_back(name_ + "_state *state");
  std::string text = wrapped(format("static inline int {}_float{}(", run, ending), parameters, ") {\n");
  std::string fill, read;
  std::vector<std::string> given[2];  // what NAME_run gets: inputs, outputs
  for (const char* what : {"INPUT", "OUTPUT"}) {
    const bool input = what[0] == 'I';
    const std::vector<TensorId>& tensors = input ? g_.inputs : g_.outputs;
    for (size_t i = 0; i < tensors.size(); ++i) {
      const Tensor& t = g_.at(tensors[i]);
      const std::string caller = std::string(input ? "in" : "out") + (plain ? "" : format("[{}]", i));
      const std::string place = place_of(what, i), macro = port(what, i);
      given[input ? 0 : 1].push_back(t.type == DType::f32 ? caller : place);
      if (t.type == DType::f32) continue;
      const std::string size = macro + "_SIZE", scale = macro + "_SCALE", zero = macro + "_ZERO_POINT";
      if (input)
        fill += wrapped(format("  thimble_{}_of_reals(", bytes_word(t)), {caller, size, scale, zero, place}, ");\n");
      else
        read += wrapped(format("  thimble_reals_of_{}(", bytes_word(t)), {place, size, scale, zero, caller}, ");\n");
    }
  }
  const bool bytes = !fill.empty() || !read.empty();
  if (!bytes && plain)
    return text + format("  return {}{}(arena, arena_bytes, in, out{});\n}}\n", run, ending, state ? ", state" : "");
  if (bytes) text += "  uint8_t *const a = (uint8_t *)arena;\n";
  if (!plain)
    text += wrapped("  const void *const given[] = {", given[0], "};\n") +
            wrapped("  void *const answers[] = {", given[1], "};\n");
  text += "  int status;\n";
  text += format("  if (arena_bytes < {0}_{1}ARENA_BYTES) return {0}_ARENA_TOO_SMALL;\n", macro_,
                 state ? "RUN_STATE_" : "");
  text += fill;
  std::vector<std::string> arguments = {"arena", "arena_bytes", plain ? given[0][0] : "given",
                                        plain ? given[1][0] : "answers"};
  if (state) arguments.emplace_back("state");
  text += wrapped(format("  status = {}{}(", run, ending), arguments, ");\n");
  if (!read.empty()) text += format("  if (status != {}_OK) return status;\n", macro_) + read;
  return text + "  return status;\n}\n";
}

std::string Emitter::predict_class() const {
  return format(
      "static inline int32_t {0}_predict_class(void *arena, size_t arena_bytes, const {2} *in) {{\n"
      "  {3} *const out = ({3} *)(void *)((uint8_t *)arena + {1}_OUTPUT_OFFSET);\n"
      "  int32_t i, best = 0;\n"
      "  const int status = {0}_run(arena, arena_bytes, in, out);\n"
      "  if (status != {1}_OK) return status;\n"
      "  for (i = 1; i < {1}_OUTPUT_SIZE; ++i)\n    if (out[i] > out[best]) best = i;\n"
      "  return best;\n}}\n",
      name_, macro_, c_type(g_.at(g_.inputs[0]).type), c_type(g_.at(g_.outputs[0]).type));
}

std::string Emitter::prepare() const {
  const Preparation& p = *options.preparation;
  std::string text =
      "\n/* The real value of element i of the input, of a sample's element i as the network was trained on it:\n  ";
  size_t line = 2;
  for (size_t at = 0; at < p.samples.size();) {  // word by word
    const size_t end = std::min(p.samples.find(' ', at), p.samples.size());
    if (line > 3 && line + 1 + (end - at) > 110) text += "\n  ", line = 2;
    text += " " + p.samples.substr(at, end - at);
    line += 1 + (end - at);
    at = end + 1;
  }
  text += format(". */\nstatic inline float {}_prepare(size_t i, float stored) {{\n", name_);
  if (p.mean.size() > 1) {
    const auto list = [&](const char* name, const std::vector<float>& values) {
      std::vector<std::string> items;
      for (const float v : values) items.push_back(literal(v));
      text += wrapped(format("  static const float {}[{}] = {{", name, values.size()), items, "};\n");
    };
    list("mean", p.mean);
    list("deviation", p.deviation);
    return text + format("  return (stored - mean[i % {0}]) / deviation[i % {0}];\n}}\n", p.mean.size());
  }
  text += "  (void)i;\n";
  const std::string less = p.mean[0] == 0 ? "stored" : format("(stored - {})", literal(p.mean[0]));
  return text + (p.deviation[0] == 1 ? format("  return {};\n}}\n", less)
                                     : format("  return {} / {};\n}}\n", less, literal(p.deviation[0])));
}

std::string Emitter::conveniences() const {
  std::string text;
  if (has_prepare()) text += prepare();
  if (has_run_float()) {
    const auto real = [&](TensorId t) { return g_.at(t).type == DType::f32; };
    const bool all = std::ranges::all_of(g_.inputs, real) && std::ranges::all_of(g_.outputs, real);
    text += format("\n/* {}_run{} with real values{}. */\n", name_, plain_interface() ? "" : "_io",
                   all ? ", which it takes anyway: for programs that also call networks of integers"
                       : ": inputs are quantised (round(r / scale) + zero point, within the type), outputs\n"
                         "   dequantised. Neither may lie in the arena");
    text += run_float(false);
    if (has_states()) text += "\n/* The same, going on from `state`. */\n" + run_float(true);
  }
  if (has_predict_class())
    text +=
        "\n/* Which of the outputs is the largest for `in`, the first of equal ones; below zero: why it did nothing. "
        "*/\n" +
        predict_class();
  return text;
}

std::string Emitter::wrapper() const {
  const bool plain = plain_interface();
  std::string text = head(": the network as a C++ class");
  text += format("#ifndef {0}_HPP\n#define {0}_HPP\n\n#include \"{1}.h\"\n\n", macro_, name_);
  text += format(
      "// The network and its {0}_ARENA_BYTES of working memory; nothing is allocated. Fill the input, call run(), "
      "read\n"
      "// the output. A run uses the input's place for other values: fill it before each.\nclass {1}_network {{\n "
      "public:\n",
      macro_, name_);
  std::string arguments[2];
  for (const char* what : {"INPUT", "OUTPUT"}) {
    const bool input = what[0] == 'I';
    const std::vector<TensorId>& tensors = input ? g_.inputs : g_.outputs;
    for (size_t i = 0; i < tensors.size(); ++i) {
      const std::string word = std::string(input ? "input" : "output") + (tensors.size() == 1 ? "" : format("_{}", i));
      text += format("  // {2}_SIZE values\n  {0} *{1}() {{ return reinterpret_cast<{0} *>(arena_ + {2}_OFFSET); }}\n",
                     c_type(g_.at(tensors[i]).type), word, port(what, i));
      arguments[input ? 0 : 1] += (i ? ", " : "") + word + "()";
    }
  }
  const auto run = [&](const char* method, const std::string& comment, const char* ending, const char* more) {
    text += format("\n  // {}\n  int {}() {{\n", comment, method);
    if (plain) {
      text += format("    return {}_run{}(arena_, sizeof arena_, {}, {}{});\n", name_, ending, arguments[0],
                     arguments[1], more);
    } else {
      text += format(
          "    const void *const in[] = {{{}}};\n    void *const out[] = {{{}}};\n"
          "    return {}_run_io{}(arena_, sizeof arena_, in, out{});\n",
          arguments[0], arguments[1], name_, ending, more);
    }
    text += "  }\n";
  };
  run("run", format("{}_OK, or why it did nothing.{}", macro_, has_states() ? " Begins with zero states." : ""), "",
      "");
  if (has_states()) {
    run("step", "The same, going on from where the last step ended.", "_state", ", &state_");
    text += format(
        "  // The start of a sequence, to be called before the first step.\n  void reset() {{ {}_reset(&state_); }}\n",
        name_);
  }
  if (has_run_float() && plain) {
    const Tensor &x = g_.at(g_.inputs[0]), &y = g_.at(g_.outputs[0]);
    text += "\n  // Element i of the input, and of the output, as real values.\n";
    text += x.type == DType::f32
                ? "  void set(size_t i, float value) { input()[i] = value; }\n"
                : format(
                      "  void set(size_t i, float value) {{\n    input()[i] = ({0})thimble_quantized(value, "
                      "{1}_INPUT_SCALE, {1}_INPUT_ZERO_POINT, {2});\n  }}\n",
                      c_type(x.type), macro_, x.type == DType::i8 ? "-128, 127" : "0, 255");
    text += y.type == DType::f32 ? "  float get(size_t i) { return output()[i]; }\n"
                                 : format(
                                       "  float get(size_t i) {{ return {0}_OUTPUT_SCALE * (float)(output()[i] - "
                                       "{0}_OUTPUT_ZERO_POINT); }}\n",
                                       macro_);
    text += format(
        "\n  // Real values in and out.\n  int run_float(const float *in, float *out) {{\n"
        "    return {}_run_float(arena_, sizeof arena_, in, out);\n  }}\n",
        name_);
  }
  if (has_predict_class())
    text += format(
        "\n  // The largest output for the values of input(); below zero: why it did nothing.\n  int32_t "
        "predict_class() {{ "
        "return {}_predict_class(arena_, sizeof arena_, input()); }}\n",
        name_);
  text += format("\n private:\n  alignas({0}_ARENA_ALIGNMENT) uint8_t arena_[{0}_ARENA_BYTES];\n", macro_);
  if (has_states()) text += format("  {}_state state_;\n", name_);
  return text + "};\n\n#endif\n";
}

}  // namespace thimble::micro
