// What stands between a model and where it shall run: every problem of its file at once.
#pragma once

#include <string>
#include <vector>

#include "api/load.h"

namespace thimble::app {

enum class CheckTarget : uint8_t { runtime, c, onnx, tflite };

// An operator as Thimble calls it, or as the file does where there is none.
struct OperatorCheck {
  std::string name;
  int64_t count = 0;
  bool supported = true;
  std::string path;  // "fast" or "reference", of those that are supported and planned
  std::string why;   // why the reference computes it, why it takes no step, why it is not supported
};

struct Problem {
  // bad_file, operator, custom_operator, tensor, use, needs_value, not_checked, memory, no_c, no_onnx, no_tflite,
  // stock_runtime, quantization
  std::string code;
  std::string op, where, message, fix;
  bool blocks = true;  // false: the target takes the model all the same
};

struct ModelCheck {
  bool runnable = true;  // by this machine's runtime
  std::vector<OperatorCheck> operators;
  std::vector<Problem> problems;

  size_t blocking() const;
};

// Errors: usage (no such signature), bad_file (nothing more can be said of the file).
Result<ModelCheck> check_model(Data file, const std::string& name, const std::string& signature, CheckTarget target);

}  // namespace thimble::app
