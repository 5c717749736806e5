#include "runtime/lower.h"

namespace thimble::lowering {

// Another view of the same memory: no step at all.
Result<bool> reshape(LowerContext& ctx) {
  ctx.alias_input();
  return true;
}

}  // namespace thimble::lowering
