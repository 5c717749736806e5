#include "base/half.h"
#include "ops/compare/compare.h"
#include "ops/number_types.h"

namespace thimble::reference {
namespace {

// Those that an exported model has too.
struct Loops {
  void (*bytes)(const thimble_compare*, const int8_t*, const int8_t*, uint8_t*, int);
  void (*floats)(const thimble_compare*, const float*, const float*, uint8_t*);
};
Loops loops_of(Op op) {
  switch (op) {
    case Op::equal: return {thimble_equal_bytes, thimble_equal_f32};
    case Op::not_equal: return {thimble_not_equal_bytes, thimble_not_equal_f32};
    case Op::greater: return {thimble_greater_bytes, thimble_greater_f32};
    case Op::greater_equal: return {thimble_greater_equal_bytes, thimble_greater_equal_f32};
    case Op::less: return {thimble_less_bytes, thimble_less_f32};
    default: return {thimble_less_equal_bytes, thimble_less_equal_f32};
  }
}

}  // namespace

void compare(const RefCall& call) {
  const auto& p = call.plan<thimble_compare>();
  const TensorView &a = call.in[0], &b = call.in[1];
  uint8_t* y = call.out[0].as<uint8_t>();
  const Loops loops = loops_of(call.node.op);
  if (a.type == DType::f32) return loops.floats(&p, a.as<float>(), b.as<float>(), y);
  if (a.type == DType::i8 || a.type == DType::u8)
    return loops.bytes(&p, a.as<int8_t>(), b.as<int8_t>(), y, a.type == DType::u8 ? 0x80 : 0);
  const auto [comparison, swapped] = comparison_form(call.node.op);
  const auto decide = [c = comparison, s = swapped](auto u, auto v) {
    return static_cast<uint8_t>(s ? compares(c, v, u) : compares(c, u, v));
  };
  if (a.type == DType::f16) {
    each_pair(p.broadcast, a.as<uint16_t>(), b.as<uint16_t>(), y,
              [&](uint16_t u, uint16_t v) { return decide(half_to_float(u), half_to_float(v)); });
    return;
  }
  with_number(a.type, [&]<class T>(T) {
    each_pair(p.broadcast, a.as<T>(), b.as<T>(), y, [&](T u, T v) {
      if (p.scaled)
        return decide(thimble_compared_a(&p, static_cast<int32_t>(u)), thimble_compared_b(&p, static_cast<int32_t>(v)));
      if (a.type == DType::boolean) return decide(u != 0, v != 0);
      return decide(u, v);
    });
  });
}

}  // namespace thimble::reference
