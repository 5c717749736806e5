// Items spread over ranks that are threads of this program here: every item is done once, dead processes are replaced,
// files come over, errors and Ctrl-C end it.
#include "study/workers.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "base/file.h"
#include "report/study_item.h"

namespace thimble {
namespace {

// What mpirun gives: a mailbox per rank.
struct Job {
  std::mutex mutex;
  std::vector<std::deque<Message>> boxes;
};

class FakeRanks : public Ranks {
 public:
  FakeRanks(Job& job, int rank) : job_(job), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(job_.boxes.size()); }
  int here() const override { return 2; }
  Status send(int to, std::span<const uint8_t> bytes) override {
    const std::lock_guard lock(job_.mutex);
    job_.boxes[static_cast<size_t>(to)].push_back({rank_, {bytes.begin(), bytes.end()}});
    return {};
  }
  std::optional<Message> poll() override {
    const std::lock_guard lock(job_.mutex);
    auto& box = job_.boxes[static_cast<size_t>(rank_)];
    if (box.empty()) return std::nullopt;
    Message m = std::move(box.front());
    box.pop_front();
    return m;
  }

 private:
  Job& job_;
  int rank_;
};

std::string after(const std::vector<std::string>& words, const std::string& word) {
  const auto at = std::ranges::find(words, word);
  return at == words.end() || at + 1 == words.end() ? "" : *(at + 1);
}

// A study of five items in its own folder, its ranks 1 and 2 being threads.
class WorkersTest : public testing::Test {
 protected:
  void SetUp() override {
    out_ = testing::TempDir() + "thimble_workers_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(out_);
    options_.out = out_;
    options_.threads = 8;
    for (int i = 1; i <= 5; ++i)
      plans_.push_back({format("seed_{}", i), format("training, seed {}", i), 1, {}, i == 1});
    hooks_.note = [this](const std::string& text) { notes_ += text + "\n"; };
  }

  // In place of `thimble study … --item ID`: leaves the item and one model.
  Result<ChildResult> do_item(const std::vector<std::string>& words) {
    StudyItem item;
    item.id = after(words, "--item");
    item.variants.push_back({.name = "float32", .file = format("models/{}/float32.tflite", item.id)});
    {
      const std::lock_guard lock(mutex_);
      done_.insert(item.id);
      threads_.insert(after(words, "--threads"));
    }
    THIMBLE_TRY(make_directories(out_ + "/items"));
    THIMBLE_TRY(make_directories(out_ + "/models/" + item.id));
    THIMBLE_TRY(write_file_atomic(out_ + "/" + item.variants[0].file, "model of " + item.id));
    THIMBLE_TRY(write_file_atomic(out_ + "/items/" + item.id + ".item", pack_item(item)));
    return ChildResult{};
  }

  Status run(const RunProgram& program, int workers = 1) {
    Job job;
    job.boxes.resize(3);
    std::vector<std::thread> ranks;
    for (int r = 1; r < 3; ++r)
      ranks.emplace_back([&, r] {
        FakeRanks mine(job, r);
        serve_items(mine, 8, hooks_.cancelled, program);
      });
    FakeRanks first(job, 0);
    WorkerOptions workers_options;
    workers_options.workers = workers;
    workers_options.command = {"study", "r.toml"};
    workers_options.ranks = &first;
    workers_options.run = program;
    Status status = run_workers(plans_, workers_options, options_, hooks_);
    for (int r = 1; r < 3; ++r) EXPECT_TRUE(first.send(r, {}));
    for (auto& t : ranks) t.join();
    return status;
  }

