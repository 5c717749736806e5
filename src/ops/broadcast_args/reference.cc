#include "ops/broadcast_args/broadcast_args.h"

namespace thimble::reference {
namespace {

template <class T>
void sizes(const RefCall& call) {
  T* y = call.out[0].as<T>();
  broadcast_sizes(
      call.plan<thimble_broadcast_args>(), call.in[0].as<T>(), call.in[1].as<T>(), [y](int64_t i, T v) { y[i] = v; },
      [&](T a, T b) {
        if (call.fault) call.fault->sizes(a, b);
      });
}

}  // namespace

void broadcast_args(const RefCall& call) {
  call.in[0].type == DType::i64 ? sizes<int64_t>(call) : sizes<int32_t>(call);
}

}  // namespace thimble::reference
