#include <algorithm>

#include "formats/tflite/rule.h"

namespace thimble::tflite_rule {

// PRELU 54, no options.
tflite::TfliteRule prelu(Op) {
  return {{{54, 0}},
          [](tflite::ReadContext& ctx) -> Status {
            ctx.node.op = Op::prelu;
            return {};
          },
          [](tflite::WriteContext& ctx) -> Status {
            ctx.builtin = 54;
            return {};
          },
          // Differences of up to 2^8 are shifted left in 32 bits.
          [](const tflite::Scales& s) -> tflite::LeastScales {
            return {.output = s.widest() * std::max(1.0, double{s.weights} * 128) * 0x1p-14};
          }};
}

}  // namespace thimble::tflite_rule
