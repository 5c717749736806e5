#include "report/report_markdown.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"
#include "report/boards.h"
#include "report/devices.h"
#include "report/plus_kb.h"
#include "report/verdict.h"

namespace thimble {

namespace {
std::string line_of(const std::string& text) {  // one line, no markup
  std::string out;
  for (char c : valid_utf8(text)) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    if (c == '<' || c == '`' || c == '[' || c == '*' || c == '#') out += '\\';
    out += c;
  }
  return out;
}

std::string accuracy_cell(const VariantResult& v) {
  std::string text = format_percent(v.accuracy);
  if (std::isfinite(v.accuracy_stddev) && v.per_seed.size() > 1) text += format(" ± {:.2f}", v.accuracy_stddev * 100);
  return text;
}

std::string interval_cell(const Interval& i) {
  if (!std::isfinite(i.low) || !std::isfinite(i.high)) return "–";
  return format("{:.2f}–{:.2f} %", i.low * 100, i.high * 100);
}

bool any_regression(const std::vector<VariantResult>& variants) {
  return std::any_of(variants.begin(), variants.end(), [](const auto& v) { return v.regression.present(); });
}

std::string packed_cell(const VariantResult& v) { return v.bytes_packed > 0 ? format_count(v.bytes_packed) : "–"; }

// Where the answer is a number, errors stand in place of accuracy.
void append_regression(std::string& out, const std::vector<VariantResult>& variants, bool plus_kb) {
  TextTable table;
  table.column("variant");
  for (const char* name : {"parameters", "bytes", "deflated", "packed", "RMSE", "MAE", "R²", "largest error",
                           "largest difference from float32", "arena"})
    table.column(name, Align::right);
  if (plus_kb) table.column("parameters + KB", Align::right);
  for (const VariantResult& v : variants) {
    const RegressionScore& s = v.regression;
    table.row({v.name, format_count(v.parameters), format_count(v.bytes), format_count(v.bytes_deflated),
               packed_cell(v), format_number(s.rmse), format_number(s.mae), format_number(s.r2, 5),
               format_number(s.max_error), format_number(v.max_abs_output_difference, 2),
               format_bytes(static_cast<double>(v.arena_bytes)), parameters_plus_kb_text(v)});
  }
  out += table.markdown() + "\n";
}

void append_variants(std::string& out, const std::vector<VariantResult>& variants, bool plus_kb) {
  if (any_regression(variants)) return append_regression(out, variants, plus_kb);
  TextTable table;
  table.column("variant").column("bytes", Align::right).column("deflated", Align::right).column("packed", Align::right);
  table.column("zeros", Align::right)
      .column("accuracy", Align::right)
      .column("95 % interval", Align::right)
      .column("loss", Align::right);
  table.column("agrees with float32", Align::right).column("arena", Align::right).column("how");
  if (plus_kb) table.column("parameters + KB", Align::right);
  for (const VariantResult& v : variants)
    table.row({v.name, format_count(v.bytes), format_count(v.bytes_deflated), packed_cell(v),
               format_percent(v.sparsity, 1), accuracy_cell(v), interval_cell(v.interval95), format_number(v.loss),
               format_percent(v.agreement_with_float32), format_bytes(static_cast<double>(v.arena_bytes)), v.technique,
               parameters_plus_kb_text(v)});  // the last cell is dropped without its column
  out += table.markdown() + "\n";
}

void append_times(std::string& out, const std::vector<VariantResult>& variants) {
  TextTable table;
  table.column("variant").column("threads", Align::right).column("mean ± deviation", Align::right);
  for (const char* name : {"p50", "p90", "p99", "test set", "trials", "CPU share", "peak memory"})
    table.column(name, Align::right);
  bool any = false;
  for (const VariantResult& v : variants)
    for (const Measurement& m : v.measurements) {
      any = true;
      const LatencySummary& l = m.latency_us;
      table.row({v.name, std::to_string(m.threads),
                 format("{} ± {}", format_microseconds(l.mean), format_microseconds(l.stddev)),
                 format_microseconds(l.p50), format_microseconds(l.p90), format_microseconds(l.p99),
                 format_seconds(m.test_set_seconds.mean), std::to_string(m.test_set_seconds.trials),
                 format_percent(m.cpu_share, 0), format_bytes(static_cast<double>(m.peak_rss_bytes))});
    }
  if (any) out += "## Time and memory\n\n" + table.markdown() + "\n";
}

void append_boards(std::string& out, const std::vector<VariantResult>& variants) {
  const std::vector<BoardWords> words = board_words(variants);
  if (words.empty()) return;
  out += "## Boards\n\n";
  for (const BoardWords& w : words)
    out += format("- **{}** ({}): {}\n", line_of(w.title), line_of(w.limits), line_of(w.answer));
  TextTable table;
  table.column("variant").column("board").column("fits");
  for (const char* name : {"flash", "RAM", "stack", "instructions", "time"}) table.column(name, Align::right);
  for (const VariantResult& v : variants)
    for (const BoardRow& b : v.boards) {
      if (b.no_c.empty())
        table.row({v.name, b.board, fits_text(b), format_count(b.flash_bytes), format_count(b.ram_bytes),
                   format_count(b.stack_bytes), format_quantity(b.instructions), board_time_text(b)});
      else
        table.row({v.name, b.board, "no C: " + b.no_c, "–", "–", "–", "–", "–"});
    }
  out += "\n" + table.markdown() + "\n";
}

void append_devices(std::string& out, const StudyResult& result) {
  if (result.devices.empty()) return;
  out += "## Devices\n\n";
  TextTable table;
  table.column("variant").column("device");
  for (const char* name :
       {"accuracy", "samples", "same answers", "median", "instructions", "all samples", "break-even", "peak memory"})
    table.column(name, Align::right);
  for (const DeviceResult& d : result.devices) {
    const std::string about = device_text(d);
    out += format("- **{}**{}: {}\n", line_of(d.device), about.empty() ? "" : " (" + line_of(about) + ")",
                  line_of(device_answer(result, d)));
    for (const DeviceVariant& v : d.variants) {
      const auto here = std::ranges::find(result.variants, v.name, &VariantResult::name);
      const double delay = here == result.variants.end() ? kAbsent : break_even_us(*here, d, v);
      const TestSetSeconds& all = v.test_set_seconds;
      if (v.samples > 0)
        table.row({v.name, d.device, v.accuracy == v.accuracy ? format_percent(v.accuracy) : format_number(v.rmse),
                   format_count(v.samples), format_count(v.same_answers),
                   d.emulated ? "–" : format_microseconds(v.latency_us.p50),
                   v.instructions > 0 ? format_quantity(v.instructions) : "–",
                   all.trials > 0 ? format("{} ± {}", format_seconds(all.mean), format_seconds(all.stddev)) : "–",
                   delay == delay ? format_microseconds(delay) : "–",
                   format_bytes(static_cast<double>(v.peak_rss_bytes))});
      else
        table.row({v.name, d.device, "not measured", "–", "–", "–", "–", "–", "–", "–"});
    }
  }
  out += "\n" + table.markdown() + "\n";
}

void append_extra(std::string& out, const std::vector<VariantResult>& variants) {
  TextTable table;
  table.column("variant").column("test set").column("accuracy", Align::right);
  table.column("95 % interval", Align::right).column("samples", Align::right);
  bool any = false;
  for (const VariantResult& v : variants)
    for (const ExtraScore& e : v.extra) {
      any = true;
      table.row(
          {v.name, e.set,
           e.regression.present() ? format("RMSE {}", format_number(e.regression.rmse)) : format_percent(e.accuracy),
           interval_cell(e.interval95), format_count(e.n)});
    }
  if (any) out += "## Further test sets\n\n" + table.markdown() + "\n";
}

void append_unquantized(std::string& out, const std::vector<VariantResult>& variants) {
  TextTable table;
  table.column("variant").column("tensor").column("bytes", Align::right).column("why it stayed in float");
  bool any = false;
  for (const VariantResult& v : variants)
    for (const UnquantizedRow& t : v.unquantized_tensors) {
      any = true;
      table.row({v.name, t.name, format_count(t.bytes), t.why});
    }
  if (any) out += "## Tensors left in float\n\n" + table.markdown() + "\n";
}

// "sgd" alone would hide the learning rate behind it.
std::string setting_cell(const SweepRow& row) {
  if (row.settings.size() != 1 || row.settings[0].second.size() > 60) return row.value;
  return row.settings[0].second == format("\"{}\"", row.value) ? row.value : row.settings[0].second;
}

void append_sweep(std::string& out, const std::vector<SweepRow>& sweep, bool plus_kb) {
  if (sweep.empty()) return;
  bool numbers = false;
  for (const SweepRow& row : sweep) numbers |= any_regression(row.variants);
  TextTable table;
  table.column("key").column("value").column("variant").column(numbers ? "RMSE" : "accuracy", Align::right);
  table.column(numbers ? "R²" : "loss", Align::right).column("parameters", Align::right);
  table.column("bytes", Align::right);
  if (plus_kb) table.column("parameters + KB", Align::right);
  if (std::any_of(sweep.begin(), sweep.end(), [](const SweepRow& row) { return !row.note.empty(); }))
    table.column("note");
  for (const SweepRow& row : sweep) {
    std::vector<std::vector<std::string>> lines;
    if (row.variants.empty()) lines.push_back({"–", "–", "–", "–", "–", "–"});
    for (const VariantResult& v : row.variants)
      lines.push_back({v.name, numbers ? format_number(v.regression.rmse) : accuracy_cell(v),
                       numbers ? format_number(v.regression.r2, 5) : format_number(v.loss), format_count(v.parameters),
                       format_count(v.bytes), parameters_plus_kb_text(v)});
    for (auto& line : lines) {
      line.insert(line.begin(), {row.key, setting_cell(row)});
      if (!plus_kb) line.pop_back();
      line.push_back(row.note);
      table.row(std::move(line));
    }
  }
  out += "## Sweep\n\n" + table.markdown() + "\n";
}
}  // namespace

