// Every number in every table of the report is that of results.json, within the rounding that the cell shows. Tables of
// what is in the report only (operators, plan of the memory) are held against the study itself. A table that no check
// here knows fails the test.
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/page/page_cells.h"
#include "report/page/report_html.h"
#include "report/page/report_search.h"
#include "report/report_json.h"
#include "report/report_sample.h"

namespace thimble {
namespace {

using Json = nlohmann::json;

double number_at(const Json& row, const std::string& pointer) {
  const Json::json_pointer at(pointer);
  return row.contains(at) && row[at].is_number() ? row[at].get<double>() : NAN;
}

struct Column {
  std::function<double(const Json&)> value;
  bool size = false;                                                        // of something: 0 says that there is none
  double second = 1e6;                                                      // in the units of the value
  std::function<void(const Cell&, const Json&, const std::string&)> below;  // the other numbers of the cell
};

Column from(const std::string& pointer) {
  return {[pointer](const Json& row) { return number_at(row, pointer); }, false, 1e6, nullptr};
}
Column size(const std::string& pointer) {
  Column c = from(pointer);
  c.size = true;
  return c;
}
Column seconds(const std::string& pointer) {
  Column c = from(pointer);
  c.second = 1;
  return c;
}

void check_cell(const Cell& cell, const Column& column, const Json& row, const std::string& where) {
  ASSERT_TRUE(cell.number) << where;
  const double value = column.value(row);
  const std::string main = cell.text.substr(0, cell.text.find(" ± "));
  if (!std::isfinite(value) || (column.size && value == 0)) {
    EXPECT_EQ(main, "–") << where;
    EXPECT_EQ(cell.key, column.size && value == 0 && !cell.key.empty() ? "0" : "") << where;
  } else {
    EXPECT_EQ(std::strtod(cell.key.c_str(), nullptr), value) << where;
    expect_shown(main, value, column.second, where);
  }
  if (column.below)
    column.below(cell, row, where);
  else
    EXPECT_TRUE(cell.text == main && cell.below.empty()) << where << ": more than one number";
}

Column with_deviation(Column column, const std::string& pointer) {
  column.below = [=](const Cell& cell, const Json& row, const std::string& where) {
    const size_t at = cell.text.find(" ± ");
    const double deviation = number_at(row, pointer);
    if (at == std::string::npos)
      EXPECT_FALSE(std::isfinite(deviation)) << where;
    else
      expect_shown(cell.text.substr(at + std::string(" ± ").size()), deviation, column.second, where);
  };
  return column;
}

// "90.81–91.91 %"
void expect_interval(const std::string& text, const Json& interval, const std::string& where) {
  if (interval.is_null()) {
    EXPECT_EQ(text, "–") << where;
    return;
  }
  const size_t dash = text.find("–");
  ASSERT_NE(dash, std::string::npos) << where << ": " << text;
  expect_shown(text.substr(0, dash) + " %", interval[0], 1, where);
  expect_shown(text.substr(dash + std::string("–").size()), interval[1], 1, where);
}

Column accuracy() {
  Column column = from("/accuracy");
  column.below = [](const Cell& cell, const Json& row, const std::string& where) {
    std::string interval = cell.below;
    if (interval.starts_with("± ")) {
      const size_t bar = interval.find(" | ");
      expect_shown(interval.substr(std::string("± ").size(), bar - std::string("± ").size()) + " %",
                   row["accuracy_stddev"], 1, where);
      interval = bar == std::string::npos ? "" : interval.substr(bar + 3);
    }
    const Json said = row.value("interval95", Json());  // a point that diverged has none
    if (interval.empty())
      EXPECT_TRUE(said.is_null()) << where;
    else
      expect_interval(interval, said, where);
  };
  return column;
}

using Columns = std::map<std::string, Column>;

// Columns of variants, in the comparison and in sweeps.
Columns variant_columns(const Json& variants) {
  Columns columns = {{"accuracy", accuracy()},
                     {"RMSE", from("/regression/rmse")},
                     {"R²", from("/regression/r2")},
                     {"MAE", from("/regression/mae")},
                     {"largest error", from("/regression/max_error")},
                     {"file size", size("/bytes")},
                     {"latency", from("/latency_us/p50")},
                     {"packed", size("/bytes_packed")},
                     {"deflated", size("/bytes_deflated")},
                     {"parameters + KB", from("/parameters_plus_kb")},
                     {"arena", size("/arena_bytes")},
                     {"agrees", from("/agreement_with_float32")},
                     {"loss", from("/loss")},
                     {"largest difference", from("/max_abs_output_difference")},
                     {"zeros", from("/sparsity")},
                     {"parameters", from("/parameters")},
                     {"multiply-accumulates", from("/macs")}};
  const double whole = variants.empty() ? NAN : number_at(variants[0], "/bytes");
  columns["file size"].below = [whole](const Cell& cell, const Json& row, const std::string& where) {
    if (!cell.below.empty()) expect_shown(cell.below, row["bytes"].get<double>() / whole, 1, where);
  };
  columns["latency"].below = [](const Cell& cell, const Json& row, const std::string& where) {
    if (cell.below.empty()) {
      EXPECT_TRUE(row["latency_us"].is_null()) << where;
      return;
    }
    ASSERT_TRUE(cell.below.starts_with("p99 ")) << where;
    expect_shown(cell.below.substr(4), row["latency_us"]["p99"], 1e6, where);
  };
  return columns;
}

// Texts of a row, and columns that are no numbers of the JSON.
using Texts = std::map<std::string, std::function<std::string(const Json&)>>;
std::function<std::string(const Json&)> text_at(const std::string& pointer) {
  return [pointer](const Json& row) { return row.at(Json::json_pointer(pointer)).get<std::string>(); };
}

void check_table(const Table& table, const Json& rows, const Columns& columns, const Texts& texts) {
  ASSERT_EQ(table.rows.size(), rows.size()) << table.section << ": " << table.above;
  for (size_t r = 0; r < rows.size(); ++r)
    for (size_t c = 0; c < table.columns.size(); ++c) {
      const std::string& name = table.columns[c];
      const Cell& cell = table.rows[r][c];
      const std::string where = format("{}, {}, row {}, column {}", table.section, table.above, r, name);
      if (const auto text = texts.find(name); text != texts.end()) {
        EXPECT_TRUE(cell.text.starts_with(text->second(rows[r]))) << where << ": " << cell.text;
        continue;
      }
      const auto column = columns.find(name);
      ASSERT_NE(column, columns.end()) << where << ": no check for this column";
      check_cell(cell, column->second, rows[r], where);
    }
}

// A row for each of `list` in each of `items`, with the item's own fields named `as`.
Json flattened(const Json& items, const std::string& list, const std::string& as) {
  Json rows = Json::array();
  for (const Json& item : items)
    for (const auto& [key, inner] : item[list].items()) {
      Json row = inner;
      row["list_key"] = key;
      row[as] = item.value("name", "");
      rows.push_back(row);
    }
  return rows;
}

Json sorted_down(Json rows, const std::string& by) {
  std::vector<Json> list(rows.begin(), rows.end());
  std::stable_sort(list.begin(), list.end(), [&](const Json& a, const Json& b) { return a[by] > b[by]; });
  return list;
}

// The variant whose name a summary begins or ends with.
const Json* variant_in(const Json& variants, const std::string& text) {
  const Json* found = nullptr;
  for (const Json& v : variants) {
    const std::string name = v["name"];
    if ((text.starts_with(name) || text.ends_with(name)) &&
        (!found || name.size() > (*found)["name"].get<std::string>().size()))
      found = &v;
  }
  return found;
}

Json report_only_operators(const VariantResult& v) {
  Json rows = Json::array();
  for (const OperatorTime& o : v.operators)
    rows.push_back({{"op", o.op}, {"name", o.name}, {"us", o.us}, {"share", o.share}});
  return sorted_down(rows, "us");
}

Json report_only_steps(const VariantResult& v) {
  Json rows = Json::array();
  for (size_t s = 0; s < v.step_names.size(); ++s) {
    int64_t bytes = 0;
    for (const ArenaSlot& slot : v.arena)
      if (slot.first_step <= static_cast<int64_t>(s) && static_cast<int64_t>(s) <= slot.last_step) bytes += slot.size;
    rows.push_back({{"step", s}, {"name", v.step_names[s]}, {"bytes", bytes}});
  }
  return rows;
}

Json report_only_blocks(const VariantResult& v) {
  Json rows = Json::array();
  for (const ArenaSlot& slot : v.arena)
    rows.push_back({{"name", slot.tensor},
                    {"bytes", slot.size},
                    {"at", slot.offset},
                    {"from", slot.first_step},
                    {"to", slot.last_step}});
  return rows;
}

const VariantResult& named(const StudyResult& study, const std::string& name) {
  for (const VariantResult& v : study.variants)
    if (v.name == name) return v;
  ADD_FAILURE() << name;
  return study.variants[0];
}

void check_tensors(const Table& table, const Json& variant) {
  if (table.columns[0] == "left in float") {
    check_table(table, variant["unquantized_tensors"], {{"bytes", from("/bytes")}},
                {{"left in float", text_at("/name")}, {"why", text_at("/why")}});
    return;
  }
  const auto ratio = [](const char* a, const char* b) {
    return Column{[=](const Json& row) { return row[b] > 0 ? row[a].get<double>() / row[b].get<double>() : NAN; },
                  false, 1e6, nullptr};
  };
  Column packed = size("/bytes_packed");
  packed.below = [](const Cell& cell, const Json& row, const std::string& where) {
    EXPECT_EQ(cell.below, row["packed_how"].get<std::string>()) << where;
  };
  check_table(table, sorted_down(variant["tensors"], "bytes_before"),
              {{"before", from("/bytes_before")},
               {"after", from("/bytes")},
               {"of before", ratio("bytes", "bytes_before")},
               {"zeros", ratio("zeros", "elements")},
               {"values", size("/distinct")},
               {"deflated", size("/bytes_deflated")},
               {"packed", packed}},
              {{"tensor", text_at("/name")}, {"type", text_at("/type")}, {"reason", text_at("/why")}});
}

Json sweep_rows(const Json& sweep) {
  Json rows = Json::array();
  for (const Json& point : sweep) {
    Json row = point["variants"].empty() ? Json{{"name", "–"}} : Json();
    for (const Json& v : point["variants"].empty() ? Json::array({row}) : point["variants"]) {
      row = v;
      row["note"] = point.value("note", "");
      row["value"] = point["value"];
      rows.push_back(row);
    }
  }
  return rows;
}

void check_page(const StudyResult& study, std::set<std::string>* seen) {
  const std::string page = report_html(study);
  const Json json = Json::parse(report_json(study));
  ASSERT_EQ(Json::parse(between(page, "id=\"results\">", "</script>")), json);
  const Json& variants = json["variants"];
  for (const Table& t : tables_of(page)) {
    seen->insert(t.section + ": " + t.columns[0]);
    const Texts variant = {{"variant", text_at("/variant")}};
    if (t.section == "compare" && t.columns[1] == "threads") {
      const std::string l = "/latency_us/";
      check_table(t, flattened(variants, "measurements", "variant"),
                  {{"threads", from("/threads")},
                   {"mean ± deviation", with_deviation(from(l + "mean"), l + "stddev")},
                   {"p50", from(l + "p50")},
                   {"p90", from(l + "p90")},
                   {"p99", from(l + "p99")},
                   {"min", from(l + "min")},
                   {"max", from(l + "max")},
                   {"runs", from(l + "count")},
                   {"whole test set", with_deviation(seconds("/test_set_seconds/mean"), "/test_set_seconds/stddev")},
                   {"trials", from("/test_set_seconds/trials")},
                   {"CPU share", from("/cpu_share")},
                   {"peak memory", size("/peak_rss_bytes")}},
                  variant);
    } else if (t.section == "compare" && t.columns[1] == "test set") {
      Column interval{[](const Json& row) { return number_at(row, "/interval95/0"); }, false, 1e6, nullptr};
      Texts texts = variant;
      texts["test set"] = text_at("/list_key");
      const Json rows = flattened(variants, "extra", "variant");
      Columns columns = {{"accuracy", from("/accuracy")}, {"samples", from("/n")}};
      Table rest = t;
      for (size_t r = 0; r < rest.rows.size(); ++r) {  // two numbers in one cell
        expect_interval(rest.rows[r][3].text, rows[r]["interval95"], "further test sets");
        rest.rows[r].erase(rest.rows[r].begin() + 3);
      }
      rest.columns.erase(rest.columns.begin() + 3);
      check_table(rest, rows, columns, texts);
    } else if (t.section == "compare") {
      check_table(t, variants, variant_columns(variants), {{"variant", text_at("/name")}});
    } else if (t.section == "training") {
      Column epochs{[](const Json& row) { return static_cast<double>(row["epochs"].size()); }, false, 1e6, nullptr};
      check_table(t, json["training"]["per_seed"],
                  {{"seed", from("/seed")},
                   {"epochs", epochs},
                   {"test accuracy", from("/test_accuracy")},
                   {"test loss", from("/test_loss")},
                   {"samples per second", from("/images_per_s")},
                   {"time", seconds("/seconds")}},
                  {});
    } else if (t.section == "sweep") {
      check_table(t, sweep_rows(json["sweep"]), variant_columns(Json::array()),
                  {{"variant", text_at("/name")}, {"note", text_at("/note")}, {"setting", [](const Json&) {
                                                                                 return std::string();
                                                                               }}});
      for (size_t r = 0; r < t.rows.size(); ++r)
        EXPECT_TRUE(t.rows[r][0].text.ends_with("= " + sweep_rows(json["sweep"])[r]["value"].get<std::string>()))
            << t.rows[r][0].text;
    } else if (t.section == "model") {
      Texts texts = {{"layer", text_at("/name")}, {"operator", text_at("/op")}};
      texts["output shape"] = [](const Json& row) {
        std::string shape;
        for (int64_t d : row["output_shape"]) shape += format("{}{}", shape.empty() ? "" : " × ", d);
        return shape;
      };
      check_table(t, json["model"]["layers"],
                  {{"parameters", from("/parameters")}, {"multiply-accumulates", from("/macs")}}, texts);
    } else {
      const Json* v = variant_in(variants, t.above);
      ASSERT_TRUE(v) << t.section << ": a table below \"" << t.above << "\" that nothing checks";
      const VariantResult& own = named(study, (*v)["name"]);
      if (t.section == "tensors")
        check_tensors(t, *v);
      else if (t.section == "operators")
        check_table(t, report_only_operators(own), {{"time", from("/us")}, {"share", from("/share")}},
                    {{"operator", text_at("/op")}, {"name", text_at("/name")}});
      else if (t.columns[0] == "step")
        check_table(t, report_only_steps(own), {{"step", from("/step")}, {"bytes in use", from("/bytes")}},
                    {{"operator", text_at("/name")}});
      else if (t.columns[0] == "block")
        check_table(t, report_only_blocks(own),
                    {{"bytes", from("/bytes")},
                     {"at address", from("/at")},
                     {"needed from step", from("/from")},
                     {"to step", from("/to")}},
                    {{"block", text_at("/name")}});
      else
        ADD_FAILURE() << t.section << ": a table of \"" << t.columns[0] << "\" that nothing checks";
    }
  }
}

StudyResult with_steps(StudyResult r) {
  for (VariantResult& v : r.variants)
    for (const OperatorTime& o : v.operators) v.step_names.push_back(o.op + " " + o.name);
  return r;
}

TEST(ReportTables, ClassesEveryNumberIsThatOfTheJson) {
  std::set<std::string> seen;
  StudyResult r = with_steps(sample_study());
  r.study.parameters_plus_kb = true;
  r.sweep.back().variants.clear();
  r.sweep.back().note = "diverged: the loss is no number";
  r.variants[1].measurements.clear();  // not measured: a dash
  check_page(r, &seen);
  for (const char* table :
       {"compare: variant", "sweep: setting", "training: seed", "operators: operator", "memory: step", "memory: block",
        "tensors: tensor", "tensors: left in float", "model: layer"})
    EXPECT_TRUE(seen.contains(table)) << table;
}

TEST(ReportTables, NumbersEveryNumberIsThatOfTheJson) {
  std::set<std::string> seen;
  StudyResult r = with_steps(sample_study());
  double rmse = 0.0125;
  const auto number = [&](VariantResult& v) {
    v.accuracy = kAbsent, v.interval95 = {kAbsent, kAbsent}, v.confusion = {}, v.extra.clear();
    v.regression = {rmse * rmse, rmse, rmse / 2, 0.99875, 5 * rmse};
    rmse *= 37.7;  // up to prices
  };
  for (VariantResult& v : r.variants) number(v);
  for (SweepRow& row : r.sweep)
    for (VariantResult& v : row.variants) number(v);
  check_page(r, &seen);
  EXPECT_TRUE(seen.contains("compare: variant"));
}

// search.html has no JSON beside it but that of the command, which has these rows.
TEST(ReportTables, TrialsOfASearch) {
  SearchReport r;
  r.model = "m.tflite", r.goal = "at most 2 points", r.met = true;
  r.bytes_before = 60'000, r.score_before = 0.915;
  r.rows = {{"8 bits", 1, 0, 800, 0.9125, 9'000, 5'120, true, false},
            {"4 bits, keep 0.5", 2, 1, 200'000, 0.90206, 1444, 123'456, true, true}};
  for (const bool classes : {true, false}) {
    r.accuracy = classes;
    Json rows = Json::array();
    for (const SearchRow& row : r.rows)
      rows.push_back({{"plan", row.plan},
                      {"round", row.rung},
                      {"samples", row.samples},
                      {"bytes", row.bytes},
                      {"memory", row.memory},
                      {"score", row.score}});
    const auto tables = tables_of(search_html(r));
    ASSERT_EQ(tables.size(), 1u);
    Table table = tables[0];
    for (size_t i = 0; i < table.rows.size(); ++i)  // rounds count from 1
      EXPECT_EQ(table.rows[i][1].text, std::to_string(r.rows[i].rung + 1));
    for (auto& row : table.rows) row.erase(row.begin() + 1);
    table.columns.erase(table.columns.begin() + 1);
    check_table(table, rows,
                {{"trained on (samples)", from("/samples")},
                 {"packed file (bytes)", from("/bytes")},
                 {"memory while running (bytes)", from("/memory")},
                 {classes ? "validation accuracy" : "validation loss", from("/score")}},
                {{"plan", text_at("/plan")}});
  }
}

}  // namespace
}  // namespace thimble
