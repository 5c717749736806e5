#include "ops/number_types.h"
#include "ops/select/select.h"

namespace thimble::reference {

void select(const RefCall& call) {
  const auto& p = call.plan<thimble_select>();
  if (call.out[0].shape.elements() == 0) return;
  const int last = p.rank - 1;
  with_width(p.width, [&]<class T>(T) {
    T* to = call.out[0].as<T>();
    for (int64_t run = 0; run < p.runs; ++run) {
      const SelectOffsets at = select_offsets(p, run);
      const uint8_t* c = call.in[0].as<uint8_t>() + at.c;
      const T *x = call.in[1].as<T>() + at.x, *y = call.in[2].as<T>() + at.y;
      for (int64_t i = 0; i < p.count[last]; ++i) *to++ = c[i * p.c[last]] ? x[i * p.x[last]] : y[i * p.y[last]];
    }
  });
}

}  // namespace thimble::reference
