#include "base/half.h"
#include "ops/compare/compare.h"
#include "ops/number_types.h"

namespace thimble::reference {

void compare(const RefCall& call) {
  const auto& p = call.plan<thimble_compare>();
  const TensorView &a = call.in[0], &b = call.in[1];
  uint8_t* y = call.out[0].as<uint8_t>();
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
      if (p.scaled) return decide(compared_a(p, static_cast<int32_t>(u)), compared_b(p, static_cast<int32_t>(v)));
      if (a.type == DType::boolean) return decide(u != 0, v != 0);
      return decide(u, v);
    });
  });
}

}  // namespace thimble::reference
