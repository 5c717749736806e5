#include "report/report_csv.h"

#include <cmath>
#include <initializer_list>

#include "base/format.h"
#include "measure/text.h"

namespace thimble {

namespace {
// RFC 4180: quoted when it holds a comma, quote or line break. A leading = + - @ of a name would be
// run as a formula by spreadsheets, so it gets an apostrophe.
std::string text_cell(const std::string& raw) {
  std::string text = valid_utf8(raw);
  if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) text.insert(0, 1, '\'');
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string number_cell(double x) { return std::isfinite(x) ? format("{}", x) : ""; }

void append_line(std::string& out, const std::vector<std::string>& cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i) out += ',';
    out += cells[i];
  }
  out += "\r\n";
}

void append_variant(std::string& out, const std::string& key, const std::string& value, const VariantResult& v) {
  const Measurement none;
  const size_t lines = v.measurements.empty() ? 1 : v.measurements.size();
  for (size_t i = 0; i < lines; ++i) {
    const bool measured = i < v.measurements.size();
    const Measurement& m = measured ? v.measurements[i] : none;
    std::vector<std::string> cells = {text_cell(key), text_cell(value), text_cell(v.name), text_cell(v.file)};
    for (int64_t n : {v.bytes, v.bytes_deflated, v.parameters, v.macs}) cells.push_back(std::to_string(n));
    for (double x : {v.accuracy, v.accuracy_stddev, v.interval95.low, v.interval95.high, v.loss,
                     v.agreement_with_float32, v.max_abs_output_difference})
      cells.push_back(number_cell(x));
    cells.push_back(std::to_string(v.arena_bytes));
    cells.push_back(measured ? std::to_string(m.threads) : "");
    const LatencySummary& l = m.latency_us;
    for (double x : {l.mean, l.stddev, l.p50, l.p90, l.p99, l.min, l.max})
      cells.push_back(measured && l.count > 0 ? number_cell(x) : "");
    cells.push_back(measured ? std::to_string(l.count) : "");
    cells.push_back(number_cell(m.test_set_seconds.mean));
    cells.push_back(number_cell(m.test_set_seconds.stddev));
    cells.push_back(measured ? std::to_string(m.test_set_seconds.trials) : "");
    cells.push_back(number_cell(m.cpu_share));
    cells.push_back(measured ? std::to_string(m.peak_rss_bytes) : "");
    for (double x : {v.regression.mse, v.regression.rmse, v.regression.mae, v.regression.r2, v.regression.max_error,
                     parameters_plus_kb(v)})
      cells.push_back(number_cell(x));
    cells.push_back(number_cell(v.sparsity));
    cells.push_back(std::to_string(v.bytes_packed));
    cells.push_back(text_cell(v.technique));
    append_line(out, cells);
  }
}
}  // namespace

std::string report_csv(const StudyResult& result) {
  std::string out =
      "sweep_key,sweep_value,variant,file,bytes,bytes_deflated,parameters,macs,accuracy,accuracy_stddev,"
      "interval95_low,interval95_high,loss,agreement_with_float32,max_abs_output_difference,arena_bytes,threads,"
      "latency_mean_us,latency_stddev_us,latency_p50_us,latency_p90_us,latency_p99_us,latency_min_us,latency_max_us,"
      "latency_count,test_set_seconds_mean,test_set_seconds_stddev,test_set_trials,cpu_share,peak_rss_bytes,mse,rmse,"
      "mae,r2,"
      "max_error,parameters_plus_kb,sparsity,bytes_packed,technique\r\n";
  for (const VariantResult& v : result.variants) append_variant(out, "", "", v);
  for (const SweepRow& row : result.sweep)
    for (const VariantResult& v : row.variants) append_variant(out, row.key, row.value, v);
  return out;
}

}  // namespace thimble
