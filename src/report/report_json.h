// results.json of a study ("thimble.study/1"): the machine-readable contract. What only the report
// draws is left out, so the file stays small and two runs with one seed differ only in time,
// memory and machine.
#pragma once

#include <string>

#include "report/study_result.h"

namespace thimble {

std::string report_json(const StudyResult& result);
// The pieces, for commands that report one model (eval, bench, train).
void write_json(JsonWriter& json, const MachineInfo& machine);
void write_json(JsonWriter& json, const EpochRow& epoch);
void write_json(JsonWriter& json, const VariantResult& variant);

}  // namespace thimble
