#include "report/page/report_search.h"

#include <algorithm>

#include "base/format.h"
#include "measure/text.h"
#include "measure/units.h"
#include "report/page/report_parts.h"
#include "report/plots/svg.h"

namespace thimble {
namespace {

using report::HtmlTable;

std::string score_text(const SearchReport& r, double score) {
  return r.accuracy ? format_percent(score) : format_number(score);
}

std::string tile(const std::string& value, const std::string& what, bool ship = false) {
  return format("<div class=\"tile{}\"><b>{}</b><span>{}</span></div>", ship ? " ship" : "", escape_html(value),
                escape_html(what));
}

// A trial that is hardly larger than the chosen one and clearly better: the goal does not ask for it, a user might.
std::string better_at_hand(const SearchReport& r, const SearchRow& chosen) {
  constexpr double kSize = 1.1, kPoints = 0.002, kLoss = 0.95;
  const SearchRow* best = nullptr;
  for (const SearchRow& row : r.rows) {
    if (row.chosen || static_cast<double>(row.bytes) > kSize * static_cast<double>(chosen.bytes)) continue;
    if (r.most_bytes > 0 && row.bytes > r.most_bytes) continue;
    if (r.accuracy ? row.score < chosen.score + kPoints : row.score > chosen.score * kLoss) continue;
    if (!best || (r.accuracy ? row.score > best->score : row.score < best->score)) best = &row;
  }
  if (!best) return {};
  return format(
      "<p class=\"warn\">Hardly larger and better: {}, {} bytes ({:.0f} % more) with {} {} in place of {} on the "
      "validation samples (trial_{:03}.tflite beside this page).</p>",
      escape_html(best->plan), format_count(best->bytes),
      100.0 * (static_cast<double>(best->bytes) / static_cast<double>(std::max<int64_t>(chosen.bytes, 1)) - 1),
      r.accuracy ? "an accuracy of" : "a loss of", score_text(r, best->score), score_text(r, chosen.score),
      best->number);
}

std::string head(const SearchReport& r, const SearchRow& chosen) {
  const double before = r.test_before >= 0 ? r.test_before : r.score_before;
  const double now = r.test >= 0 ? r.test : chosen.score;
  const char* part = r.test >= 0 ? "on test samples that took no part in the search" : "on the validation samples";
  std::string html = format(
      "<h1>Smaller: {}</h1><div class=\"verdict\"><p>{}</p><p>{}</p></div>", escape_html(clip_text(r.model, 90)),
      r.met ? format("Ship this: {}. The goal ({}) is met.", escape_html(chosen.plan), escape_html(r.goal))
            : format("The goal ({}) was not met. The nearest is: {}.", escape_html(r.goal), escape_html(chosen.plan)),
      format("A {} of {} bytes instead of {}; {} {} instead of {}, {}.", escape_html(r.bytes_of),
             format_count(chosen.bytes), format_count(r.bytes_before), r.accuracy ? "accuracy" : "loss",
             score_text(r, now), score_text(r, before), part));
  html += better_at_hand(r, chosen);
  html += "<div class=\"tiles\">";
  html += tile(format_bytes(static_cast<double>(chosen.bytes)), r.bytes_of, true);
  if (chosen.bytes < r.bytes_before)
    html += tile(format("{:.1f} ×",
                        static_cast<double>(r.bytes_before) / static_cast<double>(std::max<int64_t>(chosen.bytes, 1))),
                 "smaller than the model given");
  else
    html += tile(size_change(r.bytes_before, chosen.bytes), "beside the model given");
  html += tile(score_text(r, now), r.accuracy ? "accuracy" : "loss");
  html += tile(format("{}", r.rows.size()), "trials");
  return html + "</div>";
}

svg::Scatter chart_of(const SearchReport& r, const std::vector<SearchRow>& rows) {
  svg::Scatter chart;
  chart.description = r.accuracy ? "accuracy against size of trials" : "loss against size of trials";
  chart.x = {r.bytes_of, svg::Unit::bytes, true};
  chart.y = r.accuracy ? svg::Axis{"validation accuracy", svg::Unit::percent} : svg::Axis{"validation loss"};
  chart.larger_y_is_better = r.accuracy;
  for (const SearchRow& row : rows) {
    svg::ScatterPoint p;
    p.x = static_cast<double>(row.bytes);
    p.y = row.score;
    p.colour = row.chosen ? 1 : row.rung == 0 ? 7 : 0;
    if (row.chosen) p.label = "chosen";
    p.tip = format("{}\n{} bytes, {}, {} samples", row.plan, format_count(row.bytes), score_text(r, row.score),
                   format_count(row.samples));
    chart.points.push_back(std::move(p));
  }
  svg::ScatterPoint before;
  before.label = "the model given";
  before.x = static_cast<double>(r.bytes_before);
  before.y = r.score_before;
  before.colour = 2;
  chart.points.push_back(std::move(before));
  return chart;
}

std::string plot(const SearchReport& r) {
  constexpr double kNearPoints = 0.03, kNearLoss = 0.5;  // accuracy lost; part of the loss added
  std::vector<SearchRow> near;
  const auto chosen = std::ranges::find_if(r.rows, [](const SearchRow& row) { return row.chosen; });
  const double from = chosen == r.rows.end() ? r.score_before : chosen->score;
  for (const SearchRow& row : r.rows)
    if (r.accuracy ? row.score >= from - kNearPoints : row.score <= from * (1 + kNearLoss)) near.push_back(row);
  std::string figures = report::figure(
      "", svg::scatter(chart_of(r, r.rows)),
      "Each dot is one trial; up and to the left is better. The dotted line joins what no other trial beats. "
      "Trials of the first round (grey squares) were trained for a short time only; the best of each round went on.");
  if (near.size() > 2 && near.size() < r.rows.size())
    figures +=
        report::figure("", svg::scatter(chart_of(r, near)),
                       format("The {} of {} trials that come near to the chosen one.", near.size(), r.rows.size()));
  return report::section("plot", "What was tried", "", format("<div class=\"grid\">{}</div>", figures));
}

std::string table(const SearchReport& r) {
  HtmlTable t;
  t.column("plan", false).column("round").column("trained on (samples)").column(format("{} (bytes)", r.bytes_of));
  t.column("memory while running (bytes)").column(r.accuracy ? "validation accuracy" : "validation loss");
  for (const SearchRow& row : r.rows) {
    t.begin_row(row.chosen);
    t.text(escape_html(row.plan) + (row.chosen  ? "<span class=\"tag\">chosen</span>"
                                    : row.front ? "<span class=\"tag\">front</span>"
                                                : ""));
    t.number(row.rung, format("{}", row.rung + 1)).number(static_cast<double>(row.samples), format_count(row.samples));
    t.number(static_cast<double>(row.bytes), format_count(row.bytes));
    t.number(static_cast<double>(row.memory), format_count(row.memory)).number(row.score, score_text(r, row.score));
  }
  return report::section("trials", "All trials", "A click on a heading sorts.", t.html());
}

}  // namespace

std::string search_html(const SearchReport& r) {
  const auto chosen = std::ranges::find_if(r.rows, [](const SearchRow& row) { return row.chosen; });
  std::string command;
  for (const std::string& word : r.command) command += (command.empty() ? "" : " ") + shell_quoted(word);
  return format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>{}</title>{}</head><body>"
      "<nav><div><button id=\"theme\" type=\"button\">Dark</button><a href=\"#plot\">Plot</a><a "
      "href=\"#trials\">Trials</a>"
      "</div></nav><main>{}{}{}{}</main><div id=\"tip\"></div><script>{}</script></body></html>\n",
      escape_html(clip_text(r.model, 90)), report::page_style(),
      chosen == r.rows.end() ? std::string() : head(r, *chosen), plot(r), table(r),
      report::section(
          "how", "How it was found",
          "Successive halving: every plan trains for a short time, the third of them around the goal trains "
          "longer, and so on. Choices are made on validation samples of the training part only.",
          command.empty() ? "<p>By <code>search</code> in a variant of a study's recipe.</p>"
                          : format("<pre>{}</pre>", escape_html(command))),
      report::page_script());
}

}  // namespace thimble
