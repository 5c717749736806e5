#include "report/page/report_html.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "base/format.h"
#include "measure/text.h"
#include "measure/units.h"
#include "report/page/report_parts.h"
#include "report/plots/svg.h"
#include "report/report_json.h"

namespace thimble {

namespace report {

void Limits::shrink() {
  const auto less = [](size_t& n, size_t least) { n = std::max(n / 2, least); };
  // What results.json has as well, and what is many of a kind, goes first.
  ++round;
  less(points, 40), less(samples, 30), less(blocks, 40), less(operators, 10), less(examples, 0);
  less(picture_bytes, 0), less(lines, 6), less(text, 1000), less(json_bytes, 0);
  if (round < 2) return;
  less(tensors, 10), less(plots, 1), less(classes, 20);
  matrices = 1;
  if (round < 4) return;
  // The tables of the techniques that a study compares are what it was made for: their rows went before they do.
  less(detailed_variants, 2), less(variants, 6), less(layers, 12), less(sweep_rows, 12), less(sweep_points, 12);
  less(name, 40);
}

std::string name_of(const Context& c, std::string_view raw) { return escape_html(clip_text(raw, c.limits.name)); }

std::string sentence(std::string_view raw, size_t limit) {
  std::string out;
  const std::string escaped = escape_html(clip_text(raw, limit));
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] == ' ' && i + 1 < escaped.size() && escaped[i + 1] == '%')
      out += "\u00a0";
    else
      out += escaped[i];
  }
  return out;
}

size_t common_scope(const std::vector<std::string>& names) {
  if (names.size() < 2) return 0;
  size_t length = names[0].size();
  for (const std::string& name : names) {
    size_t same = 0;
    while (same < std::min(length, name.size()) && name[same] == names[0][same]) ++same;
    length = same;
  }
  const size_t slash = names[0].substr(0, length).rfind('/');
  return slash == std::string::npos ? 0 : slash + 1;
}

namespace {
// What a heading keeps below itself on a printed page: the first drawing, else some rows of a table. In CSS pixels.
double kept_below(std::string_view body) {
  constexpr double kUsual = 260, kMost = 560, kWords = 130, kColumn = 310, kWholePage = 980;
  const size_t figure = body.find("<figure"), table = body.find("<table"), box = body.find("viewBox=\"0 0 ");
  if (figure == std::string_view::npos || table < figure || box == std::string_view::npos) return kUsual;
  char* rest = nullptr;
  const double width = std::strtod(body.data() + box + 13, &rest), height = std::strtod(rest, nullptr);
  const bool whole = body.substr(figure, 20).find("whole") != std::string_view::npos;
  if (!(width > 0 && height > 0)) return kUsual;
  return std::min(kMost, std::max(kUsual, height * (whole ? kWholePage : kColumn) / width + kWords));
}
}  // namespace

std::string section(std::string_view id, std::string_view title, std::string_view intro, const std::string& body) {
  if (body.empty()) return {};
  return format("<section id=\"{}\" style=\"--keep:{:.0f}px\"><h2>{}</h2>{}{}</section>\n", id, kept_below(body), title,
                intro.empty() ? "" : format("<p class=\"intro\">{}</p>", intro), body);
}

namespace {
// "Accuracy against bytes" → "accuracy_against_bytes", for a file's name; "label" of the drawing where there is none.
std::string slug(std::string_view title, const std::string& svg) {
  std::string words(title);
  if (const size_t at = svg.find("aria-label=\""); words.empty() && at != std::string::npos)
    words = svg.substr(at + 12, svg.find('"', at + 12) - at - 12);
  std::string out;
  for (char c : words.substr(0, 80)) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!out.empty() && out.back() != '_')
      out += '_';
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out.empty() ? "plot" : out;
}
}  // namespace

std::string figure(std::string_view title, const std::string& svg, std::string_view caption, bool wide) {
  if (svg.empty()) return {};
  return format("<figure{} data-name=\"{}\">{}<div class=\"fit\">{}</div>{}</figure>\n", wide ? " class=\"whole\"" : "",
                slug(title, svg), title.empty() ? "" : format("<h3>{}</h3>", title), svg,
                caption.empty() ? "" : format("<figcaption>{}</figcaption>", caption));
}

std::string glossary(const std::vector<std::pair<std::string, std::string>>& words) {
  std::string rows;
  for (const auto& [word, meaning] : words) rows += format("<dt>{}</dt><dd>{}</dd>", word, meaning);
  return format("<details class=\"words\"><summary>What the columns mean</summary><dl>{}</dl></details>", rows);
}

HtmlTable& HtmlTable::column(std::string_view header, bool number, std::string_view explanation) {
  head_ += format("<th{}{}>{}</th>", number ? " class=\"n\"" : "",
                  explanation.empty() ? "" : format(" data-tip=\"{}\"", escape_html(explanation)), escape_html(header));
  return *this;
}

HtmlTable& HtmlTable::begin_row(bool strong) {
  body_ += strong ? "<tr class=\"hi\">" : "<tr>";
  ++rows_;
  return *this;
}

HtmlTable& HtmlTable::text(const std::string& html) {
  body_ += "<td>";
  body_ += html;
  body_ += "</td>";
  return *this;
}

HtmlTable& HtmlTable::prose(std::string_view raw, size_t limit) {
  return text(raw.empty() ? "" : format("<span class=\"long\">{}</span>", escape_html(clip_text(raw, limit))));
}

namespace {
constexpr size_t kLineBelow = 30;  // bytes: what is longer below a number takes several lines
std::string with_breaks(const std::string& escaped) {
  std::string out;
  for (char c : escaped) out += c == '\n' ? std::string("<br>") : std::string(1, c);
  return out;
}
}  // namespace

