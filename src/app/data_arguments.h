// --data and what goes with it: the same options in every command that is given a model and a set.
#pragma once

#include "app/command.h"
#include "study/model_data.h"

namespace thimble::app {

struct DataArguments {
  std::string data, scale, features, labels, target, inputs;
  bool handwriting = false;
};

// --scale, --features, --handwriting, --labels, --target, --inputs.
void declare_feeding(Options& options, DataArguments* a);

// What they ask for. Errors: usage for unknown features, bad_file for a labels file.
Result<FeedingOverrides> feeding_overrides(const DataArguments& a);
Result<DataRequest> data_request(const DataArguments& a, DataRequest::Use use, const Context& context);

// Opens the set and says on stderr what is to be said about how it goes in. Errors: those of open_model_data.
Result<ModelData> open_data(const Graph& graph, const DataRequest& request, const Context& context);

// "A,B" → A and B.
std::vector<std::string> split_names(std::string_view list);

}  // namespace thimble::app
