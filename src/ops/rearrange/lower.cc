#include <algorithm>
#include <cstring>

#include "ops/rearrange/rearrange.h"
#include "runtime/lower_copy.h"

namespace thimble::lowering {
namespace {

struct Params {
  thimble_rearrange plan;
  thimble_dim outer;  // positions of all dimensions but the last
  const uint8_t* x;
  uint8_t* y;
};

// The place of the runs whose position along the last dimension is 0.
thimble_dim place_of(const thimble_rearrange& p, thimble_dim position) {
  thimble_dim place = p.base, table = 0;
  for (thimble_dim d = 0; d + 1 < p.rank; ++d) table += p.dims[d];
  for (thimble_dim d = p.rank - 2; d >= 0; --d) {
    table -= p.dims[d];
    place += p.places[table + position % p.dims[d]];
    position /= p.dims[d];
  }
  return place;
}

// Runs of a size that is known when compiled are copied by one move.
template <class Copy>
void rows(const Params& p, int part, int parts, Copy copy) {
  const thimble_rearrange& r = p.plan;
  const thimble_dim inner = r.rank > 0 ? r.dims[r.rank - 1] : 1;
  const thimble_dim none = 0;
  const thimble_dim* last = &none;
  if (r.rank > 0) {
    last = r.places;
    for (thimble_dim d = 0; d + 1 < r.rank; ++d) last += r.dims[d];
  }
  const Range range = part_range(p.outer, part, parts);
  for (int64_t o = range.begin; o < range.end; ++o) {
    const thimble_dim place = place_of(r, o), walked = o * inner * r.run;
    if (r.scatters)
      for (thimble_dim i = 0; i < inner; ++i) copy(p.y + place + last[i], p.x + walked + i * r.run);
    else
      for (thimble_dim i = 0; i < inner; ++i) copy(p.y + walked + i * r.run, p.x + place + last[i]);
  }
}

template <size_t kBytes>
void fixed(const Params& p, int part, int parts) {
  rows(p, part, parts, [](uint8_t* y, const uint8_t* x) { std::memcpy(y, x, kBytes); });
}

void run_rearrange(const Params& p, int part, int parts) {
  switch (p.plan.run) {
    case 1: return fixed<1>(p, part, parts);
    case 2: return fixed<2>(p, part, parts);
    case 3: return fixed<3>(p, part, parts);
    case 4: return fixed<4>(p, part, parts);
    case 8: return fixed<8>(p, part, parts);
    case 12: return fixed<12>(p, part, parts);
    case 16: return fixed<16>(p, part, parts);
    default:
      return rows(p, part, parts,
                  [n = static_cast<size_t>(p.plan.run)](uint8_t* y, const uint8_t* x) { std::memcpy(y, x, n); });
  }
}

}  // namespace

// A fill where not all of y comes from x, then the copy, whose outer dimensions are split over threads.
Result<bool> rearrange(LowerContext& ctx) {
  const auto& plan = ctx.plan<thimble_rearrange>();
  if (ctx.out().shape.elements() == 0) return false;
  if (plan.scatters) {
    uint8_t* value = ctx.constant<uint8_t>(8);
    std::copy(std::begin(plan.value), std::end(plan.value), value);
    lower_fill(ctx, value, kNoTensor, ctx.node.outputs[0]);
    if (plan.run == 0) return true;
  }
  thimble_dim outer = 1, places = 0;
  for (thimble_dim d = 0; d < plan.rank; ++d) {
    places += plan.dims[d];
    if (d + 1 < plan.rank) outer *= plan.dims[d];
  }
  const double bytes = static_cast<double>(plan.elements * plan.width);
  const double runs = bytes / static_cast<double>(plan.run);
  const double nanoseconds = runs * 1.5 + bytes * 0.05;
  auto* table = ctx.constant<thimble_dim>(places);
  std::copy_n(plan.places, places, table);
  auto* p = ctx.step<run_rearrange>(outer > 1 ? ctx.parts_for(nanoseconds) : 1);
  p->plan = plan;
  p->plan.places = table;
  p->outer = outer;
  ctx.bind_in(&p->x, 0);
  ctx.bind_out(&p->y);
  return true;
}

}  // namespace thimble::lowering
