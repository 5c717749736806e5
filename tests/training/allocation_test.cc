// Running a planned model takes no memory: malloc and operator new are replaced by counting ones,
// and every model file under tests/models runs on one thread and two without a single call.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "base/file.h"
#include "formats/tflite/tflite.h"
#include "runtime/program.h"
#include "train/optimizer.h"
#include "train/training_graph.h"

namespace {
std::atomic<bool> counting{false};
std::atomic<long> calls{0};
void count() {
  if (counting.load(std::memory_order_relaxed)) calls.fetch_add(1, std::memory_order_relaxed);
}
}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define THIMBLE_COUNTS_MALLOC 0  // sanitizers bring their own malloc; operator new is theirs as well
#else
#define THIMBLE_COUNTS_MALLOC 1
// The C library's allocator under its second name; operator new ends in malloc too.
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void* malloc(size_t n) {
  count();
  return __libc_malloc(n);
}
void* calloc(size_t n, size_t size) {
  count();
  return __libc_calloc(n, size);
}
void* realloc(void* p, size_t n) {
  count();
  return __libc_realloc(p, n);
}
void* memalign(size_t alignment, size_t n) {
  count();
  return __libc_memalign(alignment, n);
}
void* aligned_alloc(size_t alignment, size_t n) {
  count();
  return __libc_memalign(alignment, n);
}
int posix_memalign(void** out, size_t alignment, size_t n) {
  count();
  *out = __libc_memalign(alignment, n);
  return *out ? 0 : 12;
}
}
#endif

namespace thimble::test {
namespace {

long calls_during(Session& session) {
  session.run();  // threads and lazily bound functions are awake after the first run
  calls = 0;
  counting = true;
  for (int i = 0; i < 3; ++i) session.run();
  counting = false;
  return calls;
}

TEST(Allocations, TheCounterCounts) {
  if (!THIMBLE_COUNTS_MALLOC) GTEST_SKIP() << "a sanitizer owns malloc";
  calls = 0;
  counting = true;
  const std::unique_ptr<std::vector<int>> made(new std::vector<int>(1000));
  void* volatile plain = std::malloc(10);
  counting = false;
  std::free(plain);
  EXPECT_EQ(calls, 3);
}

TEST(Allocations, NoneWhileModelsRun) {
  int models = 0;
  for (const char* folder : {"tests/models/mlperf-tiny", "tests/models/micro", "tests/models/imagenet"})
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".tflite") continue;
      const auto file = read_file(entry.path().string());
      ASSERT_TRUE(file);
      const auto graph = read_tflite(*file);
      ASSERT_TRUE(graph) << entry.path() << ": " << graph.error().to_string();
      for (const int threads : {1, 2}) {
        const auto program = Program::plan(*graph, {.threads = threads});
        ASSERT_TRUE(program) << entry.path() << ": " << program.error().to_string();
        auto session = Session::create(*program);
        ASSERT_TRUE(session);
        EXPECT_EQ(calls_during(**session), 0) << entry.path() << ", " << threads << " threads";
      }
      ++models;
    }
  EXPECT_GE(models, 16);
}

// Forward, backward and update are a program like any other.
TEST(Allocations, NoneWhileTraining) {
  ModelSpec spec;
  spec.input = {12, 12, 1};
  spec.layers = {{.word = "conv2d", .size = 8, .activation = "relu"},
                 {.word = "batch_norm"},
                 {.word = "max_pool", .size = 2},
                 {.word = "depthwise_conv2d", .size = 1},
                 {.word = "dropout", .size = 0.25},
                 {.word = "flatten", .size = 1},
                 {.word = "dense", .size = 10, .activation = "softmax"}};
  const auto model = build_model(spec, {.batch = 16, .training = true});
  ASSERT_TRUE(model) << model.error().to_string();
  TrainSpec train;
  train.optimizer = *make_optimizer("adam");
  train.optimizer.global_clipnorm = 1;
  train.average = 0.9;
  LossPlan loss{.from_logits = true, .classes = true};
  const auto graph = build_training_graph(*model, train, loss, 10);
  ASSERT_TRUE(graph) << graph.error().to_string();
  for (const int threads : {1, 2}) {
    const auto program = Program::plan(graph->graph, {.threads = threads});
    ASSERT_TRUE(program) << program.error().to_string();
    EXPECT_EQ(calls_during(**Session::create(*program)), 0) << threads << " threads";
  }
}

}  // namespace
}  // namespace thimble::test
