// search.html: what an automatic compression tried, drawn and tabled. One self-contained file in the style of a
// study's report.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thimble {

struct SearchRow {
  std::string plan;
  int number = 0, rung = 0;  // from 1; from 0
  int64_t samples = 0;       // trained on
  double score = 0;          // accuracy, or the loss of a model without classes
  int64_t bytes = 0, memory = 0;
  bool front = false, chosen = false;
};

struct SearchReport {
  std::string model, data, goal;  // names as typed; the goal as a sentence
  bool met = false, accuracy = true;
  std::string bytes_of = "packed file";
  double score_before = 0, least_score = 0;  // of the model given; of the goal, 0 where it is a size
  int64_t bytes_before = 0, most_bytes = 0;
  double test_before = -1, test = -1;  // scores on the test part; −1: none
  std::vector<SearchRow> rows;
  std::vector<std::string> command;  // empty: a stage of a study
};

std::string search_html(const SearchReport& report);

}  // namespace thimble
