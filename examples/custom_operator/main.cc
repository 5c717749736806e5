// A program that brings an operator along: Maxout, the largest of every k neighbours, which maxout.tflite has as a
// custom operator. Its options are k as four bytes. Loads the model that is given, feeds it 1, 2, 3 … and prints what
// it gives.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include <thimble/thimble.h>

namespace {

using thimble::api::CustomNode;
using thimble::api::CustomTensor;

// Prepared for one node: what the options say has been read, what they cannot be was refused.
class MaxoutRun final : public thimble::api::CustomRun {
 public:
  explicit MaxoutRun(size_t k) : k_(k) {}

  const char* run(std::span<const CustomTensor> inputs, std::span<const CustomTensor> outputs) const override {
    const std::span<const float> x = inputs[0].as<const float>();
    const std::span<float> y = outputs[0].as<float>();
    for (size_t i = 0; i < y.size(); ++i) y[i] = *std::max_element(&x[i * k_], &x[i * k_] + k_);
    return nullptr;
  }

 private:
  const size_t k_;
};

class Maxout final : public thimble::api::CustomOperator {
 public:
  std::optional<std::string> shapes(const CustomNode& node,
                                    std::span<thimble::api::CustomOutput> outputs) const override {
    if (node.inputs.size() != 1 || outputs.size() != 1) return "Maxout has one input and one output";
    const CustomTensor& x = node.inputs[0];
    const int32_t k = neighbours(node);
    if (x.type != thimble::api::ElementType::float32) return "Maxout is for float32";
    if (k < 1 || x.shape.empty() || x.shape.back() % k != 0)
      return "the last dimension of Maxout is no multiple of its k, " + std::to_string(k);
    outputs[0].type = x.type;
    outputs[0].shape.assign(x.shape.begin(), x.shape.end());
    outputs[0].shape.back() /= k;
    return std::nullopt;
  }

  std::unique_ptr<thimble::api::CustomRun> prepare(const CustomNode& node, std::string&) const override {
    return std::make_unique<MaxoutRun>(static_cast<size_t>(neighbours(node)));
  }

 private:
  static int32_t neighbours(const CustomNode& node) {
    int32_t k = 0;
    if (node.options.size() == sizeof k) std::memcpy(&k, node.options.data(), sizeof k);
    return k;
  }
};

}  // namespace

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : "maxout.tflite";
  const auto without = thimble::api::Model::load(path);
  std::printf("without the operator: %s\n", without ? "loaded?" : without.error().code.c_str());

  thimble::api::ModelOptions options;
  options.custom["Maxout"] = std::make_shared<Maxout>();
  auto model = thimble::api::Model::load(path, options);
  if (!model) return std::fprintf(stderr, "%s\n", model.error().details.c_str()), 1;
  float value = 0;
  for (float& x : model->input(0).as<float>()) x = ++value / 10;
  if (const auto error = model->run()) return std::fprintf(stderr, "%s\n", error->details.c_str()), 1;
  std::printf("with it:");
  for (const float y : model->output(0).as<const float>()) std::printf(" %.4f", static_cast<double>(y));
  std::printf("\n");
  return 0;
}
