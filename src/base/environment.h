// Every environment variable that Thimble reads, declared once with its default and a sentence; the
// rows live in environment.cc. Nothing else may call getenv.
#pragma once

#include <optional>
#include <span>
#include <string>

namespace thimble {

enum class Knob { isa, data, ssh, home, no_color, ompi_size, ompi_rank, pmi_size, pmi_rank, count };

struct KnobInfo {
  Knob knob;
  const char* name;           // "THIMBLE_ISA"
  const char* default_value;  // in words
  const char* sentence;       // what it does
};

// All of them, in the order of Knob.
std::span<const KnobInfo> environment_knobs();
// The variable's value; nothing when it is unset or empty.
std::optional<std::string> environment(Knob knob);

}  // namespace thimble