HtmlTable& HtmlTable::number(double sort_key, const std::string& text, const std::string& below) {
  body_ += format("<td class=\"n\" data-v=\"{}\">{}{}</td>", std::isfinite(sort_key) ? format("{}", sort_key) : "",
                  escape_html(text),
                  below.empty() ? ""
                                : format("<small class=\"muted{}\">{}</small>",
                                         below.size() > kLineBelow ? " wrap" : "", with_breaks(escape_html(below))));
  return *this;
}

std::string HtmlTable::html() const {
  if (empty()) return {};
  return format("<div class=\"scroll\"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>\n", head_,
                body_);
}

namespace {

// JSON inside a script element: no "<" may remain, or "</script" and "<!--" could end or change it.
std::string script_safe(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (char c : json) {
    if (c == '<')
      out += "\\u003c";
    else if (c == '>')
      out += "\\u003e";
    else if (c == '&')
      out += "\\u0026";
    else if (c != '\n')
      out += c;
  }
  return out;
}

std::string embedded_json(Context& c, const std::string& json) {
  if (json.size() <= c.limits.json_bytes) return json;
  c.thinned.push_back("the embedded raw numbers (results.json beside this file has all of them)");
  return R"({"schema":"thimble.study/1","left_out":"too large to embed; see results.json"})";
}

std::string build(const StudyResult& result, const Verdict& verdict, const Limits& limits,
                  const std::string& whole_json) {
  Context c{result, verdict, limits, {}};
  struct Part {
    const char* id;
    const char* nav;
    std::string (*make)(Context&);
  };
  static constexpr Part kParts[] = {
      {"compare", "Compare", compare_section}, {"tradeoff", "Trade-offs", tradeoff_section},
      {"sweep", "Sweep", sweep_section},       {"training", "Training", training_section},
      {"latency", "Latency", latency_section}, {"operators", "Operators", operator_section},
      {"memory", "Memory", memory_section},    {"boards", "Boards", board_section},
      {"devices", "Devices", device_section},  {"numbers", "Answers", number_section},
      {"errors", "Mistakes", errors_section},  {"tensors", "Tensors", tensor_section},
      {"model", "Model", model_section},       {"recipe", "Recipe and machine", recipe_section}};
  const std::string top = head_section(c);
  std::string body, nav;
  for (const Part& part : kParts) {
    const std::string made = part.make(c);
    if (made.empty()) continue;
    nav += format("<a href=\"#{}\">{}</a>", part.id, part.nav);
    body += made;
  }
  const std::string json = embedded_json(c, whole_json);
  std::string left_out;
  for (const std::string& what : c.thinned)
    left_out += format("<p>Not shown, to keep this file small: {}.</p>", escape_html(what));

  const std::string title = clip_text(result.study.title.empty() ? result.study.name : result.study.title, 200);
  std::string page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">";
  page +=
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"generator\" "
      "content=\"Thimble\">";
  page += format("<title>{}</title>", escape_html(title.empty() ? "Study" : title));
  page += page_style();
  page +=
      "</head><body>\n<nav><div><button id=\"theme\" type=\"button\" aria-label=\"switch between light and "
      "dark\">Dark</button>";
  page += nav;
  page += "</div></nav>\n<header class=\"top\">";
  page += top;
  page += "</header>\n<main>\n";
  page += body;
  page += "</main>\n<footer>";
  page += left_out;
  page += format(
      "<p>Made by Thimble {}. KB is 1,000 bytes. The raw numbers are embedded in this file as JSON (element "
      "“results”).</p></footer>\n",
      name_of(c, result.machine.thimble_version));
  page += "<div id=\"tip\" role=\"status\"></div>\n<script type=\"application/json\" id=\"results\">";
  page += json;
  page += "</script>\n<script>";
  page += page_script();
  page += "</script></body></html>\n";
  return page;
}

}  // namespace
}  // namespace report

std::vector<PlotFile> report_plots(const StudyResult& result) {
  report::Limits limits;
  limits.plots = limits.detailed_variants = 1000;
  const std::string page = report::build(result, judge(result), limits, {});
  std::vector<PlotFile> files;
  const auto between = [&](size_t at, std::string_view open, char close) {
    const size_t from = page.find(open, at) + open.size();
    return page.substr(from, page.find(close, from) - from);
  };
  std::string section;
  for (size_t at = 0; (at = page.find('<', at)) != std::string::npos; ++at) {
    if (page.compare(at, 12, "<section id=") == 0) section = between(at, "id=\"", '"');
    if (page.compare(at, 7, "<figure") != 0) continue;
    const size_t from = page.find("<svg class=\"plot", at), to = page.find("</svg>", from);
    if (from == std::string::npos || to == std::string::npos) continue;
    std::string name = section + "_" + between(at, "data-name=\"", '"');
    const auto taken = [&](const std::string& n) {
      return std::any_of(files.begin(), files.end(), [&](const PlotFile& f) { return f.name == n + ".svg"; });
    };
    if (taken(name))
      for (int k = 2;; ++k)
        if (!taken(format("{}_{}", name, k))) {
          name = format("{}_{}", name, k);
          break;
        }
    files.push_back({name + ".svg", svg::standalone(page.substr(from, to + 6 - from))});
  }
  return files;
}

std::string report_html(const StudyResult& result) {
  report::Limits limits;
  const std::string json = report::script_safe(report_json(result));
  const Verdict verdict = judge(result);
  std::string page = report::build(result, verdict, limits, json);
  // Each round halves every bound; all have small floors, so a few rounds always suffice.
  for (int round = 0; round < 12 && page.size() > kReportMaxBytes; ++round) {
    limits.shrink();
    page = report::build(result, verdict, limits, json);
  }
  return page;
}

}  // namespace thimble
