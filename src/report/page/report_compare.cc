// Sections of report.html that compare variants: verdict, table, trade-offs, latency.
#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "measure/text.h"
#include "measure/units.h"
#include "report/page/report_parts.h"
#include "report/plots/svg.h"
#include "report/plus_kb.h"
#include "report/significance.h"

namespace thimble::report {

bool any_regression(const std::vector<VariantResult>& variants) {
  return std::any_of(variants.begin(), variants.end(), [](const auto& v) { return v.regression.present(); });
}

// Columns of a table where the answer is a number, in place of accuracy.
void regression_columns(HtmlTable& table) { table.column("RMSE").column("R²"); }
void more_regression_columns(HtmlTable& table) { table.column("MAE").column("largest error"); }
void regression_cells(HtmlTable& table, const RegressionScore& s) {
  table.number(s.rmse, format_number(s.rmse)).number(s.r2, format_number(s.r2, 5));
}
void more_regression_cells(HtmlTable& table, const RegressionScore& s) {
  table.number(s.mae, format_number(s.mae)).number(s.max_error, format_number(s.max_error));
}

bool any_accuracy(const std::vector<VariantResult>& variants) {
  return std::any_of(variants.begin(), variants.end(), [](const auto& v) { return std::isfinite(v.accuracy); });
}

std::string interval_text(const Interval& i) {
  if (!std::isfinite(i.low) || !std::isfinite(i.high)) return "–";
  return format("{:.2f}–{:.2f} %", i.low * 100, i.high * 100);
}

std::string accuracy_text(const VariantResult& v) {
  std::string text = format_percent(v.accuracy);
  if (std::isfinite(v.accuracy_stddev) && v.per_seed.size() > 1) text += format(" ± {:.2f}", v.accuracy_stddev * 100);
  return text;
}

std::string accuracy_below(const VariantResult& v) {
  const bool interval = std::isfinite(v.interval95.low) && std::isfinite(v.interval95.high);
  std::string text = interval ? interval_text(v.interval95) : "";
  if (std::isfinite(v.accuracy_stddev) && v.per_seed.size() > 1)
    text = format("± {:.2f}{}{}", v.accuracy_stddev * 100, text.empty() ? "" : "\n", text);
  return text;
}

std::string bytes_text(int64_t bytes) { return bytes > 0 ? format_bytes(static_cast<double>(bytes)) : "–"; }
double bytes_key(int64_t bytes) { return bytes > 0 ? static_cast<double>(bytes) : kAbsent; }

size_t shown(Context& c, size_t limit, size_t have, const char* what) {
  if (have > limit)
    c.thinned.push_back(format("{} of {} {}", format_count(static_cast<int64_t>(have - limit)),
                               format_count(static_cast<int64_t>(have)), what));
  return std::min(limit, have);
}

namespace {
std::string tile(std::string_view css, const std::string& what, const std::string& big, const std::string& small) {
  return format("<div class=\"tile {}\"><i>{}</i><b>{}</b><span>{}</span></div>", css, what, big, small);
}

std::string variant_cell(const Context& c, size_t index, bool tags) {
  std::string cell = format("<span class=\"nm\">{}{}", svg::mark_icon(static_cast<int>(index)),
                            name_of(c, c.result.variants[index].name)) +
                     "</span>";
  const int i = static_cast<int>(index);
  const Verdict& v = c.verdict;
  if (tags && i == v.ship && !v.useless) cell += "<span class=\"tag\">ship</span>";
  if (tags && i == v.packed) cell += "<span class=\"tag\">ship packed</span>";
  if (tags && i == v.fastest && v.fastest_alone) cell += "<span class=\"tag\">fastest</span>";
  return cell;
}
}  // namespace

std::string head_section(Context& c) {
  const StudyResult& r = c.result;
  const std::string title = r.study.title.empty() ? r.study.name : r.study.title;
  std::string out =
      format("<h1>{}</h1><p class=\"muted\">", escape_html(clip_text(title.empty() ? "Study" : title, 200)));
  std::vector<std::string> facts;
  if (!r.study.name.empty()) facts.push_back(format("study {}", name_of(c, r.study.name)));
  facts.push_back(format("seed {}", r.study.seed));
  if (r.model.parameters > 0) facts.push_back(format("{} parameters", format_count(r.model.parameters)));
  if (r.model.macs > 0) facts.push_back(format("{} multiply-accumulates per input", format_count(r.model.macs)));
  if (!r.machine.cpu.empty()) facts.push_back(name_of(c, r.machine.cpu));
  for (size_t i = 0; i < facts.size(); ++i) out += format("{}{}", i ? " · " : "", facts[i]);
  out += "</p>";

  const auto variant = [&](int i) -> const VariantResult& { return r.variants[static_cast<size_t>(i)]; };
  const Verdict& v = c.verdict;
  out += "<div class=\"verdict\">";
  for (const std::string& text : v.sentences) out += format("<p>{}</p>", sentence(text, 600));
  out += "</div><div class=\"tiles\">";
  if (v.ship >= 0) {
    const VariantResult& s = variant(v.ship);
    std::string small = bytes_text(s.bytes);
    if (s.bytes_packed > 0) small += format(", {} packed", bytes_text(s.bytes_packed));
    if (std::isfinite(s.accuracy)) small += format(" · {} correct", format_percent(s.accuracy));
    out += tile("ship", v.useless ? "Nothing to ship yet; best file" : "File to ship", name_of(c, s.name),
                s.file.empty() ? small : format("{}<br>{}", small, name_of(c, s.file)));
  }
  if (v.smallest >= 0) {
    const VariantResult& s = variant(v.smallest);
    std::string small = name_of(c, s.name);
    if (v.reference >= 0 && v.smallest != v.reference && variant(v.reference).bytes > 0)
      small += format(", {:.0f} % of {}",
                      100.0 * static_cast<double>(s.bytes) / static_cast<double>(variant(v.reference).bytes),
                      name_of(c, variant(v.reference).name));
    out += tile("", "Smallest file", bytes_text(s.bytes), small);
  }
  if (v.packed >= 0) {
    const VariantResult& s = variant(v.packed);
    out += tile("", "Smallest packed file to ship", bytes_text(s.bytes_packed),
                format("{}{}", name_of(c, s.name),
                       std::isfinite(s.accuracy) ? format(" · {} correct", format_percent(s.accuracy)) : ""));
  }
  if (v.fastest >= 0)
    out += tile("", v.fastest_alone || r.variants.size() < 2 ? "Fastest" : "Fastest, with others as fast",
                format_microseconds(median_us(variant(v.fastest))),
                format("{}, median per input", name_of(c, variant(v.fastest).name)));
  if (v.most_accurate >= 0)
    out += tile("", "Most accurate", format_percent(variant(v.most_accurate).accuracy),
                format("{}{}", name_of(c, variant(v.most_accurate).name),
                       variant(v.most_accurate).test_samples
                           ? format(", {} test samples", format_count(variant(v.most_accurate).test_samples))
                           : ""));
  out += "</div>";
  for (size_t i = 0; i < shown(c, c.limits.lines, r.warnings.size(), "warnings"); ++i)
    out += format("<div class=\"warn\">{}</div>", sentence(r.warnings[i], 400));
  return out;
}

namespace {
std::vector<std::pair<std::string, std::string>> words(const Context& c, bool accuracy, bool numbers) {
  const std::string reference = c.verdict.reference >= 0
                                    ? name_of(c, c.result.variants[static_cast<size_t>(c.verdict.reference)].name)
                                    : "float32";
  std::vector<std::pair<std::string, std::string>> list;
  if (accuracy)
    list.emplace_back(
        "accuracy",
        "Share of the test samples that were answered correctly; below it the 95 % interval (Wilson): with "
        "other test samples of the same kind it would lie in there; ± is the deviation between seeds.");
  if (numbers) {
    list.emplace_back("RMSE", "Root mean squared error on the test samples, in the units of the target.");
    list.emplace_back("R²",
                      "Share of the target's variance that is explained: 1 is perfect, 0 no better than always "
                      "answering the mean.");
    list.emplace_back("MAE", "Mean absolute error; largest error: that of the worst test sample.");
  }
  list.emplace_back("file size", format("The .tflite file; below it as a share of {}.", reference));
  list.emplace_back("latency", "Time for one input: the median of all runs; p99: 99 of 100 runs were faster.");
  list.emplace_back("packed", "The same model as a .thim file (thimble pack), which is unpacked when it is loaded.");
  list.emplace_back("arena", "The one block of memory that holds all intermediate results while the model runs.");
  if (!numbers) list.emplace_back("agrees", format("Share of test samples with the same answer as {}.", reference));
  list.emplace_back("loss", "What training makes small, on the test samples.");
  list.emplace_back("largest difference", format("The largest difference of any output from that of {}.", reference));
  list.emplace_back("deflated", "The file's size after zlib, as in a compressed download.");
  list.emplace_back("zeros", "Share of the weights that are zero.");
  if (c.result.study.parameters_plus_kb)
    list.emplace_back(
        "parameters + KB",
        "Parameters plus kilobytes of the file: the single number by which some size studies rank models.");
  return list;
}

// Every setting of the variants that were trained further.
std::string how_made(const Context& c, size_t n) {
  std::string rows;
  for (size_t i = 0; i < n; ++i) {
    const VariantResult& v = c.result.variants[i];
    if (v.stages.empty()) continue;
    rows += format("<dt>{}</dt><dd>{}</dd>", name_of(c, v.name), escape_html(clip_text(v.description, 1200)));
  }
  if (rows.empty()) return {};
  return format("<details><summary>How the variants were made</summary><dl>{}</dl></details>", rows);
}
}  // namespace

std::string compare_section(Context& c) {
  const auto& variants = c.result.variants;
  if (variants.empty()) return {};
  const bool accuracy = any_accuracy(variants), numbers = any_regression(variants);
  HtmlTable table;
  table.column("variant", false);
  if (accuracy) table.column("accuracy");
  if (numbers) regression_columns(table);
  table.column("file size").column("latency").column("packed");
  if (c.result.study.parameters_plus_kb) table.column("parameters + KB");
  table.column("arena");
  if (numbers) more_regression_columns(table);
  if (!numbers) table.column("agrees");
  table.column("loss").column("largest difference").column("deflated").column("zeros").column("parameters");
  const double reference_bytes =
      c.verdict.reference >= 0 ? static_cast<double>(variants[static_cast<size_t>(c.verdict.reference)].bytes) : 0;
  const size_t n = shown(c, c.limits.variants, variants.size(), "variants");
  for (size_t i = 0; i < n; ++i) {
    const VariantResult& v = variants[i];
    table.begin_row(static_cast<int>(i) == c.verdict.ship && !c.verdict.useless);
    // What was trained anew has a long description: it stands below the table.
    const std::string& how = v.stages.empty() ? v.description : v.technique;
    table.text(variant_cell(c, i, true) +
               (how.empty() ? "" : format("<small class=\"muted\">{}</small>", escape_html(clip_text(how, 160)))));

    if (accuracy) table.number(v.accuracy, format_percent(v.accuracy), accuracy_below(v));
    if (numbers) regression_cells(table, v.regression);
    const double share = reference_bytes > 0 ? static_cast<double>(v.bytes) / reference_bytes : kAbsent;
    table.number(bytes_key(v.bytes), bytes_text(v.bytes), std::isfinite(share) ? format_percent(share, 0) : "");
    const LatencySummary* l = first_latency(v);
    table.number(median_us(v), format_microseconds(median_us(v)),
                 l && l->count ? format("p99 {}", format_microseconds(l->p99)) : "");
    table.number(bytes_key(v.bytes_packed), bytes_text(v.bytes_packed));
    if (c.result.study.parameters_plus_kb) table.number(parameters_plus_kb(v), parameters_plus_kb_text(v));

    table.number(bytes_key(v.arena_bytes), bytes_text(v.arena_bytes));
    if (numbers) more_regression_cells(table, v.regression);
    if (!numbers) table.number(v.agreement_with_float32, format_percent(v.agreement_with_float32));
    table.number(v.loss, format_number(v.loss))
        .number(v.max_abs_output_difference, format_number(v.max_abs_output_difference, 2));
    table.number(bytes_key(v.bytes_deflated), bytes_text(v.bytes_deflated));
    table.number(v.sparsity, format_percent(v.sparsity, 1));
    table.number(bytes_key(v.parameters), format_count(v.parameters));
  }
  std::string body = table.html() + glossary(words(c, accuracy, numbers)) + how_made(c, n);

  HtmlTable times;
  times.column("variant", false)
      .column("threads")
      .column("mean ± deviation")
      .column("p50")
      .column("p90")
      .column("p99")
      .column("min")
      .column("max")
      .column("runs");
  times.column("whole test set").column("trials").column("CPU share").column("peak memory");
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < std::min<size_t>(variants[i].measurements.size(), 16); ++k) {
      const Measurement& m = variants[i].measurements[k];
      const LatencySummary& l = m.latency_us;
      times.begin_row().text(variant_cell(c, i, false)).number(m.threads, std::to_string(m.threads));
      times.number(l.mean, format("{} ± {}", format_microseconds(l.mean), format_microseconds(l.stddev)));
      for (double us : {l.p50, l.p90, l.p99, l.min, l.max}) times.number(us, format_microseconds(us));
      times.number(static_cast<double>(l.count), format_count(l.count));
      const TestSetSeconds& t = m.test_set_seconds;
      times.number(t.mean, std::isfinite(t.stddev) ? format("{} ± {}", format_seconds(t.mean), format_seconds(t.stddev))
                                                   : format_seconds(t.mean));
      times.number(static_cast<double>(t.trials), format_count(t.trials));
      times.number(m.cpu_share, format_percent(m.cpu_share, 0))
          .number(bytes_key(m.peak_rss_bytes), bytes_text(m.peak_rss_bytes));
    }
  if (!times.empty())
    body += format("<h3>Time and memory per thread count</h3>{}{}", times.html(),
                   glossary({{"p50, p90, p99", "So many of 100 runs were faster; p50 is the median."},
                             {"whole test set", "Seconds for one pass over all test samples; each trial is one pass."},
                             {"CPU share", "Processor time over wall time: 100 % is one core busy."},
                             {"peak memory", "Highest resident memory of a process that only runs this variant."}}));

