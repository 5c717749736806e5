#include "report/boards.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "measure/units.h"

namespace thimble {
namespace {

constexpr size_t kNamed = 6;  // variants; of more only the number is said

// "a, b and c", "9 variants".
std::string listed(const std::vector<std::string>& names) {
  if (names.size() > kNamed) return format("{} variants", names.size());
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

std::string verb(const std::vector<std::string>& names, const char* one, const char* many) {
  return names.size() == 1 ? one : many;
}

std::string answer_of(const std::vector<VariantResult>& variants, size_t board) {
  std::vector<std::string> fit, not_fit, no_c;
  const VariantResult *smallest = nullptr, *fastest = nullptr;
  for (const VariantResult& v : variants) {
    if (board >= v.boards.size()) continue;
    const BoardRow& row = v.boards[board];
    (!row.no_c.empty() ? no_c : row.fits ? fit : not_fit).push_back(v.name);
    if (!row.fits) continue;
    if (!smallest || row.flash_bytes < smallest->boards[board].flash_bytes) smallest = &v;
    if (!fastest || row.instructions < fastest->boards[board].instructions) fastest = &v;
  }
  std::string text;
  if (fit.empty()) {
    text = not_fit.empty() ? "No variant has C."
                           : format("None fits: {} {} too large.", listed(not_fit), verb(not_fit, "is", "are"));
  } else {
    text = not_fit.empty()
               ? (fit.size() == 1 ? format("{} fits", fit[0])
                                  : format("All {} variants{} fit", fit.size(), no_c.empty() ? "" : " that have C"))
               : format("{} {}, {} {} not", listed(fit), verb(fit, "fits", "fit"), listed(not_fit),
                        verb(not_fit, "does", "do"));
    const BoardRow &s = smallest->boards[board], &f = fastest->boards[board];
    const std::string flash = format("{} of flash", format_bytes(static_cast<double>(s.flash_bytes)));
    if (fit.size() == 1)
      text += format(": {}, about {}.", flash, board_time_text(s));
    else if (smallest == fastest)
      text += format("; {} is the smallest, {}, and the fastest, about {}.", smallest->name, flash, board_time_text(f));
    else
      text += format("; {} is the smallest, {}; {} the fastest, about {}.", smallest->name, flash, fastest->name,
                     board_time_text(f));
  }
  if (!no_c.empty() && no_c.size() < variants.size())
    text += format(" {} {} no C.", listed(no_c), verb(no_c, "has", "have"));
  return text;
}

}  // namespace

std::string fits_text(const BoardRow& row) {
  if (!row.no_c.empty()) return "no C";
  if (row.fits) return "yes";
  const bool flash = row.flash_bytes > row.flash_of, ram = row.ram_bytes + row.stack_bytes > row.ram_of;
  return flash && ram ? "no: flash, RAM" : flash ? "no: flash" : "no: RAM";
}

std::string board_time_text(const BoardRow& row) {
  if (!row.no_c.empty()) return "–";
  return format("{} ± {} %", format_microseconds(row.latency_ms * 1e3), std::lround(row.latency_error * 100));
}

std::vector<BoardWords> board_words(const std::vector<VariantResult>& variants) {
  std::vector<BoardWords> words;
  if (variants.empty()) return words;
  for (size_t b = 0; b < variants[0].boards.size(); ++b) {
    const BoardRow& row = variants[0].boards[b];
    words.push_back({row.title,
                     format("{} bytes of flash, {} of RAM, {} at {} MHz", format_count(row.flash_of),
                            format_count(row.ram_of), row.core, format_number(row.mhz)),
                     answer_of(variants, b)});
  }
  return words;
}

}  // namespace thimble
