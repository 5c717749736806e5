#include "ops/concatenation/concatenation.h"
#include "ops/op.h"

namespace thimble::reference {
namespace {

// uint8 (legacy) of another scale, in its place in y already.
void rescale(const thimble_parts& p, int64_t part, const Quantization& x, const Quantization& y, uint8_t* whole) {
  for (int64_t r = 0; r < p.rows; ++r) {
    uint8_t* piece = whole + r * p.row + thimble_part_begin(&p, part);
    for (int64_t i = 0; i < thimble_part_run(&p, part); ++i) piece[i] = rescaled(piece[i], x, y);
  }
}

}  // namespace

void concatenation(const RefCall& call) {
  const auto& p = call.plan<thimble_concatenation>();
  const TensorView& y = call.out[0];
  for (size_t i = 0; i < call.in.size(); ++i) {
    const TensorView& x = call.in[i];
    const auto part = static_cast<thimble_dim>(i);
    thimble_concatenation_input(&p, part, x.data, y.data, 0);
    if (needs_rescaling(x.type, *x.quant, *y.quant)) rescale(p.inputs, part, *x.quant, *y.quant, y.as<uint8_t>());
  }
}

}  // namespace thimble::reference