  HtmlTable extra;
  extra.column("variant", false).column("test set", false).column("accuracy").column("95 % interval").column("samples");
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < std::min<size_t>(variants[i].extra.size(), 8); ++k) {
      const ExtraScore& e = variants[i].extra[k];
      extra.begin_row().text(variant_cell(c, i, false)).text(name_of(c, e.set));
      const bool number = e.regression.present();
      extra.number(number ? e.regression.rmse : e.accuracy,
                   number ? format("RMSE {}", format_number(e.regression.rmse)) : format_percent(e.accuracy));
      extra.number(e.interval95.low, interval_text(e.interval95));
      extra.number(static_cast<double>(e.n), format_count(e.n));
    }
  if (!extra.empty()) body += format("<h3>Further test sets</h3>{}", extra.html());
  return section("compare", "Variants side by side",
                 "All variants, measured under one protocol. Click a column to sort; ± is the deviation between "
                 "trainings with different seeds, or between trials.",
                 body);
}

namespace {
svg::ScatterPoint score_point(const VariantResult& v, bool accuracy, int colour, bool strong) {
  svg::ScatterPoint p;
  p.label = v.name;
  p.colour = colour;
  p.strong = strong;
  const bool number = !accuracy && v.regression.present();
  p.y = accuracy ? v.accuracy : number ? v.regression.rmse : v.loss;
  if (accuracy && std::isfinite(v.interval95.low) && std::isfinite(v.interval95.high))
    p.y_low = v.interval95.low, p.y_high = v.interval95.high;
  p.tip = clip_text(v.name, 80);
  p.tip += accuracy ? format("\naccuracy {}", format_percent(v.accuracy))
           : number ? format("\nRMSE {}", format_number(v.regression.rmse))
                    : format("\nloss {}", format_number(v.loss));
  if (p.y_high > p.y_low) p.tip += format("\n95 %: {}", interval_text(v.interval95));
  if (v.bytes > 0) p.tip += format("\n{}", format_bytes(static_cast<double>(v.bytes)));
  if (std::isfinite(median_us(v))) p.tip += format("\n{} per input", format_microseconds(median_us(v)));
  return p;
}
}  // namespace

