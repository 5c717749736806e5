#include "train/architecture.h"

#include <algorithm>

#include "base/suggest.h"
#include "train/architectures/tables.h"

namespace thimble {

const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> table = {
      {"mobilenet_v1", "depthwise separable convolutions (Howard et al. 2017)", 5, architecture::mobilenet_v1},
      {"mobilenet_v2", "inverted residuals with linear bottlenecks (Sandler et al. 2018)", 5,
       architecture::mobilenet_v2},
      {"shufflenet_v2", "channel split and shuffle (Ma et al. 2018)", 5, architecture::shufflenet_v2},
      {"inception_v3", "convolutions of several sizes side by side (Szegedy et al. 2015)", 0,
       architecture::inception_v3, 75},
      {"ds_cnn", "keyword spotting network of MLPerf Tiny (Zhang et al. 2017)", 1, architecture::ds_cnn},
      {"resnet8", "image classification network of MLPerf Tiny", 2, architecture::resnet8},
  };
  return table;
}

std::vector<std::string> architecture_names() {
  std::vector<std::string> names;
  for (const Architecture& a : architectures()) names.emplace_back(a.name);
  return names;
}

int spared_strides(int64_t height, int64_t width, int halvings) {
  constexpr int64_t kLeast = 2;
  const int64_t side = std::min(height, width);
  int kept = 0;
  for (int64_t s = side; kept < halvings && (s + 1) / 2 >= kLeast; s = (s + 1) / 2) ++kept;
  return halvings - kept;
}

Status expand_architecture(ModelSpec* spec) {
  const auto names = architecture_names();
  const auto found = std::ranges::find(names, spec->architecture);
  if (found == names.end()) {
    std::string known;
    for (const std::string& n : names) known += (known.empty() ? "" : ", ") + n;
    const std::string near = did_you_mean(spec->architecture, names);
    return fail(ErrorCode::usage, format("unknown architecture \"{}\"", spec->architecture),
                format("{}{}known: {}", near, near.empty() ? "" : " ", known));
  }
  const Architecture& chosen = architectures()[static_cast<size_t>(found - names.begin())];
  if (spec->input.size() != 3)
    return fail(
        ErrorCode::usage,
        format("architecture {} takes pictures, model.input has {} dimensions", chosen.name, spec->input.size()),
        "for example input = [28, 28, 1]");
  if (spec->classes < 2)
    return fail(ErrorCode::usage, format("architecture {} needs the number of classes", chosen.name),
                "write classes = 10 beside it");
  if (!(spec->alpha > 0 && spec->alpha <= 10))
    return fail(ErrorCode::usage, format("alpha = {} must be above 0 and at most 10", spec->alpha));
  if (const int64_t side = std::min(spec->input[0], spec->input[1]); side < chosen.least_side)
    return fail(ErrorCode::usage,
                format("architecture {} takes pictures of at least {}×{}, not {}×{}", chosen.name, chosen.least_side,
                       chosen.least_side, spec->input[0], spec->input[1]),
                "its published input is [299, 299, 3]");
  ArchitectureRequest request;
  request.alpha = spec->alpha;
  request.height = spec->input[0];
  request.width = spec->input[1];
  request.channels = spec->input[2];
  request.classes = spec->classes;
  request.momentum = spec->momentum;
  request.spared = spared_strides(request.height, request.width, chosen.halvings);
  spec->layers = chosen.layers(request);
  return {};
}

}  // namespace thimble
