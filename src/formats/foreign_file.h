// Files that are no model of ours but what people have at hand instead: what they are, and how a model of ours is made
// of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace thimble {

struct ForeignFile {
  std::string what;    // "a Keras model"
  std::string remedy;  // a sentence with a command
};

// By the first bytes, and by the name's ending where they say nothing. Nothing for what is not known.
std::optional<ForeignFile> foreign_file(std::span<const uint8_t> bytes, std::string_view name = {});

// What the folder is when it holds a TensorFlow SavedModel.
std::optional<ForeignFile> foreign_folder(const std::string& path);

}  // namespace thimble
