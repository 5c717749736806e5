// Speed and memory of variants under one protocol: whole-test-set trials, interleaved between the
// variants, per thread count; peak memory in a process of its own; time per operator.
#pragma once

#include "study/study.h"
#include "study/variants.h"

namespace thimble {

Status measure_variants(std::vector<Variant>& variants, const Dataset& test, const Feeding& feeding,
                        const MeasureSpec& spec, const StudyOptions& options, const StudyHooks& hooks,
                        std::vector<std::string>* warnings);

}  // namespace thimble
