#include "formats/foreign_file.h"

#include <algorithm>

#include "base/file.h"

namespace thimble {
namespace {

constexpr const char* kFromKeras =
    "convert it in Python: tf.lite.TFLiteConverter.from_keras_model(tf.keras.models.load_model(FILE)).convert()";
constexpr const char* kFromSavedModel =
    "convert the folder in Python: tf.lite.TFLiteConverter.from_saved_model(FOLDER).convert()";
constexpr const char* kFromTorch =
    "export the module in Python: torch.onnx.export(model, inputs, \"model.onnx\"), which Thimble reads";
constexpr const char* kGive = "give a .tflite, .onnx or .thim file";

// The name of a zip archive's first member.
std::string_view first_member(std::span<const uint8_t> bytes) {
  if (bytes.size() < 30) return {};
  const size_t length = bytes[26] + (size_t{bytes[27]} << 8);
  return {reinterpret_cast<const char*>(bytes.data()) + 30, std::min(length, bytes.size() - 30)};
}

ForeignFile of_zip(std::span<const uint8_t> bytes, std::string_view ending) {
  const std::string_view first = first_member(bytes);
  if (first.ends_with("data.pkl") || first.ends_with(".format_version") || ending == ".pt" || ending == ".pth")
    return {"a PyTorch file", kFromTorch};
  if (first.ends_with(".npy"))
    return {"a NumPy archive of arrays", "as data it is npz:PATH; as a model, " + std::string(kGive)};
  if (ending == ".keras" || first == "metadata.json" || first == "config.json" || first == "model.weights.h5")
    return {"a Keras model", kFromKeras};
  return {"a zip archive", std::string("unpack it; ") + kGive};
}

// Lines of text: a recipe, a page, a pointer.
std::optional<ForeignFile> of_text(std::string_view text) {
  const std::string_view head = text.substr(0, 4096);
  const bool binary = std::ranges::any_of(
      head, [](char c) { return static_cast<unsigned char>(c) < 9 || (c > 13 && c < 32 && c != 27); });
  if (binary || head.empty()) return std::nullopt;
  if (head.starts_with("version https://git-lfs"))
    return ForeignFile{"a pointer of Git LFS instead of the file", "fetch it: git lfs pull"};
  if (head.starts_with("<"))
    return ForeignFile{"a web page or XML", "a download may have failed: fetch the file itself"};
  for (const char* section : {"[model]", "[data]", "[train]", "[study]", "[[variant]]"})
    if (head.find(section) != std::string_view::npos)
      return ForeignFile{"a recipe",
                         "'thimble train RECIPE -o model.tflite' makes a model of it, 'thimble study RECIPE' does all"};
  return ForeignFile{"text", kGive};
}

}  // namespace

std::optional<ForeignFile> foreign_file(std::span<const uint8_t> bytes, std::string_view name) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::string ending = extension_of(name);
  std::ranges::transform(ending, ending.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto starts = [&](std::string_view magic) { return text.starts_with(magic); };
  if (starts("\x89PNG") || starts("\xff\xd8\xff") || starts("BM") || starts("GIF8"))
    return ForeignFile{"a picture", "run a model on it: thimble run MODEL PICTURE"};
  if (text.size() >= 12 && starts("RIFF") && text.substr(8, 4) == "WEBP")
    return ForeignFile{"a picture", "run a model on it: thimble run MODEL PICTURE"};
  if (starts("\x89HDF")) return ForeignFile{"a Keras HDF5 file", kFromKeras};
  if (starts("PK\x03\x04")) return of_zip(bytes, ending);
  if (starts("\x93NUMPY")) return ForeignFile{"a NumPy array", "run a model on it: thimble run MODEL ARRAY.npy"};
  if (starts("GGUF")) return ForeignFile{"a GGUF file of a language model", "such models are not for small devices"};
  if (starts("\x1f\x8b")) return ForeignFile{"a gzip file", "unpack it first: gunzip, or tar -xzf"};
  if (starts("\x7f"
             "ELF"))
    return ForeignFile{"a program", kGive};
  if (starts("%PDF")) return ForeignFile{"a PDF document", kGive};
  if (starts("\x80") && bytes.size() > 2 && bytes[1] <= 5)
    return ForeignFile{"a Python pickle (an old PyTorch file?)", kFromTorch};
  if (starts(std::string_view("\x08\x01\x12", 3)) || ending == ".pb")
    return ForeignFile{"a TensorFlow graph (.pb)", kFromSavedModel};
  if (bytes.size() > 9 && bytes[8] == '{' && bytes[6] == 0 && bytes[7] == 0 && ending == ".safetensors")
    return ForeignFile{"weights without a network (safetensors)", kFromTorch};
  return of_text(text);
}

std::optional<ForeignFile> foreign_folder(const std::string& path) {
  if (!file_exists(join_path(path, "saved_model.pb")) && !file_exists(join_path(path, "saved_model.pbtxt")))
    return std::nullopt;
  return ForeignFile{"a TensorFlow SavedModel", kFromSavedModel};
}

}  // namespace thimble
