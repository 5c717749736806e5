// Boards: which variants fit as C, what they take there, and how long a run takes, in words, a table and bars.
#include <algorithm>

#include "base/format.h"
#include "measure/units.h"
#include "report/boards.h"
#include "report/page/report_parts.h"
#include "report/plots/svg.h"

namespace thimble::report {
namespace {

std::string table_of(Context& c, size_t board) {
  HtmlTable table;
  table.column("variant", false).column("fits", false);
  table.column("flash (bytes)", true, "code, weights and tables: exact but for the code, which is estimated");
  table.column("RAM (bytes)", true, "the arena with inputs and outputs");
  table.column("stack (bytes)", true, "beside the arena, at most");
  table.column("instructions", true, "of a run, estimated");
  table.column("time", true, "estimated: instructions times cycles per instruction of the core");
  const auto& variants = c.result.variants;
  for (size_t i = 0; i < shown(c, c.limits.variants, variants.size(), "variants on boards"); ++i) {
    const BoardRow& row = variants[i].boards[board];
    const std::string name =
        format("{}<span class=\"nm\">{}</span>", svg::mark_icon(static_cast<int>(i)), name_of(c, variants[i].name));
    table.begin_row(row.fits && static_cast<int>(i) == c.verdict.ship);
    if (!row.no_c.empty()) {
      table.text(name).text(fits_text(row));
      for (int k = 0; k < 5; ++k) table.number(kAbsent, "–");
      continue;
    }
    table.text(name).text(fits_text(row));
    table.number(static_cast<double>(row.flash_bytes), format_count(row.flash_bytes));
    table.number(static_cast<double>(row.ram_bytes), format_count(row.ram_bytes));
    table.number(static_cast<double>(row.stack_bytes), format_count(row.stack_bytes));
    table.number(row.instructions, format_quantity(row.instructions));
    table.number(row.latency_ms, board_time_text(row));
  }
  return table.html();
}

// Why some variants have no C.
std::string reasons_of(const Context& c, size_t board) {
  std::string text;
  for (const VariantResult& v : c.result.variants)
    if (const std::string& why = v.boards[board].no_c; !why.empty())
      text += format("{}{}: {}", text.empty() ? "No C: " : "; ", name_of(c, v.name), sentence(why, 200));
  return text.empty() ? text : format("<p class=\"muted\">{}.</p>", text);
}

// Flash and time side by side.
std::string bars_of(const Context& c, size_t board) {
  svg::Bars flash, time;
  flash.description = "flash per variant";
  flash.unit = svg::Unit::bytes;
  time.description = "time per variant";
  time.unit = svg::Unit::microseconds;
  const auto& variants = c.result.variants;
  std::string title;
  for (size_t i = 0; i < std::min(variants.size(), c.limits.variants); ++i) {
    const BoardRow& row = variants[i].boards[board];
    title = row.title;
    if (!row.no_c.empty()) continue;
    const std::string tip = format("{}: {}", variants[i].name, fits_text(row) == "yes" ? "fits" : fits_text(row));
    flash.bars.push_back({variants[i].name, static_cast<double>(row.flash_bytes), {}, tip, static_cast<int>(i)});
    const double us = row.latency_ms * 1e3, error = us * row.latency_error;
    time.bars.push_back({variants[i].name, us, {}, tip, static_cast<int>(i), 0, us - error, us + error});
  }
  if (flash.bars.empty()) return {};
  return format(
      "<div class=\"grid\">{}{}</div>",
      figure(format("Flash on {}", name_of(c, title)), svg::bars(flash),
             "Code, weights and tables of the generated C."),
      figure(format("Time on {}", name_of(c, title)), svg::bars(time),
             "Estimated, with its error, which is mostly that of the core's cycles per instruction: all bars of a "
             "board are too long or too short together."));
}

}  // namespace

std::string board_section(Context& c) {
  const std::vector<BoardWords> words = board_words(c.result.variants);
  std::string body;
  size_t drawn = 0;
  for (size_t b = 0; b < words.size(); ++b) {
    body += format("<h3>{}</h3><p>{} <span class=\"muted\">{}.</span></p>", name_of(c, words[b].title),
                   sentence(words[b].answer, 600), sentence(words[b].limits, 200));
    body += table_of(c, b) + reasons_of(c, b);
    if (drawn++ < c.limits.plots) body += bars_of(c, b);
    for (size_t i = 0; i < c.result.variants.size(); ++i) {
      if (!c.result.variants[i].boards[b].exceeds_cache) continue;
      body +=
          "<p class=\"warn\">Weights of " + name_of(c, c.result.variants[i].name) +
          " and possibly others are larger than the cache before this board's flash: a run may take several times as "
          "long.</p>";
      break;
    }
  }
  if (body.empty()) return {};
  return section(
      "boards", "Boards",
      "The variants as C that thimble export writes. RAM is exact, flash and time are estimated by kernel and "
      "processor; thimble fit has them compiled where a cross compiler is installed. C stores each weight in full: "
      "zeros "
      "and shared values take as much as others.",
      body);
}

}  // namespace thimble::report
