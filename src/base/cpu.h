// What the machine is: instruction sets, cores, names and memory. Asked once, then remembered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thimble {

struct CpuFeatures {
  // x86-64; each is true only if the operating system saves the registers as well.
  bool avx2_fma_f16c = false;  // AVX2, FMA and F16C together
  bool avx_vnni = false;       // the 256-bit VEX form of vpdpbusd
  bool avx512 = false;         // F, BW, VL, DQ together
  bool avx512_vnni = false;    // avx512 and VNNI
  bool avx512_bf16 = false;
  bool amx_int8 = false;  // present in the processor; a process must still ask for the tile state
  // Arm
  bool neon = false;
  bool dot_product = false;
};

// Found once, by cpuid/xgetbv on x86-64 and the auxiliary vector on Arm.
const CpuFeatures& cpu_features();
// Names of what is there, for reports: {"avx2", "avx512", "avx512_vnni"}.
std::vector<std::string> cpu_feature_names();

// What the control groups of a process (Linux, version 2) leave it; 0: no limit. Containers and services have some.
struct ControlGroup {
  int64_t cpus = 0;  // of CPU time, rounded up
  int64_t memory_bytes = 0;
};
// From the text of /proc/PID/cgroup and the folder where the groups are mounted: the least limit on the way up.
ControlGroup read_control_group(const std::string& membership, const std::string& mount);
// Memory that this process may take by them; 0: no limit.
int64_t control_group_memory();

// Physical cores that this process may run on (affinity and the container's CPU quota count), ≥ 1.
int physical_cores();
// Logical CPUs that this process may run on, ≥ 1.
int logical_cpus();

std::string cpu_model_name();  // "AMD EPYC …"; the architecture where the system does not tell
std::string os_name();         // "Debian GNU/Linux 12 (bookworm), Linux 6.1.0"

}  // namespace thimble
