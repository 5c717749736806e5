// A training that is killed at any moment and resumed ends with the weights of one that was left
// alone, bit for bit; damaged checkpoints are noticed. The training runs in a child process, is
// killed by SIGKILL and started again until it ends, with everything on that carries state from step
// to step: dropout, augmentation, weight average, schedule, plateau, early stopping, best epoch.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "base/file.h"
#include "pictures.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

namespace thimble::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kKills = 50;

TrainSpec full_spec() {
  TrainSpec spec;
  spec.optimizer = *make_optimizer("nadam");
  spec.optimizer.learning_rate = 0.003;
  spec.optimizer.global_clipnorm = 2;
  spec.batch = 32;
  spec.epochs = 3;
  spec.seed = 5;
  spec.average = 0.98;
  spec.schedule.kind = ScheduleSpec::Kind::cosine_restarts;
  spec.schedule.decay_steps = 1.5;
  spec.schedule.warmup_epochs = 0.5;
  spec.early_stopping = {.on = true, .monitor = "val_loss", .patience = 3, .min_delta = 0.01, .restore_best = true};
  spec.plateau = {.on = true, .monitor = "loss", .factor = 0.5, .min_delta = 0.2, .patience = 1};
  spec.keep_best = true;
  return spec;
}

Augment some_augmentation() {
  Augment a;
  a.shift = 1;
  a.rotate = 5;
  a.noise = 0.02f;
  return a;
}

Result<TrainResult> run(const TrainOptions& options, const TrainHooks& hooks = {}) {
  return train(picture_network(), full_spec(), pictures(640, 3), pictures(160, 4), Feeding(), some_augmentation(),
               options, hooks);
}

// Everything of a result that must not depend on interruptions.
std::vector<uint8_t> bytes_of(const TrainResult& result) {
  std::vector<uint8_t> bytes;
  const auto put = [&](const auto& v) {
    const auto* p = reinterpret_cast<const uint8_t*>(&v);
    bytes.insert(bytes.end(), p, p + sizeof v);
  };
  for (const auto* list : {&result.weights.parameters, &result.weights.statistics})
    for (const std::vector<float>& values : *list)
      for (float v : values) put(v);
  for (const EpochRecord& e : result.epochs) {
    put(e.epoch);
    put(e.loss);
    put(e.accuracy);
    put(e.val_loss);
    put(e.val_accuracy);
    put(e.learning_rate);
  }
  put(result.best_epoch);
  put(result.stopped_early);
  return bytes;
}

// A directory of its own that is gone afterwards.
struct Folder {
  Folder() {
    std::string pattern = testing::TempDir() + "thimble_resume_XXXXXX";
    path = ::mkdtemp(pattern.data());
  }
  ~Folder() {
    if (const auto names = list_directory(path))
      for (const std::string& name : *names) std::remove((path + "/" + name).c_str());
    ::rmdir(path.c_str());
  }
  std::string path;
};

// In the child: trains on, writes the result beside the checkpoint, leaves.
[[noreturn]] void child(const std::string& folder, int threads, double checkpoint_seconds) {
  TrainOptions options;
  options.threads = threads;
  options.checkpoint = folder + "/state.ckpt";
  options.resume = true;
  options.checkpoint_seconds = checkpoint_seconds;
  const auto result = run(options);
  if (!result) {
    (void)write_file_atomic(folder + "/error", result.error().to_string());
    ::_exit(1);
  }
  ::_exit(write_file_atomic(folder + "/result", bytes_of(*result)) ? 0 : 2);
}