std::string report_markdown(const StudyResult& result) {
  const std::string& title = result.study.title.empty() ? result.study.name : result.study.title;
  std::string out = format("# {}\n\n", line_of(title.empty() ? "Study" : title));
  for (const std::string& sentence : judge(result).sentences) out += line_of(sentence) + "\n";
  out += "\n";
  for (const std::string& warning : result.warnings) out += format("> **Warning:** {}\n\n", line_of(warning));
  if (result.model.parameters > 0)
    out += format("{} parameters, {} multiply-accumulates per input.\n\n", format_count(result.model.parameters),
                  format_count(result.model.macs));
  if (!result.variants.empty()) {
    out += "## Variants\n\n";
    append_variants(out, result.variants, result.study.parameters_plus_kb);
    append_times(out, result.variants);
    append_boards(out, result.variants);
    append_devices(out, result);
    append_extra(out, result.variants);
    append_unquantized(out, result.variants);
  }
  append_sweep(out, result.sweep, result.study.parameters_plus_kb);
  if (!result.training.epochs.empty()) {
    const EpochRow& last = result.training.epochs.back();
    out += format(
        "## Training\n\n{} epochs in {} ({} samples/s); last epoch: loss {}, accuracy {}, validation loss {}, "
        "validation accuracy {}.\n\n",
        result.training.epochs.size(), format_seconds(result.training.seconds),
        format_quantity(result.training.images_per_s), format_number(last.loss), format_percent(last.accuracy),
        format_number(last.val_loss), format_percent(last.val_accuracy));
  }
  const MachineInfo& m = result.machine;
  out +=
      format("Measured on {} ({}, {} cores), {}, Thimble {}.\n", line_of(m.cpu.empty() ? "an unnamed machine" : m.cpu),
             line_of(m.isa), m.cores, line_of(m.os), line_of(m.thimble_version));
  for (const std::string& note : result.notes) out += format("\n- {}", line_of(note));
  if (!result.notes.empty()) out += "\n";
  return out;
}

}  // namespace thimble
