#include "report/devices.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "measure/units.h"

namespace thimble {

std::string device_text(const DeviceResult& d) {
  std::string text = d.architecture;
  if (!d.cpu.empty()) text += ", " + d.cpu;
  if (d.cores > 0) text += format(", {} core{}", d.cores, d.cores == 1 ? "" : "s");
  if (d.memory_bytes > 0) text += ", " + format_bytes(static_cast<double>(d.memory_bytes)) + " of memory";
  if (!d.system.empty()) text += ", " + d.system;
  if (d.emulated) text += "; emulated: memory and answers are real, time is not";
  if (!d.counted.empty()) text += "; " + d.counted;
  return text;
}

double break_even_us(const VariantResult& here, const DeviceResult& device, const DeviceVariant& there) {
  const LatencySummary* const host = first_latency(here);
  if (!host || device.emulated || !(there.latency_us.p50 > 0)) return kAbsent;
  return std::max(0.0, there.latency_us.p50 - host->p50);
}

std::string offload_sentence(const StudyResult& result, const DeviceResult& device) {
  std::string least, most;
  double low = kAbsent, high = kAbsent;
  for (const DeviceVariant& v : device.variants) {
    const auto here = std::ranges::find(result.variants, v.name, &VariantResult::name);
    if (v.samples == 0 || here == result.variants.end()) continue;
    const double delay = break_even_us(*here, device, v);
    if (!std::isfinite(delay)) continue;
    if (!(low <= delay)) low = delay, least = v.name;
    if (!(high >= delay)) high = delay, most = v.name;
  }
  if (least.empty() || least == most) return {};
  return format(
      " Break-even delays reach from {} ({}) to {} ({}): above {} no variant is worth sending its input away.",
      format_microseconds(low), least, format_microseconds(high), most, format_microseconds(high));
}

std::string device_answer(const StudyResult& result, const DeviceResult& device) {
  if (!device.problem.empty() && std::ranges::all_of(device.variants, [](const auto& v) { return v.samples == 0; }))
    return "Not measured: " + device.problem;
  size_t ran = 0, same = 0;
  std::string differ;
  const DeviceVariant* fastest = nullptr;
  for (const DeviceVariant& v : device.variants) {
    if (v.samples == 0) continue;
    ++ran;
    if (v.same_answers == v.samples)
      ++same;
    else
      differ += format("{}{} ({} of {})", differ.empty() ? "" : ", ", v.name, format_count(v.samples - v.same_answers),
                       format_count(v.samples));
    if (v.latency_us.p50 > 0 && (!fastest || v.latency_us.p50 < fastest->latency_us.p50)) fastest = &v;
  }
  std::string text = format("{} of {} variants ran", ran, device.variants.size());
  if (same == ran)
    text += ran > 0 ? ", all with this machine's answers to the bit." : ".";
  else
    text += format("; answers that differ from this machine's in some bit: {}.", differ);
  if (device.emulated) {
    const DeviceVariant* fewest = nullptr;
    for (const DeviceVariant& v : device.variants)
      if (std::isfinite(v.instructions) && (!fewest || v.instructions < fewest->instructions)) fewest = &v;
    if (fewest)
      text +=
          format(" {} takes the fewest instructions: {} per run.", fewest->name, format_quantity(fewest->instructions));
    return text;
  }
  if (!fastest) return text;
  text += format(" The fastest is {}: {} at the median.", fastest->name, format_microseconds(fastest->latency_us.p50));
  for (const VariantResult& here : result.variants)
    if (here.name == fastest->name)
      if (const double delay = break_even_us(here, device, *fastest); std::isfinite(delay))
        text +=
            delay > 0
                ? format(
                      " Over a network, this machine would answer sooner only where a round trip takes less than {}.",
                      format_microseconds(delay))
                : std::string(" This machine would not answer sooner over any network.");
  text += offload_sentence(result, device);
  return text;
}

}  // namespace thimble
