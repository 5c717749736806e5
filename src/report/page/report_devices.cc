// Devices: the same files and test samples on other machines, beside what this one measured.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "measure/units.h"
#include "report/devices.h"
#include "report/page/report_parts.h"
#include "report/plots/svg.h"

namespace thimble::report {
namespace {

const VariantResult* here(const Context& c, const std::string& name) {
  for (const VariantResult& v : c.result.variants)
    if (v.name == name) return &v;
  return nullptr;
}

std::string table_of(Context& c, const DeviceResult& device) {
  const bool clock = !device.emulated;
  HtmlTable table;
  table.column("variant", false);
  table.column("accuracy or error", true, "on the test samples that ran there; of numbers the root mean squared error");
  table.column("samples", true);
  table.column("same answers", true, "to the bit those of this machine");
  if (clock) {
    table.column("median", true, "of a run there").column("p99", true);
    table.column("here", true, "median of a run on this machine");
    table.column("break-even", true, "round trip of a network above which the device answers sooner than this machine");
    table.column("load", true, "from the file to the first run").column("CPU", true, "1 is one core busy");
    table.column("CPU here", true, "the same on this machine");
    table.column("all samples", true, "mean and deviation of the passes over all samples that ran there");
  } else {
    table.column("instructions", true, "of one run: what can be said of speed where the clock says nothing");
  }
  table.column("peak memory", true, "of the process there").column("here", true, "of the process on this machine");
  for (size_t i = 0; i < shown(c, c.limits.variants, device.variants.size(), "variants on devices"); ++i) {
    const DeviceVariant& v = device.variants[i];
    table.begin_row();
    table.text(format("<span class=\"nm\">{}{}</span>", svg::mark_icon(static_cast<int>(i)), name_of(c, v.name)));
    if (v.samples == 0) {
      table.number(kAbsent, "not measured");
      for (int k = 0; k < (clock ? 12 : 5); ++k) table.number(kAbsent, "–");
      continue;
    }
    if (v.accuracy == v.accuracy)
      table.number(v.accuracy, format_percent(v.accuracy));
    else
      table.number(v.rmse, format_number(v.rmse));
    const VariantResult* const host = here(c, v.name);
    const Measurement* const own = host && !host->measurements.empty() ? &host->measurements.front() : nullptr;
    table.number(static_cast<double>(v.samples), format_count(v.samples));
    table.number(static_cast<double>(v.same_answers), format_count(v.same_answers));
    if (clock) {
      const LatencySummary* const latency = host ? first_latency(*host) : nullptr;
      const double delay = host ? break_even_us(*host, device, v) : kAbsent;
      const auto time = [&](double us) { table.number(us, us == us ? format_microseconds(us) : "–"); };
      time(v.latency_us.p50);
      time(v.latency_us.p99);
      time(latency ? latency->p50 : kAbsent);
      time(delay);
      time(v.load_us);
      const auto share = [&](double x) { table.number(x, x == x ? format("{:.2f}", x) : "–"); };
      share(v.cpu_share);
      share(own ? own->cpu_share : kAbsent);
      const TestSetSeconds& all = v.test_set_seconds;
      table.number(all.mean,
                   all.trials > 0 ? format("{} ± {}", format_seconds(all.mean), format_seconds(all.stddev)) : "–");
    } else {
      table.number(v.instructions, v.instructions == v.instructions ? format_quantity(v.instructions) : "–");
    }
    const auto bytes = [&](int64_t n) {
      table.number(n > 0 ? static_cast<double>(n) : kAbsent, n > 0 ? bytes_text(n) : "–");
    };
    bytes(v.peak_rss_bytes);
    bytes(own ? own->peak_rss_bytes : 0);
  }
  return table.html();
}

// Time until the answer is there, over the round trip of the network: level where the device computes it, rising where
// this machine does. Lines of a variant cross at its break-even.
std::string break_even_of(const Context& c, const DeviceResult& device) {
  double widest = 0;
  for (const DeviceVariant& v : device.variants)
    if (const VariantResult* const host = here(c, v.name); host && v.samples > 0)
      if (const double delay = break_even_us(*host, device, v); delay > widest) widest = delay;
  if (!(widest > 0)) return {};
  svg::LineChart chart;
  chart.description = "time until the answer over the round trip of a network, on the device and from this machine";
  chart.x = {.label = "round trip", .unit = svg::Unit::microseconds, .zero = true};
  chart.y = {.label = "answer after", .unit = svg::Unit::microseconds, .zero = true};
  const double end = 1.5 * widest;
  for (size_t i = 0; i < std::min(std::min(device.variants.size(), c.limits.variants), size_t{4}); ++i) {
    const DeviceVariant& v = device.variants[i];
    const VariantResult* const host = here(c, v.name);
    const LatencySummary* const latency = host ? first_latency(*host) : nullptr;
    if (v.samples == 0 || !latency || !(v.latency_us.p50 > 0)) continue;
    const double there = v.latency_us.p50, own = latency->p50;
    chart.series.push_back({.name = v.name, .x = {0, end}, .y = {there, there}, .colour = static_cast<int>(i)});
    chart.series.push_back({.name = v.name + " sent away",
                            .x = {0, end},
                            .y = {own, own + end},
                            .colour = static_cast<int>(i),
                            .dashed = true});
  }
  return figure(
      "On the device, or sent away?", svg::line_chart(chart),
      "Level: the device computes. Dashed: this machine does, and the network carries input and answer; the "
      "transfer counts as part of the round trip. The device wins to the right of where the lines of a variant "
      "cross. thimble offload adds the speed of a link.");
}

std::string bars_of(const Context& c, const DeviceResult& device) {
  svg::Bars time;
  time.description = "median per variant on the device";
  time.unit = svg::Unit::microseconds;
  for (size_t i = 0; i < std::min(device.variants.size(), c.limits.variants); ++i) {
    const DeviceVariant& v = device.variants[i];
    if (v.samples > 0 && v.latency_us.p50 > 0)
      time.bars.push_back({v.name, v.latency_us.p50, {}, v.name, static_cast<int>(i)});
  }
  if (device.emulated) {
    svg::Bars count;
    count.description = "instructions of a run per variant";
    count.unit = svg::Unit::count;
    for (size_t i = 0; i < std::min(device.variants.size(), c.limits.variants); ++i)
      if (const DeviceVariant& v = device.variants[i]; v.instructions > 0)
        count.bars.push_back({v.name, v.instructions, format_quantity(v.instructions), v.name, static_cast<int>(i)});
    if (count.bars.empty()) return {};
    return figure(format("Instructions on {}", name_of(c, device.device)), svg::bars(count), "Of one run.");
  }
  if (time.bars.empty()) return {};
  return figure(format("Time on {}", name_of(c, device.device)), svg::bars(time), "Median of a run there.");
}

}  // namespace

std::string device_section(Context& c) {
  std::string body;
  for (const DeviceResult& device : c.result.devices) {
    const std::string about = device_text(device);
    body += format("<h3>{}</h3><p>{}{}</p>", name_of(c, device.device), sentence(device_answer(c.result, device), 600),
                   about.empty() ? "" : format(" <span class=\"muted\">{}.</span>", sentence(about, 300)));
    if (device.architecture.empty()) continue;
    body += table_of(c, device) + bars_of(c, device) + break_even_of(c, device);
    for (const DeviceVariant& v : device.variants)
      if (v.drift != 0)
        body +=
            format("<p class=\"warn\">{}: the last passes took {:.0f} % {} than the first: it may have become {}.</p>",
                   name_of(c, v.name), std::fabs(v.drift) * 100, v.drift > 0 ? "longer" : "less time",
                   v.drift > 0 ? "hot" : "less busy, or its clock faster");
    for (const DeviceVariant& v : device.variants)
      if (!v.problem.empty())
        body += format("<p class=\"warn\">{}: {}</p>", name_of(c, v.name), sentence(v.problem, 300));
  }
  if (body.empty()) return {};
  return section(
      "devices", "Devices",
      "The files above on other machines: the same test samples went there, the answers came back and were scored "
      "here; time is measured there by thimble-run bench.",
      body);
}

}  // namespace thimble::report
