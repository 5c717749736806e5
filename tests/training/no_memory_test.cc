// When memory runs out: operator new is replaced by one that throws at its n-th call, once or from then on. Whatever
// was asked for ends as "out of memory" (the public interface) or with std::bad_alloc (the rooms below it, docs/notes/
// base-has-exceptions.md), never otherwise, and the next attempt gives the same bits as ever.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <new>

#include "base/file.h"
#include "base/random.h"
#include "compress/quantize/quantize.h"
#include "formats/model_file.h"
#include "thimble/thimble.h"
#include "train/optimizer.h"
#include "train/trainer.h"

namespace {

// Calls left until one fails; none fails where it is negative. All later ones fail too with `for_ever`.
std::atomic<long> left{-1};
std::atomic<bool> for_ever{false};
std::atomic<long> calls{0};

bool fails() {
  calls.fetch_add(1, std::memory_order_relaxed);
  const long now = left.load(std::memory_order_relaxed);
  if (now < 0) return false;
  if (now == 0) {
    if (!for_ever.load(std::memory_order_relaxed)) left.store(-1, std::memory_order_relaxed);
    return true;
  }
  left.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

}  // namespace

void* operator new(size_t n) {
  if (fails()) throw std::bad_alloc();
  if (void* p = std::malloc(n ? n : 1)) return p;
  throw std::bad_alloc();
}
void* operator new(size_t n, std::align_val_t alignment) {
  if (fails()) throw std::bad_alloc();
  const size_t a = static_cast<size_t>(alignment);
  if (void* p = std::aligned_alloc(a, (n + a - 1) / a * a)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { std::free(p); }

namespace thimble::test {
namespace {

using Bytes = std::vector<uint8_t>;
struct Outcome {
  Bytes bits;         // of what came out
  std::string error;  // the code, where nothing did
};
using Work = std::function<Outcome()>;

Outcome attempt(const Work& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return {{}, "out_of_memory"};
  }
}

// Every call up to the first 200, then ever fewer: some 300 of each work, both ways, within `seconds`.
void sweep(const char* what, const Work& work, double seconds) {
  const Outcome first = attempt(work);  // what is made once and kept, and the answer
  ASSERT_EQ(first.error, "") << what;
  calls = 0;
  const Outcome want = attempt(work);
  const long all = calls;
  ASSERT_EQ(want.error, "") << what;
  ASSERT_GT(all, 10) << what;
  ASSERT_EQ(want.bits, first.bits) << what;
  const auto begin = std::chrono::steady_clock::now();
  int failures = 0, tried = 0;
  for (const bool ever : {false, true}) {
    for (long n = 0; n < all; n += std::max<long>(1, std::max((n - 200) / 20, n < 200 ? 1 : all / 150))) {
      if (std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() > seconds * (ever ? 1 : 0.5))
        break;
      for_ever = ever;
      left = n;
      const Outcome got = attempt(work);
      left = -1;
      ++tried;
      if (got.error.empty()) {  // the lack was made up for
        EXPECT_EQ(got.bits, want.bits) << what << ": allocation " << n << (ever ? " and all later ones" : "");
      } else {
        EXPECT_EQ(got.error, "out_of_memory") << what << ": allocation " << n << (ever ? " and all later ones" : "");
        ++failures;
      }
      if (tried % 8 == 0) {
        const Outcome again = attempt(work);
        ASSERT_EQ(again.error, "") << what << ", after allocation " << n;
        ASSERT_EQ(again.bits, want.bits) << what << ", after allocation " << n;
      }
    }
  }
  const Outcome last = attempt(work);
  EXPECT_EQ(last.error, "") << what;
  EXPECT_EQ(last.bits, want.bits) << what;
  EXPECT_GT(failures, 10) << what;
  std::printf("%s: %ld allocations, %d attempts, %d out of memory\n", what, all, tried, failures);
}

template <class T>
Outcome failed(const Result<T>& result) {
  return {{}, name(result.error().code)};
}

Outcome answer(api::Expected<api::Model> model) {
  if (!model) return {{}, model.error().code};
  for (size_t i = 0; i < model->input_count(); ++i) {
    const auto memory = model->input(i);
    if (!memory.bytes.empty()) memory.bytes[0] = 1;  // of integers that decide sizes: a small one
  }
  if (const auto error = model->run()) return {{}, error->code};
  Outcome out;
  for (size_t i = 0; i < model->output_count(); ++i) {
    const auto bytes = model->output(i).bytes;
    out.bits.insert(out.bits.end(), bytes.begin(), bytes.end());
  }
  return out;
}

// Loads, plans and runs a file through the public interface.
void load_and_run(const std::string& path, int threads, double seconds) {
  const auto file = read_file(path);
  ASSERT_TRUE(file) << path;
  sweep(
      path.c_str(), [&] { return answer(api::Model::load(*file, {.threads = threads, .signature = {}})); }, seconds);
  sweep(
      path.c_str(), [&] { return answer(api::Model::load(path, {.threads = threads, .signature = {}})); }, seconds);
}

TEST(NoMemory, LoadingAndRunning) {
  for (const char* path :
       {"tests/models/micro/hello_world_int8.tflite", "tests/models/mlperf-tiny/kws_ref_model.tflite"})
    load_and_run(path, 1, 0.8);
}

TEST(NoMemory, LoadingAndRunningInFourThreads) { load_and_run("tests/models/micro/trained_lstm.tflite", 4, 1); }

TEST(NoMemory, PlanningWhileRunning) { load_and_run("tests/goldens/values/while_growing.tflite", 1, 1); }

TEST(NoMemory, Onnx) {
  for (const char* name : {"cnn", "functions", "control", "classic_trees", "gru"})
    load_and_run(std::string("tests/goldens/onnx/") + name + ".onnx", 1, 0.4);
}

TEST(NoMemory, Writing) {
  const auto read = read_file("tests/models/mlperf-tiny/kws_ref_model.tflite");
  ASSERT_TRUE(read);
  for (const char* path : {"x.tflite", "x.onnx", "x.thim"})
    sweep(
        path,
        [&]() -> Outcome {
          auto graph = read_model(*read);
          if (!graph) return failed(graph);
          auto file = write_model(graph->graph, path);
          if (!file) return failed(file);
          return {std::move(*file), ""};
        },
        0.7);
}

Dataset dots() {
  auto samples = std::make_shared<Samples>();
  samples->sample_shape = {2};
  samples->storage = Storage::floats;
  samples->count = 64;
  samples->classes = 2;
  samples->label_names = {"a", "b"};
  Random random(1);
  for (int i = 0; i < 64; ++i) {
    samples->floats.push_back(static_cast<float>(random.normal()));
    samples->floats.push_back(static_cast<float>(random.normal()));
    samples->labels.push_back(i % 2);
  }
  return Dataset(samples);
}

TEST(NoMemory, TrainingAndQuantising) {
  ModelSpec model;
  model.input = {2};
  model.layers = {{.word = "dense", .size = 4, .activation = "relu"},
                  {.word = "dense", .size = 2, .activation = "softmax"}};
  TrainSpec spec;
  spec.optimizer = *make_optimizer("adam");
  spec.batch = 32;
  spec.epochs = 2;
  spec.seed = 7;
  const Dataset data = dots();
  for (const int threads : {1, 3})
    sweep(
        threads == 1 ? "training" : "training in three threads",
        [&]() -> Outcome {
          TrainOptions options;
          options.threads = threads;
          const auto trained = train(model, spec, data, data, Feeding(), {}, options);
          if (!trained) return failed(trained);
          Outcome out;
          for (const auto& values : trained->weights.parameters) {
            const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
            out.bits.insert(out.bits.end(), bytes, bytes + values.size() * sizeof(float));
          }
          return out;
        },
        1);

  const auto built = build_model(model, {.batch = 1, .training = false});
  ASSERT_TRUE(built) << built.error().to_string();
  for (const QuantizeTo to : {QuantizeTo::int8, QuantizeTo::dynamic, QuantizeTo::float16})
    sweep(
        "quantising",
        [&]() -> Outcome {
          QuantizeOptions options;
          options.to = to;
          const auto made = quantize(built->graph, options, [](int64_t i, std::span<float> input) {
            for (float& v : input) v = static_cast<float>(i % 5 - 2);
            return i < 20;
          });
          if (!made) return failed(made);
          const auto file = write_model(made->graph, "x.tflite");
          if (!file) return failed(file);
          return {*file, ""};
        },
        0.7);
}

}  // namespace
}  // namespace thimble::test
