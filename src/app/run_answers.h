// What `thimble run` shows and saves of a model's outputs.
#pragma once

#include "app/command.h"
#include "graph/graph.h"

namespace thimble::app {

struct FoundAnswers;  // run_found.h

struct Answers {
  int64_t runs = 0;
  std::vector<std::vector<uint8_t>> outputs;  // per output: runs × its bytes
  std::vector<std::string> names;             // per run; empty without files
  std::vector<std::string> labels;            // of the first output; empty: not known
  int64_t top = 0;                            // best classes to show per run; 0: values
  std::vector<double> pass_seconds;           // of every pass over all runs, where several were asked for
};

// The K best classes of run r by the first output: probabilities where the network gives them. One output that is a
// probability is that of class 1; class 0 has the rest. NaN is the value of no class: it is left out.
struct Ranked {
  float value = 0;
  int64_t index = 0;
  std::string label;
};
std::vector<Ranked> ranked(const Graph& graph, const Answers& answers, int64_t r);

// Runs whose first output holds a NaN.
int64_t runs_without_number(const Graph& graph, const Answers& answers);

// How many classes to show when the user does not say: 3 where there are labels, or probabilities of more than 10
// classes in one output; else none.
int64_t usual_top(const Graph& graph, const std::vector<std::string>& labels);

void print_ranked(const Graph& graph, const Answers& answers, const Context& context);
void print_values(const Graph& graph, const Answers& answers, const Context& context);

// {"schema":"thimble.run/1",…}. most_values: outputs with more are without "values".
struct AnswerFile {
  std::string model, output_dir;
  int64_t most_values = 4096;
  const FoundAnswers* found = nullptr;  // of a model that finds things in pictures: .json has them too, .csv alone
};
std::string answers_json(const Graph& graph, const Answers& answers, const AnswerFile& file);

// DIR/0.npy, DIR/1.npy … and DIR/outputs.json.
Status write_answer_folder(const Graph& graph, const Answers& answers, const AnswerFile& file, const Context& context);

// By its ending: .csv (a row per run: input, class and probability where there are classes, each value of the first
// output), .npy (the first output's values as floats, stacked), .json (as --json, every value and name).
// Errors: usage for another ending.
Status write_answers(const std::string& path, const Graph& graph, const Answers& answers, const AnswerFile& file);
// Whether the ending is one of these.
Status check_answer_name(const std::string& path);
// A text as a field of a .csv: in quotes where it needs them (RFC 4180).
std::string csv_field(const std::string& text);

}  // namespace thimble::app
