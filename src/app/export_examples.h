// The self-test of an exported network: which inputs it has, and the answers of this machine to them.
#pragma once

#include "app/data_arguments.h"
#include "micro/emit.h"

namespace thimble::app {

struct ExampleArguments : DataArguments {
  std::vector<std::string> files;  // --self-test
  int64_t count = -1, seed = -1;   // −1: not given
};

// --self-test, --data and what goes with it, --examples, --seed.
void declare_examples(Options& options, ExampleArguments* a);

// Fills in examples and answers: the first samples of the files, as `run` takes them; or of the set's test part, as
// `eval` takes them; else random numbers. The answers are the reference kernels'. Errors: usage (arguments that
// contradict each other, samples that do not fit), those of reading.
Status make_examples(const Checked& checked, const ExampleArguments& a, const Context& context,
                     micro::EmitOptions* options);

// The same as arrays of all examples: FOLDER/input_0.npy …, which `thimble run --input 0=…` takes.
std::vector<micro::File> example_files(const Graph& graph, const micro::EmitOptions& options,
                                       const std::string& folder);

}  // namespace thimble::app
