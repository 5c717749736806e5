// Thimble's C++ interface: load a .tflite model, fill its inputs, run it, read its outputs.
//
//   auto model = thimble::api::Model::load("model.tflite");
//   if (!model) return complain(model.error().details);
//   std::span<float> in = model->input(0).as<float>();
//   ...
//   if (auto error = model->run()) return complain(error->details);
//   std::span<const float> out = model->output(0).as<const float>();
//
// Nothing throws or prints. Running allocates nothing, but for models whose values decide shapes or which operators run
// (fed sizes, branches, loops), and after resize_input: such a model is planned while it runs, once for each set of
// shapes and deciding values, and the shapes of its outputs are known when it has run. A Model may be used by one
// thread at a time; several models may run in several threads.
#ifndef THIMBLE_THIMBLE_H
#define THIMBLE_THIMBLE_H

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#pragma GCC visibility push(default)  // what a shared library made of the archive shows

namespace thimble::api {

// What went wrong: `code` is one of internal, out_of_memory, io, usage, unsupported, needs_value, bad_file,
// interrupted.
struct ModelError {
  std::string code;
  std::string message;
  std::string details;  // where it happened and what to do about it, for people
};

enum class ElementType {
  float32,
  float16,
  float64,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  boolean,
  int4,
  complex64,
  bfloat16
};
const char* name(ElementType type);  // "float32"

// real = scale · (q − zero_point); empty vectors for tensors that are not quantised.
struct TensorInfo {
  std::string name;
  ElementType type = ElementType::float32;
  std::vector<int64_t> shape;
  std::vector<float> scale;
  std::vector<int32_t> zero_point;
  std::string signature_name;  // what the model's signature calls it; empty where it has none
};

// The memory of one input or output. Byte is uint8_t or const uint8_t.
template <class Byte>
struct TensorMemory {
  const TensorInfo* info = nullptr;
  std::span<Byte> bytes;

  // The elements; T must have the size of the tensor's element type. Inputs must be filled before each run.
  template <class T>
  std::span<T> as() const {
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

// ---- operators of one's own: what a model's file calls a custom operator, by the name that it has there ----

// An operand. While shapes are asked for and the operator is prepared, only constants have data.
struct CustomTensor {
  ElementType type = ElementType::float32;
  std::span<const int64_t> shape;
  std::span<const float> scale;  // as TensorInfo
  std::span<const int32_t> zero_point;
  void* data = nullptr;  // the elements, row by row, to read of inputs and to write of outputs; null: left out

  size_t elements() const {
    size_t n = 1;
    for (const int64_t d : shape) n *= static_cast<size_t>(d);
    return n;
  }
  // T must have the size of the element type.
  template <class T>
  std::span<T> as() const {
    return {static_cast<T*>(data), data ? elements() : 0};
  }
};

// What an output shall be; preset to what the file declares (-1 in its shape: 1).
struct CustomOutput {
  ElementType type = ElementType::float32;
  std::vector<int64_t> shape;
};

struct CustomNode {
  std::span<const uint8_t> options;  // the operator's own bytes in the file
  std::span<const CustomTensor> inputs, outputs;
};

// One node of a model, prepared. It may be run by several threads at once, so it has no state that a run changes.
class CustomRun {
 public:
  CustomRun() = default;
  CustomRun(const CustomRun&) = delete;
  CustomRun& operator=(const CustomRun&) = delete;
  virtual ~CustomRun() = default;
  // Null, or why there is no answer: a text that stays where it is, as a literal does. The model's run ends with it.
  virtual const char* run(std::span<const CustomTensor> inputs, std::span<const CustomTensor> outputs) const = 0;
};

// The same inputs give the same outputs, and nothing else changes: a node whose inputs are constants is run once, when
// the model is loaded, and one whose outputs nobody reads is left out. Up to 12 inputs and outputs.
class CustomOperator {
 public:
  CustomOperator() = default;
  CustomOperator(const CustomOperator&) = delete;
  CustomOperator& operator=(const CustomOperator&) = delete;
  virtual ~CustomOperator() = default;
  // Types and shapes of the outputs by those of the inputs. Nothing, or why the operator is not for them.
  virtual std::optional<std::string> shapes(const CustomNode& node, std::span<CustomOutput> outputs) const = 0;
  // Everything that can be done once: reads options, turns weights over, takes memory. Null, with `why` set, where it
  // cannot be.
  virtual std::unique_ptr<CustomRun> prepare(const CustomNode& node, std::string& why) const = 0;
};

struct ModelOptions {
  int threads = 1;
  int64_t max_arena_bytes = int64_t{4} << 30;  // refuse models that need more working memory
  std::string signature;                       // whose network is meant, where a file holds several; empty: the first
  // By the names of custom operators in .tflite files; before those that Thimble has itself.
  std::map<std::string, std::shared_ptr<const CustomOperator>> custom{};
};

// When a run ends early, between two operators.
struct RunLimits {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  const std::atomic<bool>* cancel = nullptr;  // set from another thread
};

// A model or the reason why there is none.
template <class T>
class Expected;

class Model {
 public:
  static Expected<Model> load(const std::string& path, const ModelOptions& options = {});
  // `file` is copied.
  static Expected<Model> load(std::span<const uint8_t> file, const ModelOptions& options = {});
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  size_t input_count() const;
  size_t output_count() const;
  // i must be below the count. Outputs are valid until the next run.
  TensorMemory<uint8_t> input(size_t i);
  // While running decides shapes, an output's are those of the last run, and before it the file's.
  TensorMemory<const uint8_t> output(size_t i) const;
  // Gives input i another shape, where the file leaves dimensions open (-1); its memory is then another one, of zeros,
  // and states are back to their initial values. Nothing, or why the input cannot have the shape; what the other
  // operators say to it, the next run tells.
  std::optional<ModelError> resize_input(size_t i, std::span<const int64_t> shape);
  // Nothing, or why there is no answer: an operand that the model computed or was fed asks for what is not there (an
  // index outside its axis), or a limit was reached; the outputs are then undefined.
  std::optional<ModelError> run(const RunLimits& limits = {});
  // States (of an LSTM, for instance) back to their initial values.
  void reset_variables();
  // Working memory of this model, all of it taken when it was loaded; of the last run, where it is planned while
  // running.
  int64_t arena_bytes() const;

 private:
  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

template <class T>
class Expected {
 public:
  Expected(T value) : value_(std::move(value)) {}           // NOLINT: implicit on purpose
  Expected(ModelError error) : error_(std::move(error)) {}  // NOLINT: implicit on purpose
  explicit operator bool() const { return value_.has_value(); }
  // Only where there is a value, or an error, respectively.
  T& operator*() { return *value_; }
  T* operator->() { return &*value_; }
  const ModelError& error() const { return error_; }

 private:
  std::optional<T> value_;
  ModelError error_;
};

const char* version();  // "0.1.0"

}  // namespace thimble::api

#pragma GCC visibility pop

#endif  // THIMBLE_THIMBLE_H
