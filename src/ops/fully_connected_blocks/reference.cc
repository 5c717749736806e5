#include "base/half.h"
#include "ops/fully_connected_blocks/fully_connected_blocks.h"
#include "ops/hybrid.h"

namespace thimble::reference {

using namespace blocks_input;

void fully_connected_blocks(const RefCall& call) {
  const auto& p = call.plan<thimble_fully_connected_blocks>();
  const TensorView& scales = call.in[kScales];
  const auto scale_of = [&](int64_t i) {
    return scales.type == DType::f32 ? scales.as<float>()[i] : half_to_float(scales.as<uint16_t>()[i]);
  };
  const float* bias = call.has(kBias) ? call.in[kBias].as<float>() : nullptr;
  const float* x = call.in[kX].as<float>();
  auto* row = static_cast<int8_t*>(call.scratch);
  float* y = call.out[0].as<float>();
  const int64_t block = p.inputs / p.blocks;
  for (int64_t b = 0; b < p.batch; ++b, x += p.inputs) {
    float x_scale = 1;
    int32_t zero = 0;
    quantize_asymmetric(x, p.inputs, row, &x_scale, &zero);
    const int8_t* w = call.in[kWeights].as<int8_t>();
    for (int64_t o = 0; o < p.outputs; ++o) {
      float sum = 0;
      for (int64_t g = 0; g < p.blocks; ++g, w += block) {
        uint32_t acc = 0;  // modulo 2^32
        for (int64_t i = 0; i < block; ++i) acc += static_cast<uint32_t>((row[g * block + i] - zero) * w[i]);
        sum += static_cast<float>(static_cast<int32_t>(acc)) * scale_of(o * p.blocks + g);
      }
      const float value = sum * x_scale + (bias ? bias[o] : 0);
      *y++ = thimble_clamp_f32(value, &p.range);
    }
  }
}

}  // namespace thimble::reference
