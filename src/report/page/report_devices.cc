// Devices: the same files and test samples on other machines, beside what this one measured.
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
  }
  table.column("peak memory", true, "of the process there");
  for (size_t i = 0; i < shown(c, c.limits.variants, device.variants.size(), "variants on devices"); ++i) {
    const DeviceVariant& v = device.variants[i];
    table.begin_row();
    table.text(format("{}<span class=\"nm\">{}</span>", svg::mark_icon(static_cast<int>(i)), name_of(c, v.name)));
    if (v.samples == 0) {
      table.number(kAbsent, "not measured");
      for (int k = 0; k < (clock ? 9 : 3); ++k) table.number(kAbsent, "–");
      continue;
    }
    if (v.accuracy == v.accuracy)
      table.number(v.accuracy, format_percent(v.accuracy));
    else
      table.number(v.rmse, format_number(v.rmse));
    table.number(static_cast<double>(v.samples), format_count(v.samples));
    table.number(static_cast<double>(v.same_answers), format_count(v.same_answers));
    if (clock) {
      const VariantResult* const host = here(c, v.name);
      const LatencySummary* const latency = host ? first_latency(*host) : nullptr;
      const double delay = host ? break_even_us(*host, device, v) : kAbsent;
      const auto time = [&](double us) { table.number(us, us == us ? format_microseconds(us) : "–"); };
      time(v.latency_us.p50);
      time(v.latency_us.p99);
      time(latency ? latency->p50 : kAbsent);
      time(delay);
      time(v.load_us);
      table.number(v.cpu_share, format_number(v.cpu_share, 2));
    }
    table.number(static_cast<double>(v.peak_rss_bytes), bytes_text(v.peak_rss_bytes));
  }
  return table.html();
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
  if (device.emulated || time.bars.empty()) return {};
  return figure(format("Time on {}", name_of(c, device.device)), svg::bars(time), "Median of a run there.");
}

}  // namespace

std::string device_section(Context& c) {
  std::string body;
  for (const DeviceResult& device : c.result.devices) {
    body += format("<h3>{}</h3><p>{} <span class=\"muted\">{}.</span></p>", name_of(c, device.device),
                   sentence(device_answer(c.result, device), 600), sentence(device_text(device), 300));
    if (device.architecture.empty()) continue;
    body += table_of(c, device) + bars_of(c, device);
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