  std::string out_, notes_;
  StudyOptions options_;
  StudyHooks hooks_;
  std::vector<ItemPlan> plans_;
  std::mutex mutex_;
  std::multiset<std::string> done_;
  std::set<std::string> threads_;
};

TEST_F(WorkersTest, RanksShareTheItems) {
  std::atomic<int> at_once = 0, most = 0;
  const Status status = run([&](const auto& words, const auto&) {
    most = std::max(most.load(), ++at_once);
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    --at_once;
    return do_item(words);
  });
  ASSERT_TRUE(status) << status.error().to_string();
  EXPECT_EQ(done_, (std::multiset<std::string>{"seed_1", "seed_2", "seed_3", "seed_4", "seed_5"}));
  EXPECT_EQ(threads_, std::set<std::string>{"4"});  // 8 shared by the two processes of this machine
  EXPECT_EQ(most, 3);
  EXPECT_NE(notes_.find("done (rank 1)"), std::string::npos);
  EXPECT_NE(notes_.find("done (rank 2)"), std::string::npos);
  EXPECT_NE(notes_.find("(5 of 5)"), std::string::npos);
}

TEST_F(WorkersTest, ADeadProcessIsReplacedAndGoesOnFromItsCheckpoint) {
  int deaths = 0;
  const Status status = run([&](const auto& words, const auto&) -> Result<ChildResult> {
    if (after(words, "--item") == "seed_2") {
      const std::lock_guard lock(mutex_);
      EXPECT_EQ(std::ranges::count(words, "--resume"), deaths > 0);
      if (deaths++ < 2) return ChildResult{.exit_code = 137, .signal = 9};
    }
    return do_item(words);
  });
  ASSERT_TRUE(status) << status.error().to_string();
  EXPECT_EQ(done_.size(), 5u);
  EXPECT_NE(notes_.find("was ended by signal 9; attempt 3 of 3"), std::string::npos);
}

TEST_F(WorkersTest, ThreeDeathsAndErrorsEndTheStudy) {
  Status status = run([&](const auto& words, const auto&) -> Result<ChildResult> {
    if (after(words, "--item") == "seed_4") return ChildResult{.exit_code = 137, .signal = 9};
    return do_item(words);
  });
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().to_string().find("training, seed 4"), std::string::npos);
  done_.clear();
  status = run([&](const auto& words, const auto&) -> Result<ChildResult> {
    if (after(words, "--item") == "seed_3") return ChildResult{.exit_code = 4, .err = "error: no such data\n"};
    return do_item(words);
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::bad_file);
  EXPECT_NE(status.error().message.find("no such data"), std::string::npos);
}

TEST_F(WorkersTest, CtrlCStopsEveryRank) {
  std::atomic<bool> pressed = false;
  std::atomic<int> stopped = 0;
  hooks_.cancelled = [&] { return pressed.load(); };
  std::atomic<int> started = 0;
  const Status status = run([&](const auto&, const auto& stop) -> Result<ChildResult> {
    if (++started == 3) pressed = true;
    while (!stop()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ++stopped;
    return fail(ErrorCode::interrupted, "it was stopped");
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::interrupted);
  EXPECT_NE(status.error().to_string().find("0 of 5 trainings are finished"), std::string::npos);
  EXPECT_EQ(stopped, 3);
}

TEST_F(WorkersTest, FilesComeFromAnotherMachinesFolder) {
  Job job;
  job.boxes.resize(2);
  FakeRanks first(job, 0), second(job, 1);
  ASSERT_TRUE(first.send(1, pack_order({out_, "seed_1", {"study", "--item", "seed_1"}})));
  ASSERT_TRUE(first.send(1, pack_order({})));  // to stop what has ended already
  ASSERT_TRUE(first.send(1, {}));
  // The order is done before the rank looks for the next message.
  serve_items(second, 1, {}, [&](const auto& words, const auto&) { return do_item(words); });
  const auto message = first.poll();
  ASSERT_TRUE(message);
  const auto answer = unpack_answer(message->bytes);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->files.size(), 1u);
  ASSERT_TRUE(keep_answer(*answer, out_ + "/here", "seed_1"));
  EXPECT_EQ(*read_text_file(out_ + "/here/models/seed_1/float32.tflite"), "model of seed_1");
  EXPECT_EQ(*read_file(out_ + "/here/items/seed_1.item"), *read_file(out_ + "/items/seed_1.item"));
  EXPECT_FALSE(keep_answer(*answer, out_ + "/here", "seed_2"));

  const std::vector<uint8_t> cut(message->bytes.begin(), message->bytes.end() - 1);
  EXPECT_FALSE(unpack_answer(cut));
  EXPECT_FALSE(unpack_answer({}));
}

TEST_F(WorkersTest, AnItemThatLeavesNothingIsAnError) {
  Job job;
  job.boxes.resize(2);
  FakeRanks first(job, 0), second(job, 1);
  ASSERT_TRUE(first.send(1, pack_order({out_ + "/nowhere", "seed_1", {"study"}})));
  ASSERT_TRUE(first.send(1, {}));
  serve_items(second, 1, {}, [](const auto&, const auto&) -> Result<ChildResult> { return ChildResult{}; });
  const auto message = first.poll();
  ASSERT_TRUE(message);
  const auto answer = unpack_answer(message->bytes);
  ASSERT_TRUE(answer);
  ASSERT_FALSE(answer->child);
  EXPECT_EQ(answer->child.error().code, ErrorCode::bad_file);
}

}  // namespace
}  // namespace thimble
