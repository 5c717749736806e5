#include "ops/logic/logic.h"
#include "ops/number_types.h"

namespace thimble::reference {

void logic(const RefCall& call) {
  const auto& p = call.plan<thimble_logic>();
  const TensorView &a = call.in[0], &b = call.in.back(), &y = call.out[0];
  with_number(a.type, [&]<class T>(T) {
    if constexpr (std::is_integral_v<T>) {
      const auto all = [&](auto f) { each_pair(p.broadcast, a.as<T>(), b.as<T>(), y.as<T>(), f); };
      switch (call.node.op) {
        case Op::logical_and: return all([](T u, T v) { return static_cast<T>(u != 0 && v != 0); });
        case Op::logical_or: return all([](T u, T v) { return static_cast<T>(u != 0 || v != 0); });
        case Op::logical_not: return all([](T u, T) { return static_cast<T>(u == 0); });
        case Op::bitwise_xor: return all([](T u, T v) { return static_cast<T>(u ^ v); });
        default: return all([](T u, T v) { return shifted_right(u, v); });
      }
    }
  });
}

}  // namespace thimble::reference
