#include "ops/arithmetic/arithmetic.h"
#include "ops/number_types.h"

namespace thimble::reference {

void arithmetic(const RefCall& call) {
  const auto& p = call.plan<thimble_arithmetic>();
  const TensorView &a = call.in[0], &b = call.in[1], &y = call.out[0];
  const Op op = call.node.op;
  with_number(a.type, [&]<class T>(T) {
    const auto all = [&](auto f) { each_pair(p.broadcast, a.as<T>(), b.as<T>(), y.as<T>(), f); };
    if constexpr (std::is_floating_point_v<T>) {
      if (op == Op::pow) return all([](T u, T v) { return static_cast<T>(std::pow(double{u}, double{v})); });
      if (op == Op::atan2) return all([](T u, T v) { return static_cast<T>(std::atan2(double{u}, double{v})); });
    }
    if constexpr (std::is_same_v<T, int32_t> || std::is_same_v<T, int64_t>)
      if (op == Op::pow) return all(power<T>);
    op == Op::floor_div ? all(floor_quotient<T>) : all(floor_remainder<T>);
  });
}

}  // namespace thimble::reference
