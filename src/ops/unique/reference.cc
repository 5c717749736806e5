#include <cstring>

#include "ops/unique/unique.h"

namespace thimble::reference {

void unique(const RefCall& call) {
  struct Context {
    const RefCall& call;
    size_t width;
  } context{call, static_cast<size_t>(bits(call.in[0].type) / 8)};
  const auto take = [](void* c, int64_t i, int64_t which, bool fresh) {
    const auto& [of, width] = *static_cast<Context*>(c);
    if (fresh && which < of.out[0].shape[0])
      std::memcpy(of.out[0].as<uint8_t>() + static_cast<size_t>(which) * width,
                  of.in[0].as<uint8_t>() + static_cast<size_t>(i) * width, width);
    if (of.out[1].type == DType::i64)
      of.out[1].as<int64_t>()[i] = which;
    else
      of.out[1].as<int32_t>()[i] = static_cast<int32_t>(which);
  };
  unique_entries(call.in[0].type, call.in[0].data, call.in[0].shape[0], call.scratch, take, &context);
}

}  // namespace thimble::reference