std::string tradeoff_section(Context& c) {
  const auto& variants = c.result.variants;
  if (variants.empty()) return {};
  const bool accuracy = any_accuracy(variants), numbers = any_regression(variants);
  const char* error = numbers ? "RMSE" : "test loss";
  svg::Scatter by_size, by_packed, by_time;
  for (svg::Scatter* plot : {&by_size, &by_packed, &by_time}) {
    plot->y = accuracy ? svg::Axis{"test accuracy", svg::Unit::percent} : svg::Axis{error, svg::Unit::number};
    plot->larger_y_is_better = accuracy;
    plot->wide = variants.size() > 8;
    if (plot->wide) plot->width = 820, plot->height = 400;
  }
  by_size.x = {"file size", svg::Unit::bytes, false, true};
  by_packed.x = {"packed file size", svg::Unit::bytes, false, true};
  by_time.x = {"median latency", svg::Unit::microseconds, false, true};
  by_packed.description = accuracy ? "accuracy against packed size" : "error against packed size";
  by_size.description = accuracy ? "accuracy against file size" : "error against file size";
  by_time.description = accuracy ? "accuracy against latency" : "error against latency";
  bool bars = false, compressed = false;  // zeros and equal values only show in packed files
  for (size_t i = 0; i < std::min(c.limits.variants, variants.size()); ++i) {
    svg::ScatterPoint p =
        score_point(variants[i], accuracy, static_cast<int>(i), static_cast<int>(i) == c.verdict.ship);
    bars |= p.y_high > p.y_low;
    p.x = bytes_key(variants[i].bytes);
    by_size.points.push_back(p);
    p.x = bytes_key(variants[i].bytes_packed);
    by_packed.points.push_back(p);
    compressed |= !variants[i].stages.empty();
    p.x = median_us(variants[i]);
    by_time.points.push_back(p);
  }
  const char* where = accuracy ? "Up and to the left is better" : "Down and to the left is better";
  std::string body = figure(accuracy  ? "Accuracy against bytes"
                            : numbers ? "Error against bytes"
                                      : "Loss against bytes",
                            svg::scatter(by_size),
                            format("{}. The dotted line joins variants that no other beats in both{}.", where,
                                   bars ? "; bars are 95 % intervals: where they overlap widely, the difference may be "
                                          "chance"
                                        : ""),
                            by_size.wide);
  if (compressed)
    body += figure(accuracy  ? "Accuracy against packed bytes"
                   : numbers ? "Error against packed bytes"
                             : "Loss against packed bytes",
                   svg::scatter(by_packed),
                   format("{}. The same models as .thim files, in which zeros, equal values and narrow weights take "
                          "the bytes that they are worth.",
                          where),
                   by_packed.wide);
  body += figure(accuracy  ? "Accuracy against latency"
                 : numbers ? "Error against latency"
                           : "Loss against latency",
                 svg::scatter(by_time), format("{}. Latency is the median time for one input.", where), by_time.wide);
  if (body.empty()) return {};
  return section("tradeoff", "What each byte and microsecond buys", "", format("<div class=\"grid\">{}</div>", body));
}

