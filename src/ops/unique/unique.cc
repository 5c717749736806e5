#include "ops/unique/unique.h"

#include <algorithm>
#include <numeric>

namespace thimble {
namespace {

template <class T>
int64_t entries(const T* x, int64_t n, void* scratch, void (*visit)(void*, int64_t, int64_t, bool), void* context) {
  auto* order = static_cast<int64_t*>(scratch);  // by value, then by place
  int64_t* which = order + n;                    // the first entry of the same value, then its number
  std::iota(order, order + n, int64_t{0});
  std::sort(order, order + n, [&](int64_t a, int64_t b) { return x[a] != x[b] ? x[a] < x[b] : a < b; });
  for (int64_t i = 0; i < n; ++i)
    which[order[i]] = i > 0 && x[order[i - 1]] == x[order[i]] ? which[order[i - 1]] : order[i];
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) {
    const bool fresh = which[i] == i;
    which[i] = fresh ? count++ : which[which[i]];
    visit(context, i, which[i], fresh);
  }
  return count;
}

}  // namespace

int64_t unique_entries(DType type, const void* x, int64_t n, void* scratch,
                       void (*visit)(void*, int64_t, int64_t, bool), void* context) {
  switch (type) {
    case DType::i8: return entries(static_cast<const int8_t*>(x), n, scratch, visit, context);
    case DType::u8: return entries(static_cast<const uint8_t*>(x), n, scratch, visit, context);
    case DType::i16: return entries(static_cast<const int16_t*>(x), n, scratch, visit, context);
    case DType::i32: return entries(static_cast<const int32_t*>(x), n, scratch, visit, context);
    case DType::i64: return entries(static_cast<const int64_t*>(x), n, scratch, visit, context);
    default: return entries(static_cast<const float*>(x), n, scratch, visit, context);
  }
}

}  // namespace thimble
