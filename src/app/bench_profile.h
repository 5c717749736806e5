// The per-operator table of `thimble bench --enable_op_profiling`, in the layout of TFLite's profiler.
#pragma once

#include <string>

#include "app/command.h"
#include "base/json.h"
#include "runtime/program.h"

namespace thimble::app {

// "op_profile": [{"index":…,"op":…,"name":…,"avg_us":…,"share":…,"macs":…,"reference":…}…] into the open object.
void write_profile_json(JsonWriter& json, const Session& session, const Profile& profile);

// Run order, then a summary by operator. mode: "stdout" (tables) or "csv"; to `file`, or the standard
// output when it is empty.
Status print_profile(const Session& session, const Profile& profile, const std::string& mode, const std::string& file,
                     const Context& context);

}  // namespace thimble::app
