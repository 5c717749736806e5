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

// The model for the sizes that --input_layer_shape gives its free dimensions. Errors: usage (unknown names),
// unsupported (a size that the file fixes).
Status shape_bench_inputs(const BenchInputs& inputs, LoadedModel* model);

// Fills every input of the session: the raw bytes of a file, integers of a range, or reproducible
// random numbers (the rule of feeding.h with seed 0). Errors: usage (unknown names),
// bad_file (a file of another size).
Status fill_bench_inputs(const BenchInputs& inputs, Session& session);

}  // namespace thimble::app
