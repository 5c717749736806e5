// A program as a user writes it: loads the model given as argument, runs it once, prints its outputs.
#include <cstdio>

#include <thimble/thimble.h>

int main(int argc, char** argv) {
  auto model = thimble::api::Model::load(argc > 1 ? argv[1] : "model.tflite");
  if (!model) return std::fprintf(stderr, "%s\n", model.error().details.c_str()), 1;
  for (size_t i = 0; i < model->input_count(); ++i)
    for (uint8_t& byte : model->input(i).bytes) byte = 0;
  model->run();
  for (size_t i = 0; i < model->output_count(); ++i) {
    const auto output = model->output(i);
    std::printf("%s %s:", output.info->name.c_str(), name(output.info->type));
    for (uint8_t byte : output.bytes.first(output.bytes.size() < 8 ? output.bytes.size() : 8)) std::printf(" %u", byte);
    std::printf("\n");
  }
  auto missing = thimble::api::Model::load("does-not-exist.tflite");
  std::printf("a missing file: %s\n", missing ? "loaded?" : missing.error().code.c_str());
  return missing ? 1 : 0;
}
