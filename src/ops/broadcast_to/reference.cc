#include "ops/broadcast_to/broadcast_to.h"
#include "ops/number_types.h"

namespace thimble::reference {

void broadcast_to(const RefCall& call) {
  const auto& p = call.plan<thimble_broadcast_to>();
  const Broadcast plan(p.broadcast);
  with_width(p.width, [&]<class T>(T) {
    const T* x = call.in[static_cast<size_t>(p.source)].as<T>();
    T* y = call.out[0].as<T>();
    for (int64_t o = 0; o < plan.outer; ++o) {
      const int64_t at = plan.at(o).a;
      for (int64_t i = 0; i < plan.inner; ++i) *y++ = x[at + i * plan.a_step];
    }
  });
}

}  // namespace thimble::reference
