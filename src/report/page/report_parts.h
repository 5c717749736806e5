// Pieces of report.html: how much may be shown, and one function per section. Private to the
// report_*.cc files. Every section returns nothing when there is nothing to show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/study_result.h"
#include "report/verdict.h"

namespace thimble::report {

// Upper bounds on what is drawn; shrink() makes a report of any study fit.
struct Limits {
  size_t variants = 24, layers = 150, tensors = 150, detailed_variants = 24, operators = 60, plots = 4, points = 200;
  size_t samples = 150, blocks = 250, matrices = 2, classes = 40, examples = 48, picture_bytes = 90'000;
  size_t sweep_rows = 200, sweep_points = 60, lines = 40, text = 12'000, name = 90, json_bytes = 160'000;
  int round = 0;
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
std::string board_section(Context& c);   // variants as C on boards
std::string device_section(Context& c);  // variants on other machines
std::string errors_section(Context& c);  // confusion matrix, misclassified examples
std::string tensor_section(Context& c);
std::string sweep_section(Context& c);   // lines over numbers, bars over words, every setting
std::string number_section(Context& c);  // answers that are numbers: against the truth, over the plane of two inputs
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
// `wide`: across the whole page. The drawing can be saved from the page, and report_plots() finds it.
std::string figure(std::string_view title, const std::string& svg, std::string_view caption, bool wide = false);
// Columns and words of the page, explained on it.
std::string glossary(const std::vector<std::pair<std::string, std::string>>& words);

class HtmlTable {
 public:
  HtmlTable& column(std::string_view header, bool number = true, std::string_view explanation = {});
  HtmlTable& begin_row(bool strong = false);
  HtmlTable& text(const std::string& html);              // escaped already
  HtmlTable& prose(std::string_view raw, size_t limit);  // sentences: the column stays wide enough to read them
  // text is plain; below is a second, paler line.
  HtmlTable& number(double sort_key, const std::string& text, const std::string& below = {});
  bool empty() const { return rows_ == 0; }
  // Inside a container of its own that scrolls sideways.
  std::string html() const;

 private:
  std::string head_, body_;
  size_t rows_ = 0;
};

// What the tables and plots of several sections share.
std::string interval_text(const Interval& i);        // "90.81–91.91 %"
std::string accuracy_text(const VariantResult& v);   // "91.40 % ± 0.11"
std::string accuracy_below(const VariantResult& v);  // "± 0.11", "90.81–91.91 %": the lines below it
std::string bytes_text(int64_t bytes);               // "139 KB"
double bytes_key(int64_t bytes);                     // for sorting; absent where there are none
bool any_accuracy(const std::vector<VariantResult>& variants);
bool any_regression(const std::vector<VariantResult>& variants);
void regression_columns(HtmlTable& table);  // RMSE, R²: what matters first
void regression_cells(HtmlTable& table, const RegressionScore& s);
void more_regression_columns(HtmlTable& table);  // MAE, the largest error
void more_regression_cells(HtmlTable& table, const RegressionScore& s);
// Notes what is not shown, and returns how many are.
size_t shown(Context& c, size_t limit, size_t have, const char* what);

// CSS (a style element of the plots' own, which saved plots carry along, and the page's) and JavaScript.
std::string page_style();
std::string_view page_script();

}  // namespace thimble::report
