#include "ops/logic/logic.h"
#include "ops/number_types.h"

namespace thimble::reference {

void logic(const RefCall& call) {
  const auto& p = call.plan<thimble_logic>();
  const TensorView &a = call.in[0], &b = call.in.back(), &y = call.out[0];
  if (a.type == DType::boolean) {
    const auto *u = a.as<uint8_t>(), *v = b.as<uint8_t>();
    if (call.node.op == Op::logical_and) return thimble_logical_and(&p, u, v, y.as<uint8_t>());
    if (call.node.op == Op::logical_or) return thimble_logical_or(&p, u, v, y.as<uint8_t>());
    return thimble_logical_not(&p, u, y.as<uint8_t>());
  }
  with_number(a.type, [&]<class T>(T) {
    if constexpr (std::is_integral_v<T>) {
      const auto all = [&](auto f) { each_pair(p.broadcast, a.as<T>(), b.as<T>(), y.as<T>(), f); };
      if (call.node.op == Op::bitwise_xor) return all([](T u, T v) { return static_cast<T>(u ^ v); });
      return all([](T u, T v) { return shifted_right(u, v); });
    }
  });
}

}  // namespace thimble::reference
