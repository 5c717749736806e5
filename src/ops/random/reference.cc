#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "ops/random/random.h"

namespace thimble::reference {
namespace {

using Block = std::array<uint32_t, 4>;

// Block number `position` of the stream.
Block philox(uint64_t seed, uint64_t seed2, uint64_t position) {
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  Block c = {static_cast<uint32_t>(position), static_cast<uint32_t>(position >> 32), static_cast<uint32_t>(seed2),
             static_cast<uint32_t>(seed2 >> 32)};
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * c[0], b = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ key0, static_cast<uint32_t>(b),
         static_cast<uint32_t>(a >> 32) ^ c[3] ^ key1, static_cast<uint32_t>(a)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return c;
}

uint64_t seed_of(int64_t seed) { return static_cast<uint64_t>(int64_t{static_cast<int32_t>(seed)}); }

float unit(uint32_t word) { return std::bit_cast<float>((127u << 23) | (word & 0x7fffffu)) - 1.0f; }

double unit(uint32_t high, uint32_t low) {
  return std::bit_cast<double>((uint64_t{1023} << 52) | (uint64_t{high & 0xfffffu} << 32) | low) - 1.0;
}

void normal(uint32_t a, uint32_t b, float* y) {
  const float u = std::max(unit(a), 1e-7f);
  const auto angle = static_cast<float>(2.0 * std::numbers::pi * static_cast<double>(unit(b)));
  const float radius = std::sqrt(-2.0f * std::log(u));
  y[0] = std::sin(angle) * radius;
  y[1] = std::cos(angle) * radius;
}

void draw(const RefCall& call, const RandomAttrs& attrs, uint64_t first) {
  const auto& p = call.plan<thimble_random>();
  float* y = call.out[0].as<float>();
  for (int64_t i = 0; i < p.count; i += 4) {
    const Block block = philox(seed_of(attrs.seed), seed_of(attrs.seed2), first + static_cast<uint64_t>(i / 4));
    float numbers[4];
    for (size_t k = 0; k < 4; ++k) numbers[k] = unit(block[k]);
    if (call.node.op == Op::random_standard_normal) {
      normal(block[0], block[1], numbers);
      normal(block[2], block[3], numbers + 2);
    }
    std::copy_n(numbers, std::min<int64_t>(4, p.count - i), y + i);
  }
}

void draw_classes(const RefCall& call, const RandomAttrs& attrs, uint64_t first) {
  const auto& p = call.plan<thimble_random>();
  auto* sums = static_cast<double*>(call.scratch);
  uint64_t taken = 0;  // pairs of words
  Block block{};
  for (int64_t b = 0; b < p.batches; ++b) {
    const float* logits = call.in[0].as<float>() + b * p.classes;
    float largest = std::numeric_limits<float>::lowest();
    for (int64_t c = 0; c < p.classes; ++c)
      if (std::isfinite(logits[c])) largest = std::max(largest, logits[c]);
    double total = 0;
    for (int64_t c = 0; c < p.classes; ++c) {
      if (std::isfinite(logits[c])) total += std::exp(static_cast<double>(logits[c]) - static_cast<double>(largest));
      sums[c] = total;
    }
    for (int64_t i = 0; i < p.count; ++i, ++taken) {
      if (taken % 2 == 0) block = philox(seed_of(attrs.seed), seed_of(attrs.seed2), first + taken / 2);
      const double wanted = unit(block[2 * (taken % 2)], block[2 * (taken % 2) + 1]) * total;
      const int64_t found = std::upper_bound(sums, sums + p.classes, wanted) - sums;
      if (call.out[0].type == DType::i32)
        call.out[0].as<int32_t>()[b * p.count + i] = static_cast<int32_t>(found);
      else
        call.out[0].as<int64_t>()[b * p.count + i] = found;
    }
  }
}

}  // namespace

void random(const RefCall& call) {
  const auto& p = call.plan<thimble_random>();
  const auto& attrs = call.node.attrs.as<RandomAttrs>();
  auto* state = call.in.back().as<int64_t>();
  const auto first = static_cast<uint64_t>(*state);
  uint64_t blocks = static_cast<uint64_t>((p.count + 3) / 4);
  if (call.node.op == Op::multinomial) {
    draw_classes(call, attrs, first);
    blocks *= 4 * 2 * 256 * static_cast<uint64_t>(p.batches);
  } else {
    draw(call, attrs, first);
  }
  *state = static_cast<int64_t>(first + blocks);
}

}  // namespace thimble::reference
