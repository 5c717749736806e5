#include "ops/custom/custom.h"

namespace thimble::reference {

// Where a plan prepares it once (lower.cc), this does so each time.
void custom(const RefCall& call) {
  const auto& attrs = call.node.attrs.as<CustomAttrs>();
  const std::vector<uint8_t> options(attrs.options.begin(), attrs.options.end());
  const auto prepared = attrs.op->prepare(options, call.in, call.out);
  const char* why = prepared ? (*prepared)->run(call.in, call.out) : "the custom operator cannot be prepared";
  if (why && call.fault) call.fault->wrong(why);
}

}  // namespace thimble::reference
