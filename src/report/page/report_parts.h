// Pieces of report.html: how much may be shown, and one function per section. Private to the
// report_*.cc files. Every section returns nothing when there is nothing to show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "report/study_result.h"
#include "report/verdict.h"

namespace thimble::report {

// Upper bounds on what is drawn; shrink() makes a report of any study fit.
struct Limits {
  size_t variants = 24, layers = 150, tensors = 150, detailed_variants = 8, operators = 60, plots = 4, points = 200;
  size_t samples = 150, blocks = 250, matrices = 2, classes = 40, examples = 48, picture_bytes = 90'000;
  size_t sweep_rows = 200, sweep_points = 60, lines = 40, text = 12'000, name = 90, json_bytes = 160'000;
  void shrink();
};

struct Context {
  const StudyResult& result;
  Verdict verdict;
  Limits limits;
  std::vector<std::string> thinned;  // what was left out, for the reader
};

std::string head_section(Context& c);      // title, verdict, warnings
std::string compare_section(Context& c);   // variants side by side, time and memory per thread count
std::string tradeoff_section(Context& c);  // accuracy against bytes and latency
std::string training_section(Context& c);
std::string latency_section(Context& c);
std::string operator_section(Context& c);
std::string memory_section(Context& c);
std::string errors_section(Context& c);  // confusion matrix, misclassified examples
std::string tensor_section(Context& c);
std::string sweep_section(Context& c);
std::string model_section(Context& c);
std::string recipe_section(Context& c);  // machine, recipe, command lines, notes

// Building blocks.
std::string name_of(const Context& c, std::string_view raw);  // clipped and escaped
// Running text, escaped and clipped, with unbreakable spaces before "%".
std::string sentence(std::string_view raw, size_t limit);
// Length of the scope ("sequential/") that all names share, for labels with little room.
size_t common_scope(const std::vector<std::string>& names);
std::string section(std::string_view id, std::string_view title, std::string_view intro, const std::string& body);
// A drawing with the words that say how to read it (caption is trusted text). Empty for an empty drawing.
std::string figure(std::string_view title, const std::string& svg, std::string_view caption);

class HtmlTable {
 public:
  HtmlTable& column(std::string_view header, bool number = true, std::string_view explanation = {});
  HtmlTable& begin_row(bool strong = false);
  HtmlTable& text(const std::string& html);  // escaped already
  // text is plain; below is a second, paler line.
  HtmlTable& number(double sort_key, const std::string& text, const std::string& below = {});
  bool empty() const { return rows_ == 0; }
  // Inside a container of its own that scrolls sideways.
  std::string html() const;

 private:
  std::string head_, body_;
  size_t rows_ = 0;
};

// CSS and JavaScript of the page.
std::string page_style();
std::string_view page_script();

}  // namespace thimble::report
