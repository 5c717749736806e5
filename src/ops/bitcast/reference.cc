#include <cstring>

#include "ops/bitcast/bitcast.h"

namespace thimble::reference {

void bitcast(const RefCall& call) {
  const auto bytes = static_cast<size_t>(call.plan<thimble_bitcast>().bytes);
  if (bytes > 0 && call.out[0].data != call.in[0].data) std::memcpy(call.out[0].data, call.in[0].data, bytes);
}

}  // namespace thimble::reference
