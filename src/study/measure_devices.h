// The variants on other machines: the same files and the same test samples go there, their answers come back and are
// scored here, by the code that scores the host's.
#pragma once

#include "study/study.h"
#include "study/variants.h"

namespace thimble {

// One row per word of `spec.devices`, in their order, but for "host": it has been measured. A device that cannot be
// reached, or goes away, or has no room for a variant is a problem in its row, not an error: the rest of the study
// stands. With options.resume, what was measured before is taken from OUT/items. Errors: interrupted, and io of this
// machine.
Result<std::vector<DeviceResult>> measure_devices(const std::vector<Variant>& variants, const Dataset& test,
                                                  const Feeding& feeding, const MeasureSpec& spec,
                                                  const StudyOptions& options, const StudyHooks& hooks);

}  // namespace thimble
