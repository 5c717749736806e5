#include "base/environment.h"

#include <array>
#include <cstdlib>

namespace thimble {
namespace {

constexpr std::array<KnobInfo, static_cast<size_t>(Knob::count)> kKnobs = {{
    {Knob::isa, "THIMBLE_ISA", "the fastest that the machine has",
     "Forces the kernels of one instruction set: scalar, avx2, avx512, avx512_vnni or neon."},
    {Knob::data, "THIMBLE_DATA", "the data sets of the distribution and of the repository",
     "A folder with data sets in their official files; --data-dir goes before it."},
    {Knob::ssh, "THIMBLE_SSH", "ssh",
     "The command that reaches devices, with options: ssh -i key -o UserKnownHostsFile=file."},
    {Knob::home, "HOME", "the system's", "Your own folder: ~/ at the start of a data set's path."},
    {Knob::no_color, "NO_COLOR", "unset", "Any value turns colours in terminal output off (https://no-color.org)."},
    {Knob::ompi_size, "OMPI_COMM_WORLD_SIZE", "unset", "Set by Open MPI's mpirun: how many processes it started."},
    {Knob::ompi_rank, "OMPI_COMM_WORLD_RANK", "unset", "Set by Open MPI's mpirun: which of them this is."},
    {Knob::pmi_size, "PMI_SIZE", "unset", "Set by other mpirun programs: how many processes they started."},
    {Knob::pmi_rank, "PMI_RANK", "unset", "Set by other mpirun programs: which of them this is."},
}};

}  // namespace

std::span<const KnobInfo> environment_knobs() { return kKnobs; }

std::optional<std::string> environment(Knob knob) {
  const char* value = std::getenv(kKnobs[static_cast<size_t>(knob)].name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

}  // namespace thimble
