#include "base/cpu.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include "base/file.h"

namespace thimble {
namespace {

// First line of a small system file, or "". Files under /proc and /sys have no size, so they are
// read by stdio-like chunks here and not by read_file.
std::string slurp(const std::string& path) {
  std::string text;
  if (FILE* file = ::fopen(path.c_str(), "re")) {
    char chunk[4096];
    for (size_t n; text.size() < (1u << 20) && (n = ::fread(chunk, 1, sizeof chunk, file)) > 0;) text.append(chunk, n);
    ::fclose(file);
  }
  return text;
}

// What follows "key" and ':' or '=' on its line, without quotes and blanks around; "" if absent.
std::string value_after(const std::string& text, std::string_view key) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line(text.data() + at, end - at);
    at = end + 1;
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    const size_t from = line.find_first_not_of(" \t:=\"");
    if (from == std::string_view::npos) return {};
    return std::string(line.substr(from, line.find_last_not_of(" \t\"") + 1 - from));
  }
  return {};
}

// The leading integer, or `otherwise`.
int64_t leading_integer(const std::string& text, int64_t otherwise) {
  int64_t number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

CpuFeatures detect() {
  CpuFeatures f;
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return f;
  const bool fma = c & (1u << 12), os_saves = c & (1u << 27), avx = c & (1u << 28), f16c = c & (1u << 29);
  if (!os_saves || !avx) return f;
  unsigned low = 0, high = 0;  // XCR0: which register sets the system saves
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const bool saves_ymm = (low & 0x6) == 0x6, saves_zmm = (low & 0xe6) == 0xe6, saves_tiles = (low & 0x60000) == 0x60000;
  if (!saves_ymm || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return f;
  const unsigned subleaves = a;
  f.avx2_fma_f16c = fma && f16c && (b & (1u << 5));
  const unsigned f_dq_bw_vl = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);
  f.avx512 = f.avx2_fma_f16c && saves_zmm && (b & f_dq_bw_vl) == f_dq_bw_vl;
  f.avx512_vnni = f.avx512 && (c & (1u << 11));
  f.amx_int8 = saves_tiles && (d & (1u << 24)) && (d & (1u << 25));
  if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) {
    f.avx_vnni = f.avx2_fma_f16c && (a & (1u << 4));
    f.avx512_bf16 = f.avx512 && (a & (1u << 5));
  }
#elif defined(__aarch64__)
  f.neon = true;                                        // part of the base architecture
  f.dot_product = ::getauxval(AT_HWCAP) & (1ul << 20);  // HWCAP_ASIMDDP
#elif defined(__ARM_NEON)
  f.neon = true;
#endif
  return f;
}

const ControlGroup& own_control_group() {
  static const ControlGroup group = read_control_group(slurp("/proc/self/cgroup"), "/sys/fs/cgroup");
  return group;
}

}  // namespace

ControlGroup read_control_group(const std::string& membership, const std::string& mount) {
  // "0::/a/b" of version 2; a limit of any folder above holds too.
  std::string path = "/";
  for (size_t at = 0; at < membership.size();) {
    const size_t end = std::min(membership.find('\n', at), membership.size());
    if (membership.compare(at, 3, "0::") == 0) path = membership.substr(at + 3, end - at - 3);
    at = end + 1;
  }
  ControlGroup group;
  const auto least = [](int64_t& kept, int64_t found) {
    if (found > 0) kept = kept > 0 ? std::min(kept, found) : found;
  };
  for (bool top = false; !top;) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    top = path.size() <= 1;
    const std::string folder = mount + (top ? "" : path);
    const std::string cpu = slurp(folder + "/cpu.max");  // "200000 100000" or "max 100000"
    const size_t blank = cpu.find(' ');
    const int64_t quota = leading_integer(cpu, 0);
    const int64_t period = blank == std::string::npos ? 0 : leading_integer(cpu.substr(blank + 1), 0);
    if (quota > 0 && period > 0) least(group.cpus, std::min<int64_t>((quota - 1) / period + 1, 4096));
    least(group.memory_bytes, leading_integer(slurp(folder + "/memory.max"), 0));
    const size_t slash = path.rfind('/');
    path.resize(slash == std::string::npos ? 0 : slash);
  }
  return group;
}

int64_t control_group_memory() { return own_control_group().memory_bytes; }

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

std::vector<std::string> cpu_feature_names() {
  const CpuFeatures& f = cpu_features();
  std::vector<std::string> names;
  const std::pair<bool, const char*> rows[] = {
      {f.avx2_fma_f16c, "avx2"},      {f.avx_vnni, "avx_vnni"}, {f.avx512, "avx512"}, {f.avx512_vnni, "avx512_vnni"},
      {f.avx512_bf16, "avx512_bf16"}, {f.amx_int8, "amx_int8"}, {f.neon, "neon"},     {f.dot_product, "dot_product"}};
  for (const auto& [there, text] : rows) {
    if (there) names.emplace_back(text);
  }
  return names;
}

int logical_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int allowed = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  const int quota = static_cast<int>(own_control_group().cpus);
  return std::max(1, quota > 0 ? std::min(allowed, quota) : allowed);
}

int physical_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  std::set<std::pair<int64_t, int64_t>> cores;  // (package, core)
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(static_cast<size_t>(cpu), &set)) continue;
    const std::string folder = format("/sys/devices/system/cpu/cpu{}/topology/", cpu);
    // Where the system does not tell, each CPU counts as a core of its own.
    cores.emplace(leading_integer(slurp(folder + "physical_package_id"), -1),
                  leading_integer(slurp(folder + "core_id"), 1'000'000 + cpu));
  }
  return std::clamp(static_cast<int>(cores.size()), 1, logical_cpus());
}

std::string cpu_model_name() {
  const std::string info = slurp("/proc/cpuinfo");
  for (const char* key : {"model name", "Model", "Hardware"}) {
    if (std::string text = value_after(info, key); !text.empty()) return text;
  }
  utsname system;
  return ::uname(&system) == 0 ? std::string(system.machine) : std::string("unknown");
}

std::string os_name() {
  const std::string pretty = value_after(slurp("/etc/os-release"), "PRETTY_NAME");
  utsname system;
  const std::string kernel =
      ::uname(&system) == 0 ? format("{} {}", +system.sysname, +system.release) : std::string("unknown");
  return pretty.empty() ? kernel : pretty + ", " + kernel;
}

}  // namespace thimble
