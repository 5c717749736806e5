// What a network that was trained on micro_speech's rows gets beside it: the front end, from the microphone's samples
// to the network's input.
#include "base/format.h"
#include "micro/emitter.h"
#include "micro/words.h"

namespace thimble::micro {
namespace {

constexpr int64_t kChannels = 40;  // of base/c99_micro_speech.h

}  // namespace

bool Emitter::hears() const {
  if (!has_prepare() || !options.preparation->micro_speech) return false;
  const Tensor& x = g_.at(g_.inputs[0]);
  const bool integers = (x.type == DType::i8 || x.type == DType::u8) && x.quant.scale.size() == 1;
  return x.shape.elements() % kChannels == 0 && (x.type == DType::f32 || integers);
}

std::string Emitter::hear_interface() const {
  return format(
      "\n#if !defined(__AVR__) /* its tables would fill an AVR's memory */\n"
      "/* Sound in: 16,000 samples a second become rows of {2} numbers, the last {3} of which are the network's "
      "input.\n"
      "   The same numbers as thimble's own front end, which the network was trained with. */\n"
      "#define {1}_SOUND_STEP 320 /* samples of a row */\n"
      "typedef struct {0}_sound {{\n"
      "  uint32_t noise[{2}];\n  int16_t samples[480], work[512];\n  int16_t count; /* of samples */\n}} {0}_sound;\n\n"
      "/* The start of a stream: the input is silence, and nothing is known of the noise. */\n"
      "void {0}_sound_reset({0}_sound *sound, {4} *in);\n\n"
      "/* Takes the next {1}_SOUND_STEP samples: the rows of `in` move up by one, and the newest comes last. 1; 0 "
      "where\n"
      "   none came, which is at the first call alone. `in` is to be kept between calls: not the arena's own place,\n"
      "   which a run overwrites. */\n"
      "int {0}_hear({0}_sound *sound, const int16_t *samples, {4} *in);\n"
      "#endif\n",
      name_, macro_, kChannels, g_.at(g_.inputs[0]).shape.elements() / kChannels, c_type(g_.at(g_.inputs[0]).type));
}

std::string Emitter::hear_functions() const {
  const Tensor& x = g_.at(g_.inputs[0]);
  const int64_t before = x.shape.elements() - kChannels;
  const bool integers = x.type != DType::f32;
  const std::string store =
      integers ? format("thimble_{0}_of_reals(&real, 1, {1}_INPUT_SCALE, {1}_INPUT_ZERO_POINT, &in[i]);",
                        x.type == DType::i8 ? "s8" : "u8", macro_)
               : std::string("in[i] = real;");
  return format(
      "#if !defined(__AVR__)\n"
      "static void {0}_store(size_t i, int byte, {2} *in) {{\n"
      "  const float real = {0}_prepare(i, (float)byte);\n  {3}\n}}\n\n"
      "void {0}_sound_reset({0}_sound *sound, {2} *in) {{\n"
      "  size_t i;\n  memset(sound, 0, sizeof *sound);\n"
      "  for (i = 0; i < {1}_INPUT_SIZE; ++i) {0}_store(i, 0, in);\n}}\n\n"
      "int {0}_hear({0}_sound *sound, const int16_t *samples, {2} *in) {{\n"
      "  uint16_t row[{4}];\n  size_t c;\n"
      "  if (sound->count == 0) {{\n"
      "    memcpy(sound->samples, samples, 320 * sizeof *samples);\n    sound->count = 320;\n    return 0;\n  }}\n"
      "  /* 480 samples make a row; the next one begins 320 later. */\n"
      "  memcpy(sound->samples + sound->count, samples, (size_t)(480 - sound->count) * sizeof *samples);\n"
      "  thimble_micro_speech_frame(sound->noise, sound->samples, sound->work, row);\n"
      "  memcpy(sound->samples, samples, 320 * sizeof *samples);\n"
      "  memmove(in, in + {4}, {5} * sizeof *in);\n"
      "  for (c = 0; c < {4}; ++c) {0}_store({5} + c, thimble_micro_speech_byte(row[c]) + 128, in);\n"
      "  return 1;\n}}\n#endif\n\n",
      name_, macro_, c_type(x.type), store, kChannels, before);
}

}  // namespace thimble::micro
