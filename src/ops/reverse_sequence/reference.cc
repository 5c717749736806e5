#include <cstring>

#include "ops/index_list.h"
#include "ops/reverse_sequence/reverse_sequence.h"

namespace thimble::reference {

void reverse_sequence(const RefCall& call) {
  const auto& p = call.plan<thimble_reverse_sequence>();
  const auto* x = call.in[0].as<uint8_t>();
  auto* y = call.out[0].as<uint8_t>();
  if (p.bytes == 0) return;
  const int64_t steps = p.batch_first ? p.second : p.first;
  for (int64_t o = 0; o < p.outer; ++o)
    for (int64_t i = 0; i < p.first; ++i)
      for (int64_t m = 0; m < p.middle; ++m)
        for (int64_t j = 0; j < p.second; ++j, y += p.bytes) {
          const int64_t step = p.batch_first ? j : i, length = index_at(call.in[1], p.batch_first ? i : j);
          if ((length < 0 || length > steps) && call.fault) call.fault->index(length, steps + 1);
          const int64_t from = step < length && length <= steps ? length - 1 - step : step;
          const int64_t a = p.batch_first ? i : from, b = p.batch_first ? from : j;
          std::memcpy(y, x + (((o * p.first + a) * p.middle + m) * p.second + b) * p.bytes,
                      static_cast<size_t>(p.bytes));
        }
}

}  // namespace thimble::reference