std::string latency_section(Context& c) {
  svg::Distributions chart;
  chart.description = "distribution of latencies per variant";
  chart.x = {"time for one input", svg::Unit::microseconds};
  chart.max_dots = c.limits.samples;
  svg::Bars by_threads;
  by_threads.description = "median latency per variant and thread count";
  by_threads.unit = svg::Unit::microseconds;
  bool several = false;
  const auto& variants = c.result.variants;
  for (size_t i = 0; i < std::min(c.limits.variants, variants.size()); ++i) {
    for (size_t k = 0; k < std::min<size_t>(variants[i].measurements.size(), 8); ++k) {
      const Measurement& m = variants[i].measurements[k];
      if (k == 0 && !m.samples_us.empty())
        chart.rows.push_back({variants[i].name, m.samples_us, static_cast<int>(i), m.latency_us.count});
      several |= k > 0;
      if (m.latency_us.count > 0)
        by_threads.bars.push_back({format("{} · {}", clip_text(variants[i].name, 18),
                                          m.threads == 1 ? "1 thread" : format("{} threads", m.threads)),
                                   m.latency_us.p50, "", "", static_cast<int>(i), 0});
    }
  }
  std::string body = figure("Distribution", svg::distributions(chart),
                            "Each dot is one run (of many a sample over all speeds); the shape shows where runs "
                            "gather. Thick bar: the middle half. Tall "
                            "tick: median. Small ticks: 90th and 99th percentile. Runs beyond the axis are counted at "
                            "the right. Median, p99 and the slowest run are those of all runs, as in the table. A "
                            "narrow shape is a steady variant.");
  if (several) {
    if (by_threads.bars.size() > 32) by_threads.bars.resize(32);
    body += figure("Median per thread count", svg::bars(by_threads),
                   "Shorter is faster. A second thread helps only where a layer has enough work to share.");
  }
  return body.empty() ? body
                      : section("latency", "Latency",
                                "Variants took turns (A B A B …) after a warm-up, so that a busy or throttling machine "
                                "is felt by all alike.",
                                format("<div class=\"grid\">{}</div>", body));
}

}  // namespace thimble::report
