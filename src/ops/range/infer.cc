#include <cmath>
#include <type_traits>

#include "ops/range/range.h"

namespace thimble::infer {
namespace {

template <class T>
Result<int64_t> count(const InferContext& ctx) {
  const T start = ctx.in(0).data.as<T>()[0], limit = ctx.in(1).data.as<T>()[0], delta = ctx.in(2).data.as<T>()[0];
  if (!((start >= limit && delta < 0) || (start <= limit && delta > 0)))
    return fail(ErrorCode::bad_file, format("a range from {} to {} in steps of {}", start, limit, delta));
  if constexpr (std::is_integral_v<T>) {
    const auto distance = start < limit ? static_cast<uint64_t>(limit) - static_cast<uint64_t>(start)
                                        : static_cast<uint64_t>(start) - static_cast<uint64_t>(limit);
    const uint64_t step = delta > 0 ? static_cast<uint64_t>(delta) : uint64_t{0} - static_cast<uint64_t>(delta);
    const uint64_t n = distance / step + (distance % step != 0);
    return n > uint64_t{INT32_MAX} ? int64_t{INT32_MAX} + 1 : static_cast<int64_t>(n);
  } else {
    const float n = std::ceil(std::fabs((limit - start) / delta));
    return n < 2147483648.0f ? static_cast<int64_t>(n) : int64_t{INT32_MAX} + 1;
  }
}

}  // namespace

Status range(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(3, 3, 1));
  THIMBLE_TRY(ctx.expect_type(0, {DType::f32, DType::i32, DType::i64}));
  const DType type = ctx.in(0).type;
  for (int i = 0; i < 3; ++i) {
    THIMBLE_TRY(ctx.expect_rank(i, 0, 0));
    if (ctx.in(i).type != type)
      return fail(ErrorCode::bad_file,
                  format("operands differ in type: {} and {}", ctx.in(0).to_string(), ctx.in(i).to_string()));
  }
  for (int i = 0; i < 3; ++i)
    if (!ctx.in(i).constant())
      return fail(ErrorCode::needs_value,
                  format("input {} {}: must be a constant (its value decides shapes)", i, ctx.in(i).to_string()));
  THIMBLE_ASSIGN(const int64_t n, type == DType::f32   ? count<float>(ctx)
                                  : type == DType::i32 ? count<int32_t>(ctx)
                                                       : count<int64_t>(ctx));
  if (n > INT32_MAX) return fail(ErrorCode::unsupported, "a range of more than 2^31 - 1 entries");
  ctx.outputs[0] = {type, Shape{n}};
  ctx.plan.make<thimble_range_of>().n = n;
  return {};
}

}  // namespace thimble::infer
