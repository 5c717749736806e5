#include <algorithm>
#include <cstring>

#include "ops/gather/gather.h"

namespace thimble::reference {
namespace {

// visit(index of the entry in x, in y): both in units of `inner` elements; false where an index is outside.
template <class Visit>
void for_each_entry(const GatherPlan& p, const TensorView& indices, RunFault* fault, Visit visit) {
  for (int64_t b = 0; b < p.batches; ++b)
    for (int64_t o = 0; o < p.outer; ++o)
      for (int64_t k = 0; k < p.count; ++k) {
        const int64_t at = gather_index(indices.type, indices.data, b * p.count + k);
        if (at < 0 || at >= p.length) {
          if (fault) fault->index(at, p.length);
          continue;
        }
        const int64_t row = b * p.outer + o;
        visit(row * p.length + at, row * p.count + k);
      }
}

}  // namespace

void gather(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<GatherAttrs>();
  const auto plan = plan_gather(attrs.axis, attrs.batch_dims, call.in[0].shape, call.in[1].shape);
  if (!plan) return;
  const auto bytes = static_cast<size_t>(plan->inner * bits(call.in[0].type) / 8);
  const auto* x = call.in[0].as<uint8_t>();
  auto* y = call.out[0].as<uint8_t>();
  for_each_entry(*plan, call.in[1], call.fault, [&](int64_t from, int64_t to) {
    std::memcpy(y + static_cast<size_t>(to) * bytes, x + static_cast<size_t>(from) * bytes, bytes);
  });
}

void gather_grad(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<GatherGradAttrs>();
  const auto plan = plan_gather(attrs.axis, attrs.batch_dims, call.out[0].shape, call.in[1].shape);
  if (!plan) return;
  const float* dy = call.in[0].as<float>();
  float* dx = call.out[0].as<float>();
  std::fill_n(dx, call.out[0].shape.elements(), 0.0f);
  for_each_entry(*plan, call.in[1], call.fault, [&](int64_t to, int64_t from) {
    for (int64_t i = 0; i < plan->inner; ++i) dx[to * plan->inner + i] += dy[from * plan->inner + i];
  });
}

}  // namespace thimble::reference
