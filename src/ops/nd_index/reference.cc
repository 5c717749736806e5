#include <algorithm>
#include <cstring>
#include <type_traits>

#include "ops/index_list.h"
#include "ops/nd_index/nd_index.h"

namespace thimble::reference {
namespace {

// visit(i, place): slice i of what is indexed, at `place`; coordinates outside set the fault.
template <class Visit>
void each_place(const RefCall& call, const TensorView& indices, Visit visit) {
  const auto& p = call.plan<thimble_nd_index>();
  for (thimble_dim i = 0; i < p.count; ++i) {
    int64_t place = 0;
    bool inside = true;
    for (thimble_dim d = 0; d < p.depth; ++d) {
      const int64_t at = index_at(indices, i * p.depth + d);
      if (at < 0 || at >= p.sizes[d]) {
        if (call.fault) call.fault->index(at, p.sizes[d]);
        inside = false;
      }
      place = inside ? place * p.sizes[d] + at : 0;
    }
    if (inside) visit(i, place);
  }
}

void gather_nd(const RefCall& call) {
  const auto& p = call.plan<thimble_nd_index>();
  if (p.bytes == 0) return;
  const auto* x = call.in[0].as<uint8_t>();
  auto* y = call.out[0].as<uint8_t>();
  if (call.in[1].type == DType::i32) {
    thimble_gather_nd_s32(&p, x, call.in[1].as<int32_t>(), y, 0, 0);
    return each_place(call, call.in[1], [](int64_t, int64_t) {});
  }
  each_place(call, call.in[1], [&](int64_t i, int64_t place) {
    std::memcpy(y + i * p.bytes, x + place * p.bytes, static_cast<size_t>(p.bytes));
  });
}

template <class T>
void scatter_nd(const RefCall& call) {
  const auto& p = call.plan<thimble_nd_index>();
  const int64_t slice = p.bytes / static_cast<int64_t>(sizeof(T));
  const T* updates = call.in[1].as<T>();
  T* y = call.out[0].as<T>();
  std::fill_n(y, call.out[0].shape.elements(), T{});
  each_place(call, call.in[0], [&](int64_t i, int64_t place) {
    const T* from = updates + i * slice;
    T* to = y + place * slice;
    for (int64_t k = 0; k < slice; ++k) {
      if constexpr (std::is_floating_point_v<T>)
        to[k] += from[k];
      else if constexpr (std::is_same_v<T, bool>)
        to[k] = to[k] || from[k];
      else
        to[k] =
            static_cast<T>(static_cast<std::make_unsigned_t<T>>(to[k]) + static_cast<std::make_unsigned_t<T>>(from[k]));
    }
  });
}

}  // namespace

void nd_index(const RefCall& call) {
  if (call.node.op == Op::gather_nd) return gather_nd(call);
  switch (call.in[1].type) {
    case DType::i8: return scatter_nd<int8_t>(call);
    case DType::u8: return scatter_nd<uint8_t>(call);
    case DType::i32: return scatter_nd<int32_t>(call);
    case DType::i64: return scatter_nd<int64_t>(call);
    case DType::boolean: return scatter_nd<bool>(call);
    default: return scatter_nd<float>(call);
  }
}

}  // namespace thimble::reference
