// What a model needs that was made for another runtime, before it is like one of ours.
#pragma once

#include "ops/check.h"

namespace thimble {

// Float operators between quantisations become integer ones (quantized/raise.h). Transpositions between layouts sink
// away (sink_transposes.h), batch normalisation goes into the layers beside it (fold_batch_norm.h), clamps into the
// layers before them (fuse_activation.h). The same function but for rounding.
Result<Checked> tidy_import(Checked checked);

}  // namespace thimble
