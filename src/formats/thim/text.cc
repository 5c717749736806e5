#include "formats/thim/text.h"

#include <string_view>

namespace thimble::thim {
namespace {

// Part of the format: another text makes another model.
constexpr std::string_view kPrimer =
    R"({"scale":"-1..1","mean":127.5,"deviation":127.5,"layout":"NHWC"})"
    R"({"scale":"standard","mean":0,"deviation":1,"layout":"NHWC","labels":["zero","one","two","three"]})"
    R"({"scale":"0..1","mean":0,"deviation":255,"layout":"NHWC","labels":["T-shirt/top","Trouser","Pullover",)"
    R"("Dress","Coat","Sandal","Shirt","Sneaker","Bag","Ankle boot"]})"
    R"({"scale":"0..1","mean":0,"deviation":255,"layout":"NHWC","labels":["0","1","2","3","4","5","6","7","8","9"]})"
    R"({"scale":"0..1","mean":0,"deviation":255,"layout":"NHWC"})";
constexpr int kReadings = 4;

}  // namespace

TextModel::TextModel() : counters_(kOrders * kSlots), mixer_(kOrders, 1) {
  BitCoder measure = BitCoder::measurer();
  for (int i = 0; i < kReadings; ++i) {
    before_ = 0;
    for (const char c : kPrimer) code_byte(measure, static_cast<uint8_t>(c));
  }
  before_ = 0;
}

uint8_t TextModel::code_byte(BitCoder& coder, uint8_t byte) {
  constexpr std::array<int, kOrders> orders = {1, 2, 3, 4, 6};
  std::array<uint64_t, kOrders> hash{};
  for (size_t o = 0; o < kOrders; ++o) {
    const uint64_t context = before_ & ((uint64_t{1} << (8 * orders[o])) - 1);
    hash[o] = (context + 1) * 0x9e3779b97f4a7c15ull + static_cast<uint64_t>(orders[o]) * 0xd6e8feb86659fd93ull;
  }
  uint32_t node = 1;
  for (int i = 7; i >= 0; --i) {
    std::array<Counter*, kOrders> counters{};
    std::array<int, kOrders> inputs{};
    for (size_t o = 0; o < kOrders; ++o) {
      const uint64_t h = (hash[o] + node) * 0x9e3779b97f4a7c15ull;
      counters[o] = &counters_[o * kSlots + (h >> 50)];
      inputs[o] = stretch(counters[o]->p1());
    }
    const bool bit = coder.bit((byte >> i) & 1, mixer_.mix(inputs, 0));
    mixer_.update(bit);
    for (Counter* counter : counters) counter->update(bit, 127);
    node = 2 * node + (bit ? 1u : 0u);
  }
  before_ = (before_ << 8) | (node & 255u);
  return static_cast<uint8_t>(node);
}

void TextModel::code(BitCoder& coder, std::string& text) {
  const uint64_t length = length_.code_unsigned(coder, text.size());
  if (length > (1u << 20)) return coder.fail();
  if (coder.reading()) text.clear();
  before_ = 0;
  for (uint64_t i = 0; i < length && !coder.failed(); ++i) {
    const uint8_t byte = code_byte(coder, coder.reading() ? 0 : static_cast<uint8_t>(text[i]));
    if (coder.reading()) text.push_back(static_cast<char>(byte));
  }
}

}  // namespace thimble::thim
