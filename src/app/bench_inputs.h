// The inputs of `thimble bench`, as TFLite's benchmark_model describes them.
#pragma once

#include "api/load.h"
#include "app/command.h"
#include "runtime/program.h"

namespace thimble::app {

struct BenchInputs {
  std::string layers;        // --input_layer            name,name
  std::string shapes;        // --input_layer_shape      1,224,224,3:1,20
  std::string value_ranges;  // --input_layer_value_range  name,low,high:name,low,high
  std::string value_files;   // --input_layer_value_files  name:path,name:path
};

// The shapes of the graph's inputs, with the sizes that --input_layer_shape gives their free dimensions; empty where
// all are the graph's own. Errors: usage (unknown names), unsupported (a size that the file fixes).
Result<std::vector<KnownInput>> bench_shapes(const BenchInputs& inputs, const Graph& graph);

// What every input of the graph holds: the raw bytes of a file, integers of a range, or reproducible
// random numbers (the rule of feeding.h with seed 0). Errors: usage (unknown names),
// bad_file (a file of another size).
Result<std::vector<std::vector<uint8_t>>> bench_values(const BenchInputs& inputs, const Graph& graph);

}  // namespace thimble::app
