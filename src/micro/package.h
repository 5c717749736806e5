// The folder that an exported model is delivered in: its C sources and what one ecosystem wants beside them.
#pragma once

#include "micro/emit.h"

namespace thimble::micro {

enum class PackageFormat { c, arduino, platformio, zephyr, idf, cmsis_pack };

struct PackageOptions {
  PackageFormat format = PackageFormat::c;
  std::string name, version, origin;  // as EmitOptions
  std::vector<std::string> labels;    // of the outputs; may be empty
};

// `emitted`'s files under src/, an example, a README with the figures, and the format's own files. The model's inputs
// and outputs are those of `graph`.
std::vector<File> package(const Graph& graph, Emitted emitted, const PackageOptions& options);

// The classic single header: `const unsigned char NAME[]`, aligned to 16 bytes, and NAME_len, of a .tflite file.
File model_header(std::span<const uint8_t> tflite, const std::string& name);

}  // namespace thimble::micro
