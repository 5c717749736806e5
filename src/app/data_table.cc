#include "app/data_table.h"

#include <algorithm>

#include "base/json.h"
#include "data/csv.h"
#include "data/sources.h"
#include "measure/table.h"
#include "measure/text.h"
#include "measure/units.h"

namespace thimble::app {
namespace {

struct Shown {
  CsvTable table;
  std::vector<ColumnSummary> columns;
  size_t target = 0;
  Task task = Task::regression;
  Samples samples;      // as training would read it, missing numbers filled
  std::string problem;  // why it cannot be used as it stands; empty: it can
};

const char* kind_of(const ColumnSummary& c) {
  if (c.count == 0) return "empty";
  if (c.numbers == c.count) return c.whole == c.count ? "whole numbers" : "numbers";
  return c.is_text() ? "texts" : "numbers and texts";
}

std::string frequent(const ColumnSummary& c, size_t most) {
  if (c.frequent.empty()) return c.count == 0 ? "" : format("more than {} values", ColumnSummary::kMaxDistinct);
  std::string out;
  for (size_t i = 0; i < std::min(most, c.frequent.size()); ++i)
    out += format("{}{} ({})", i ? ", " : "", clip_text(c.frequent[i].first, 16), c.frequent[i].second);
  return out + (c.frequent.size() > most ? ", …" : "");
}

std::vector<int64_t> per_class(const Samples& samples) {
  std::vector<int64_t> counts(static_cast<size_t>(samples.classes));
  for (int32_t label : samples.labels) ++counts[static_cast<size_t>(label)];
  return counts;
}

std::string as_json(const std::string& set, const Shown& s) {
  JsonWriter json;
  json.begin_object().field("schema", "thimble.data/1").field("set", set);
  json.array("sample_shape", s.samples.sample_shape).field("classes", s.samples.classes);
  json.array("labels", s.samples.label_names).key("parts").begin_array();
  json.begin_object().field("name", "test").field("samples", static_cast<int64_t>(s.table.rows.size()));
  json.array("per_class", per_class(s.samples)).end_object().end_array();
  json.field("target", s.columns[s.target].name).field("task", name(s.task)).key("columns").begin_array();
  for (size_t i = 0; i < s.columns.size(); ++i) {
    const ColumnSummary& c = s.columns[i];
    json.begin_object().field("name", c.name).field("role", i == s.target ? "target" : "input");
    json.field("type", kind_of(c)).field("values", c.count).field("missing", c.missing).field("distinct", c.distinct);
    if (c.numbers > 0)
      json.field("min", c.low).field("mean", c.mean).field("max", c.high).field("deviation", c.deviation);
    json.key("frequent").begin_array();
    for (size_t k = 0; k < std::min<size_t>(10, c.frequent.size()); ++k)
      json.begin_object().field("value", c.frequent[k].first).field("count", c.frequent[k].second).end_object();
    json.end_array().end_object();
  }
  json.end_array().array("notes", s.table.notes).field("problem", s.problem).end_object();
  return json.take() + "\n";
}

std::string as_text(const std::string& set, const Shown& s, bool colour) {
  TextTable table;
  table.column("column").column("holds").column("missing", Align::right).column("distinct", Align::right);
  table.column("min", Align::right).column("mean", Align::right).column("max", Align::right).column("most frequent");
  for (size_t i = 0; i < s.columns.size(); ++i) {
    const ColumnSummary& c = s.columns[i];
    const bool many = c.distinct > ColumnSummary::kMaxDistinct;
    const bool numbers = !c.is_text() && c.numbers > 0;
    table.row({clip_text(c.name, 24), format("{}{}", i == s.target ? "target, " : "", kind_of(c)),
               c.missing ? format_count(c.missing) : "",
               many ? format("> {}", format_count(ColumnSummary::kMaxDistinct)) : format_count(c.distinct),
               numbers ? format_number(c.low, 5) : "", numbers ? format_number(c.mean, 5) : "",
               numbers ? format_number(c.high, 5) : "", numbers && c.distinct > 20 ? "" : frequent(c, 3)});
  }
  const ColumnSummary& target = s.columns[s.target];
  std::string text =
      format("{}: {} rows, {} columns", set, format_count(static_cast<int64_t>(s.table.rows.size())), s.columns.size());
  if (s.samples.count > 0) text += format(", {} inputs", s.samples.sample_elements());
  text += "\n\n" + table.text(colour) + "\n";
  text += format("target \"{}\": {}", clip_text(target.name, 40), name(s.task));
  if (s.task == Task::classification && s.samples.classes > 0) {
    text += format(" in {} classes: ", s.samples.classes);
    const std::vector<int64_t> counts = per_class(s.samples);
    for (size_t c = 0; c < std::min<size_t>(counts.size(), 20); ++c)
      text += format("{}{} {}", c ? ", " : "", clip_text(s.samples.label_names[c], 24), format_count(counts[c]));
    if (counts.size() > 20) text += ", …";
  }
  return text + "\n";
}

}  // namespace

Status show_table(const std::string& set, const std::string& target, const Context& context) {
  const std::string path = expanded_home(set.substr(set.find(':') + 1));
  Shown s;
  THIMBLE_ASSIGN(s.table, read_csv_table(path));
  for (size_t c = 0; c < s.table.columns.size(); ++c) s.columns.push_back(summarize_column(s.table, c));
  s.target = s.columns.size() - 1;
  if (!target.empty()) {
    const auto at = std::find(s.table.columns.begin(), s.table.columns.end(), target);
    if (at == s.table.columns.end())
      return fail(ErrorCode::usage, format("{} has no column \"{}\"", set, target),
                  "leave --target out to see them all");
    s.target = static_cast<size_t>(at - s.table.columns.begin());
  }
  s.task = guessed_task(s.columns[s.target]);
  CsvOptions options;
  options.target = target;
  options.task = s.task;
  options.missing = "mean";
  auto samples = table_samples(s.table, options, set);
  if (samples)
    s.samples = std::move(*samples);
  else
    s.problem = samples.error().message + (samples.error().hint.empty() ? "" : "; " + samples.error().hint);
  int64_t missing = 0;
  for (const ColumnSummary& c : s.columns) missing += c.missing;
  if (s.problem.empty() && missing > 0)
    s.problem = format("{} no value; data.missing = \"drop\", \"mean\" or a number says what to do with {}",
                       missing == 1 ? std::string("1 field has") : format("{} fields have", format_count(missing)),
                       missing == 1 ? "it" : "them");
  context.print(context.json ? as_json(set, s) : as_text(set, s, context.colour()));
  for (const std::string& note : s.table.notes) context.note(note);
  if (!s.problem.empty()) context.note("before training: " + s.problem);
  return {};
}

}  // namespace thimble::app
