#include <algorithm>

#include "ops/embedding_lookup/embedding_lookup.h"
#include "ops/index_list.h"

namespace thimble::infer {
namespace {

// How many blocks of scales the rows of the table have.
Result<int64_t> blocks_of(const InferContext& ctx) {
  const Tensor &table = ctx.in(1), &scales = ctx.in(2);
  THIMBLE_TRY(ctx.expect_type(2, {DType::f16}));
  if (!table.constant() || !scales.constant())
    return fail(ErrorCode::unsupported,
                format("a table {} or scales {} that are no constants", table.to_string(), scales.to_string()));
  const int64_t rows = table.shape[0], columns = table.shape.elements(1, table.shape.rank());
  const int64_t count = scales.shape.elements(), blocks = rows > 0 ? count / rows : 0;
  if (blocks < 1 || blocks * rows != count || columns % blocks != 0)
    return fail(ErrorCode::bad_file, format("{} are no scales of blocks of {}", scales.to_string(), table.to_string()));
  return blocks;
}

}  // namespace

Status embedding_lookup(InferContext& ctx) {
  THIMBLE_TRY(ctx.expect_arity(2, 3, 1, 2));
  THIMBLE_TRY(ctx.expect_type(0, {DType::i32}));
  THIMBLE_TRY(ctx.expect_rank(0, 1, 1));
  THIMBLE_TRY(ctx.expect_rank(1, 2, Shape::kMaxRank));
  const Tensor &indices = ctx.in(0), &table = ctx.in(1), &y = ctx.declared(0);
  const bool hybrid = y.type == DType::f32 && table.type != DType::f32;
  if (bits(table.type) % 8 != 0 && !hybrid)
    return fail(ErrorCode::unsupported, format("no look-up of {}", name(table.type)));
  THIMBLE_TRY(expect_inside(indices, [&](int64_t) { return table.shape[0]; }));
  int64_t blocks = 0;
  if (ctx.has(2)) {
    if (!hybrid || (table.type != DType::i8 && table.type != DType::i4))
      return fail(
          ErrorCode::unsupported,
          format("scales of blocks beside {}: only float32 rows of int8 and int4 have them", table.to_string()));
    THIMBLE_ASSIGN(blocks, blocks_of(ctx));
  } else if (hybrid) {
    if ((table.type != DType::i8 && table.type != DType::i4) || table.quant.empty())
      return fail(ErrorCode::unsupported,
                  format("float32 rows of {}: only of int8 and int4 with scales", table.to_string()));
    if (std::ranges::any_of(table.quant.zero_point, [](int32_t z) { return z != 0; }))
      return fail(ErrorCode::bad_file, format("{} must have the zero point 0", table.to_string()));
    if (table.quant.per_axis() && table.quant.axis != 0)
      return fail(ErrorCode::bad_file,
                  format("{} has scales along axis {}, not 0", table.to_string(), table.quant.axis));
  } else if (table.quant.per_axis()) {
    return fail(ErrorCode::unsupported, format("{}: rows of several scales in one tensor", table.to_string()));
  }
  std::vector<int64_t> dims(table.shape.dims().begin(), table.shape.dims().end());
  dims[0] = indices.shape[0];
  ctx.outputs[0].type = hybrid ? DType::f32 : table.type;
  THIMBLE_ASSIGN(ctx.outputs[0].shape, Shape::make(std::span<const int64_t>(dims)));
  auto& p = ctx.plan.make<thimble_embedding_lookup>();
  p.count = static_cast<thimble_dim>(indices.shape[0]);
  p.rows = static_cast<thimble_dim>(table.shape[0]);
  p.columns = static_cast<thimble_dim>(table.shape.elements(1, table.shape.rank()));
  p.width = static_cast<thimble_dim>(bits(table.type) / 8);
  p.hybrid = hybrid;
  p.blocks = static_cast<thimble_dim>(blocks);
  return {};
}

}  // namespace thimble::infer
