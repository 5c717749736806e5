#include "ops/op.h"

#include <algorithm>

#include "ops/column.h"

namespace thimble {

namespace infer {
#define OP(id, types, family, packed) Status family(InferContext&);
#include "ops/ops.def"
}  // namespace infer
namespace reference {
#define OP(id, types, family, packed) void family(const RefCall&);
#include "ops/ops.def"
}  // namespace reference

namespace {

struct Cells {
  const char* name;
  uint32_t types;
  Cell<InferFn> infer;
  Cell<ReferenceFn> reference;
};

// Every graph passes inference before anything else asks the tables, so this is where a build without the operator says
// so.
Status refuse(InferContext& ctx) { return in_build(ctx.node.op); }
// By its reason: to g++ with -fsanitize=undefined a function compared with null is no constant.
constexpr OpRow row_of(Cells c) {
  return {c.name, c.types, c.infer.why_not ? &refuse : c.infer.rule, c.reference.rule};
}

constexpr OpRow kRows[] = {
#define OP(id, types, family, packed)                       \
  row_of({#id, types,                                       \
          THIMBLE_CELL(InferFn, "infer", id, infer::family) \
              THIMBLE_CELL(ReferenceFn, "reference", id, reference::family)}),
#include "ops/ops.def"
};

}  // namespace

std::string remedy_of_build() {
  std::string has;
  bool lacks = false;
  for (size_t i = 0; i < kOpCount; ++i) {
    if (op_class(static_cast<Op>(i)) != OpClass::model) continue;
    if (kRows[i].reference)
      has += (has.empty() ? "" : ", ") + std::string(kRows[i].name);
    else
      lacks = true;
  }
  if (!lacks) return {};
  return format(
      "this library was built with {} alone: scripts/inference_library.sh MODEL builds one for a model, "
      "-DTHIMBLE_OPS=inference one for every model",
      has);
}

Status in_build(Op op) {
  if (row(op).reference) return {};
  return fail(ErrorCode::unsupported, format("the operator {} is left out of this build", name(op)), remedy_of_build());
}

std::string RunFault::take() {
  set_ = false;
  if (kind_ == Kind::sizes) return format("sizes {} and {}, which do not broadcast", value_, length_);
  if (kind_ == Kind::wrong) return what_;
  return format("index {} of an axis of {} entries", value_, length_);
}

const OpRow& row(Op op) { return kRows[index(op) < kOpCount ? index(op) : 0]; }

namespace {
std::string where(const InferContext& ctx, int input) {
  return format("input {} {}", input, ctx.in(input).to_string());
}
}  // namespace

Status InferContext::expect_arity(int lo, int hi, int outs, int required) const {
  if (arity() < lo || arity() > hi)
    return fail(ErrorCode::bad_file, lo == hi ? format("takes {} inputs, has {}", lo, arity())
                                              : format("takes {} to {} inputs, has {}", lo, hi, arity()));
  if (static_cast<int>(node.outputs.size()) != outs)
    return fail(ErrorCode::bad_file, format("gives {} outputs, has {}", outs, node.outputs.size()));
  for (int i = 0; i < (required < 0 ? lo : required); ++i)
    if (!has(i)) return fail(ErrorCode::bad_file, format("input {} is left out but is required", i));
  return {};
}

Status InferContext::expect_type(int input, std::initializer_list<DType> allowed) const {
  if (std::ranges::find(allowed, in(input).type) != allowed.end()) return {};
  std::string list;
  for (DType t : allowed) list += (list.empty() ? "" : ", ") + std::string(thimble::name(t));
  return fail(ErrorCode::unsupported, format("{}: element type is not one of {}", where(*this, input), list));
}

Status InferContext::expect_rank(int input, int lo, int hi) const {
  const int rank = in(input).shape.rank();
  if (rank >= lo && rank <= hi) return {};
  return fail(ErrorCode::bad_file, lo == hi ? format("{}: rank must be {}", where(*this, input), lo)
                                            : format("{}: rank must be {} to {}", where(*this, input), lo, hi));
}

Result<const Tensor*> InferContext::constant(int input) const {
  if (in(input).constant()) return &in(input);
  needs = input;
  return fail(
      ErrorCode::needs_value,
      format("{}: its value decides shapes, and it is known at run time only", where(*this, input)),
      "`thimble run`, `thimble bench` and Model of the C++ interface run such a model; other commands take models "
      "whose shapes do not hang on values");
}

Result<std::vector<int64_t>> InferContext::constant_ints(int input) const {
  THIMBLE_ASSIGN(const Tensor* operand, constant(input));
  const Tensor& tensor = *operand;
  std::vector<int64_t> values;
  if (tensor.type == DType::i32) {
    for (int32_t v : tensor.data.as<int32_t>()) values.push_back(v);
  } else if (tensor.type == DType::i64) {
    for (int64_t v : tensor.data.as<int64_t>()) values.push_back(v);
  } else {
    return fail(ErrorCode::bad_file, format("{}: must hold int32 or int64", where(*this, input)));
  }
  return values;
}

Status InferContext::expect_per_tensor_quantized(const Tensor& tensor) const {
  if (tensor.quant.scale.size() != 1)
    return fail(ErrorCode::bad_file,
                format("{}: needs one scale and zero point, has {}", tensor.to_string(), tensor.quant.scale.size()));
  if (!(tensor.quant.scale[0] > 0))
    return fail(ErrorCode::bad_file, format("{}: scale must be positive", tensor.to_string()));
  return {};
}

}  // namespace thimble
