#include "report/plus_kb.h"

#include <cmath>

#include "base/format.h"
#include "measure/units.h"

namespace thimble {

std::string parameters_plus_kb_text(const VariantResult& v) {
  const auto tenths = static_cast<int64_t>(std::llround(parameters_plus_kb(v) * 10));
  return format("{}.{}", format_count(tenths / 10), tenths % 10);
}

}  // namespace thimble
