// The `emit` column of the operator table.
#include "micro/emit.h"

namespace thimble {
namespace emit_c {
#define OP(id, types, family, packed) Status family(micro::EmitContext&);
#include "ops/ops.def"
}  // namespace emit_c

namespace micro {
namespace {
constexpr Cell<EmitFn> kCells[] = {
#define OP(id, types, family, packed) THIMBLE_CELL(EmitFn, "emit", id, emit_c::family)
#include "ops/ops.def"
};
}  // namespace

const Cell<EmitFn>& emitter_of(Op op) { return kCells[index(op)]; }

}  // namespace micro
}  // namespace thimble