// True when the child ended by itself, false when it was killed after `seconds`.
bool run_child(const std::string& folder, int threads, double checkpoint_seconds, double seconds) {
  const pid_t pid = ::fork();
  if (pid == 0) child(folder, threads, checkpoint_seconds);
  EXPECT_GT(pid, 0);
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  int status = 0;
  for (;;) {
    const pid_t done = ::waitpid(pid, &status, WNOHANG);
    if (done == pid) break;
    if (Clock::now() >= end) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  if (WIFSIGNALED(status)) {
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    return false;
  }
  const auto error = read_text_file(folder + "/error");
  EXPECT_EQ(WEXITSTATUS(status), 0) << (error ? *error : "");
  return true;
}

TEST(Resume, FiftyKillsChangeNoBit) {
  std::vector<uint8_t> whole;
  double seconds = 0;
  {
    const Folder folder;
    const auto start = Clock::now();
    ASSERT_TRUE(run_child(folder.path, 1, 30, 1e9));
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
    whole = *read_file(folder.path + "/result");
    ASSERT_GT(whole.size(), 10000u);
  }
  Random random(20);
  int kills = 0, trainings = 0;
  const auto deadline = Clock::now() + std::chrono::seconds(100);
  for (; kills < kKills && Clock::now() < deadline; ++trainings) {
    const Folder folder;
    // A checkpoint after every step, so that many kills hit one being written; or now and then.
    const double often = trainings % 2 == 0 ? 0.0 : 0.02;
    for (int round = 0;; ++round) {
      const double delay = kills >= kKills ? 1e9 : random.uniform(0.05, 0.5) * seconds;
      if (run_child(folder.path, 1 + (round + trainings) % 2, often, delay)) break;
      ++kills;
    }
    const auto result = read_file(folder.path + "/result");
    ASSERT_TRUE(result) << result.error().to_string();
    ASSERT_EQ(*result, whole) << "after " << kills << " kills in " << trainings + 1 << " trainings";
  }
  EXPECT_GE(kills, kKills);
  RecordProperty("trainings", trainings);
}

TrainOptions with_checkpoint(const Folder& folder) {
  TrainOptions options;
  options.checkpoint = folder.path + "/state.ckpt";
  options.resume = true;
  return options;
}

// Two checkpoints (after epochs 1 and 2, newest first), then the training stands still.
void train_two_epochs(const Folder& folder) {
  TrainHooks hooks;
  int epochs = 0;
  hooks.epoch = [&](const EpochRecord&) { ++epochs; };
  hooks.stop = [&] { return epochs == 2; };
  const auto part = run(with_checkpoint(folder), hooks);
  ASSERT_TRUE(part) << part.error().to_string();
  ASSERT_TRUE(part->interrupted);
}

TEST(Resume, DamageIsFoundWhereverItIs) {
  const Folder folder;
  ASSERT_NO_FATAL_FAILURE(train_two_epochs(folder));
  const std::string file = folder.path + "/state.ckpt", previous = file + ".previous";
  const auto newest = *read_file(file), older = *read_file(previous);
  std::string note;
  const auto intact = load_checkpoint(file, &note);
  ASSERT_TRUE(intact && *intact);
  EXPECT_EQ(note, "");
  const int64_t at = (*load_checkpoint(previous, &note))->total_steps;
  EXPECT_LT(at, (*intact)->total_steps);
  Random random(3);
  for (int i = 0; i < 60; ++i) {
    std::vector<uint8_t> damaged = newest;
    if (i < 30) {
      const size_t place = i < 10 ? static_cast<size_t>(i) * 3 : random.below(damaged.size());
      damaged[place] ^= static_cast<uint8_t>(1u << random.below(8));
    } else {
      damaged.resize(i == 30 ? 0 : random.below(damaged.size()));
    }
    ASSERT_TRUE(write_file_atomic(file, damaged) && write_file_atomic(previous, older));
    note.clear();
    const auto fallback = load_checkpoint(file, &note);
    ASSERT_TRUE(fallback && *fallback) << i;
    EXPECT_EQ((*fallback)->total_steps, at);
    EXPECT_NE(note.find("damaged"), std::string::npos) << note;
    // The damaged file no longer stands where the next save would make it the previous one.
    EXPECT_FALSE(file_exists(file));
    ASSERT_TRUE(write_file_atomic(file, damaged) && write_file_atomic(previous, damaged));
    const auto neither = load_checkpoint(file, &note);
    ASSERT_FALSE(neither);
    EXPECT_EQ(neither.error().code, ErrorCode::bad_file);
    EXPECT_NE(neither.error().message.find(file), std::string::npos) << neither.error().message;
    EXPECT_FALSE(neither.error().hint.empty());
  }
}

TEST(Resume, FromThePreviousCheckpointGivesTheSameWeights) {
  const auto whole = run({});
  ASSERT_TRUE(whole) << whole.error().to_string();
  const Folder folder;
  ASSERT_NO_FATAL_FAILURE(train_two_epochs(folder));
  const std::string file = folder.path + "/state.ckpt";
  auto damaged = *read_file(file);
  damaged[damaged.size() / 2] ^= 4;
  ASSERT_TRUE(write_file_atomic(file, damaged));
  const auto rest = run(with_checkpoint(folder));
  ASSERT_TRUE(rest) << rest.error().to_string();
  EXPECT_EQ(bytes_of(*rest), bytes_of(*whole));
}

TEST(Resume, RefusesTheCheckpointOfAnotherTraining) {
  const Folder folder;
  ASSERT_NO_FATAL_FAILURE(train_two_epochs(folder));
  TrainSpec other = full_spec();
  other.seed = 6;
  const auto result = train(picture_network(), other, pictures(640, 3), {}, Feeding(), {}, with_checkpoint(folder));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::usage);
  // Another optimiser setting, another data set of the same size, another augmentation: each is another training.
  other = full_spec();
  other.optimizer.learning_rate = 0.004;
  EXPECT_FALSE(train(picture_network(), other, pictures(640, 3), pictures(160, 4), Feeding(), some_augmentation(),
                     with_checkpoint(folder)));
  EXPECT_FALSE(train(picture_network(), full_spec(), pictures(640, 3), pictures(160, 4), Feeding(), {},
                     with_checkpoint(folder)));
}

TEST(Resume, AFinishedTrainingStaysFinished) {
  const Folder folder;
  const auto whole = run(with_checkpoint(folder)), again = run(with_checkpoint(folder));
  ASSERT_TRUE(whole && again);
  EXPECT_EQ(bytes_of(*again), bytes_of(*whole));
}

}  // namespace
}  // namespace thimble::test
