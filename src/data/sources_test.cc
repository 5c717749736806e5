#include "data/sources.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "data/feeding.h"
#include "data/files.h"
#include "data/folder.h"
#include "data/function.h"
#include "data/png.h"
#include "data/sheet.h"
#include "data/split.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

class Temporary : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / ("thimble_sources_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  void picture(const std::string& name, uint8_t shade, int64_t side = 12) {
    fs::create_directories((root_ / name).parent_path());
    auto png = encode_png({side, side, 1, std::vector<uint8_t>(static_cast<size_t>(side * side), shade)});
    ASSERT_TRUE(write_whole_file((root_ / name).string(), *png));
  }
  fs::path root_;
};

using Folder = Temporary;

Result<Samples> read(const fs::path& path, std::vector<int64_t> shape, std::vector<std::string> labels = {}) {
  FolderOptions options;
  options.shape = std::move(shape);
  options.labels = std::move(labels);
  return read_folder(path.string(), options, "x");
}

bool says(const std::vector<std::string>& notes, std::string_view text) {
  for (const std::string& note : notes)
    if (note.find(text) != std::string::npos) return true;
  return false;
}

using Idx4 = Temporary;

// 16-bit mono: `value` at even samples, −value at odd ones.
std::vector<uint8_t> wav_of(int16_t value, int64_t samples, uint32_t rate) {
  std::vector<uint8_t> out;
  const auto put = [&](uint32_t v, int bytes) {
    for (int i = 0; i < bytes; ++i) out.push_back(static_cast<uint8_t>(v >> (8 * i)));
  };
  const auto word = [&](const char* w) { out.insert(out.end(), w, w + 4); };
  const auto data = static_cast<uint32_t>(2 * samples);
  word("RIFF"), put(36 + data, 4), word("WAVE"), word("fmt "), put(16, 4), put(1, 2), put(1, 2), put(rate, 4);
  put(2 * rate, 4), put(2, 2), put(16, 2), word("data"), put(data, 4);
  for (int64_t i = 0; i < samples; ++i) put(static_cast<uint16_t>(i % 2 == 0 ? value : -value), 2);
  return out;
}

TEST_F(Folder, ClassesBySubfolder) {
  picture("set/dog/b.png", 20);
  picture("set/cat/a.png", 200);
  picture("set/dog/a.png", 10);
  std::ofstream(root_ / "set/dog/notes.txt") << "not a picture";
  auto s = read(root_ / "set", {4, 6, 3});
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->label_names, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(s->labels, (std::vector<int32_t>{0, 1, 1}));
  EXPECT_EQ(s->sample_names, (std::vector<std::string>{"cat/a.png", "dog/a.png", "dog/b.png"}));
  EXPECT_EQ(s->sample_elements(), 72);
  EXPECT_EQ(s->bytes[0], 200);
  EXPECT_EQ(s->bytes[72], 10);
  auto ordered = read(root_ / "set", {4, 6, 3}, {"dog", "bird", "cat"});
  EXPECT_EQ(ordered->labels, (std::vector<int32_t>{2, 0, 0}));
  EXPECT_FALSE(read(root_ / "set", {4, 6, 3}, {"dog"}));
}

TEST_F(Folder, ClassesByFirstCharacterAndBadPictures) {
  picture("set/7_a.png", 20);
  picture("set/1_b.png", 20);
  auto s = read(root_ / "set", {28, 28, 1});
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->label_names, (std::vector<std::string>{"1", "7"}));
  std::ofstream(root_ / "set/3_c.png") << "this is no picture";
  auto bad = read(root_ / "set", {28, 28, 1});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::bad_file);
  EXPECT_NE(bad.error().to_string().find("3_c.png"), std::string::npos);
  EXPECT_FALSE(read(root_ / "nowhere", {28, 28, 1}));
  fs::create_directories(root_ / "empty");
  EXPECT_NE(read(root_ / "empty", {28, 28, 1}).error().message.find("no pictures"), std::string::npos);
  EXPECT_EQ(read(root_ / "set", {28, 28}).error().code, ErrorCode::usage);
}

TEST_F(Folder, NestedFoldersLinksAndWhatIsPassedOver) {
  picture("set/cat/a.png", 20);
  picture("set/cat/2021/spring/b.png", 20);
  picture("set/dog/c.png", 20);
  picture("set/stray.png", 20);
  fs::create_directories(root_ / "set/fish");
  std::ofstream(root_ / "set/cat/x.heic") << "h";
  std::ofstream(root_ / "set/dog/y.HEIC") << "h";
  std::ofstream(root_ / "set/dog/notes.txt") << "t";
  std::ofstream(root_ / "set/dog/.hidden") << "t";
  fs::create_directory_symlink(root_ / "set", root_ / "set/cat/loop");
  auto s = read(root_ / "set", {4, 4, 1});
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->label_names, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(s->sample_names, (std::vector<std::string>{"cat/2021/spring/b.png", "cat/a.png", "dog/c.png"}));
  EXPECT_TRUE(says(s->notes, "passed over 3 files: 2 .heic, 1 .txt"));
  EXPECT_TRUE(says(s->notes, "1 picture beside the class folders"));
  EXPECT_TRUE(says(s->notes, "a class folder without a picture: \"fish\""));
}

TEST_F(Folder, BadPicturesInOneErrorOrPassedOver) {
  for (int i = 0; i < 9; ++i) picture("set/a/" + std::to_string(i) + ".png", 20);
  for (int i = 0; i < 7; ++i) std::ofstream(root_ / "set/a" / ("bad" + std::to_string(i) + ".jpg")) << "no picture";
  FolderOptions options;
  options.shape = {4, 4, 3};
  auto refused = read_folder((root_ / "set").string(), options, "x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::bad_file);
  for (const char* text : {"7 of 16 pictures", "a/bad0.jpg: not a PNG", "a/bad4.jpg", "and 2 more"})
    EXPECT_NE(refused.error().message.find(text), std::string::npos) << refused.error().message;
  EXPECT_EQ(refused.error().message.find("bad5"), std::string::npos);
  EXPECT_NE(refused.error().hint.find("skip_bad = true"), std::string::npos);
  options.skip_bad = true;
  auto s = read_folder((root_ / "set").string(), options, "x");
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->count, 9);
  EXPECT_TRUE(says(s->notes, "passed over 7 of 16 pictures that cannot be read"));
}

TEST_F(Folder, ClassNamesAreUtf8AndHomeIsExpanded) {
  picture("set/gr\xf6sser/a.png", 20);
  auto s = read(root_ / "set", {4, 4, 1});
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().code, ErrorCode::bad_file);
  EXPECT_NE(s.error().message.find("looks like Latin-1"), std::string::npos) << s.error().message;
  const char* home = std::getenv("HOME");
  const std::string before = home ? home : "";
  ::setenv("HOME", root_.c_str(), 1);
  EXPECT_EQ(expanded_home("~/photos"), (root_ / "photos").string());
  EXPECT_EQ(expanded_home("a~/b"), "a~/b");
  ::setenv("HOME", before.c_str(), 1);
}

TEST_F(Folder, UnknownNamesSayWhatTheyMayMean) {
  fs::create_directories(root_ / "photos");
  std::ofstream(root_ / "t.csv") << "a,b\n1,2\n";
  const auto hint = [](const std::string& set) { return open_splits(set).error().hint; };
  EXPECT_EQ(hint((root_ / "photos").string()), "did you mean folder:" + (root_ / "photos").string() + "?");
  EXPECT_EQ(hint((root_ / "t.csv").string()), "did you mean csv:" + (root_ / "t.csv").string() + "?");
  EXPECT_EQ(hint("minst"), "did you mean 'mnist'?");
  EXPECT_EQ(hint("fodler:x"), "did you mean folder:x?");
  EXPECT_NE(hint("zzzzzz").find("known: mnist"), std::string::npos);
}

TEST_F(Folder, Sounds) {
  const auto sound = [&](const std::string& name, int16_t value, int64_t samples, uint32_t rate = 16000) {
    fs::create_directories((root_ / name).parent_path());
    ASSERT_TRUE(write_whole_file((root_ / name).string(), wav_of(value, samples, rate)));
  };
  sound("words/yes/a.wav", 9000, 16000);
  sound("words/yes/b.WAV", 3000, 8000);
  sound("words/no/a.wav", 100, 20000);
  sound("words/no/c.wav", 9000, 8000, 8000);
  const std::string set = "folder:" + (root_ / "words").string();
  OpenOptions open;
  open.whole_as_test = true;
  const auto unsaid = open_splits(set, open);
  ASSERT_FALSE(unsaid);
  EXPECT_EQ(unsaid.error().code, ErrorCode::usage);
  EXPECT_NE(unsaid.error().message.find("holds sounds"), std::string::npos);
  EXPECT_NE(unsaid.error().hint.find("--features"), std::string::npos);

  open.features = SoundFeatures::micro_speech;
  const auto bytes = open_splits(set, open);
  ASSERT_TRUE(bytes) << bytes.error().message;
  const Samples& s = bytes->test.samples();
  EXPECT_EQ(s.sample_shape, (std::vector<int64_t>{49, 40, 1}));
  EXPECT_EQ(s.storage, Storage::bytes);
  EXPECT_EQ(s.bytes.size(), 4u * 49 * 40);
  EXPECT_EQ(s.label_names, (std::vector<std::string>{"no", "yes"}));
  EXPECT_EQ(s.labels, (std::vector<int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(s.sample_names[3], "yes/b.WAV");
  EXPECT_TRUE(says(bytes->notes, "1 of 4 sounds are longer than the 1 s"));
  EXPECT_TRUE(says(bytes->notes, "1 of 4 sounds were brought to 16000"));

  open.features = SoundFeatures::mfcc_tiny;
  open.shape = {24, 10, 1};
  const auto floats = open_splits(set, open);
  ASSERT_TRUE(floats) << floats.error().message;
  EXPECT_EQ(floats->test.storage(), Storage::floats);
  EXPECT_EQ(floats->test.samples().floats.size(), 4u * 24 * 10);
  const auto scale = measure_feeding("", floats->test);
  ASSERT_TRUE(scale);
  EXPECT_EQ(scale->scale, "standard");
  EXPECT_EQ(scale->mean.size(), 1u);
  EXPECT_EQ(scale->features, SoundFeatures::mfcc_tiny);
  const auto again = Feeding::from_json(scale->to_json());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->features, SoundFeatures::mfcc_tiny);
  EXPECT_FALSE(Feeding::from_json(R"({"scale":"none","features":"other"})"));
  open.shape = {28, 28, 1};
  EXPECT_FALSE(open_splits(set, open));
  open.shape = {};

  std::ofstream(root_ / "words/no/broken.wav") << "RIFF";
  const auto broken = open_splits(set, open);
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("1 of 5 sounds"), std::string::npos);
  open.skip_bad = true;
  EXPECT_TRUE(open_splits(set, open));

  picture("words/no/p.png", 1);
  const auto mixed = open_splits(set, open);
  ASSERT_FALSE(mixed);
  EXPECT_NE(mixed.error().message.find("both sounds (5) and pictures (1)"), std::string::npos);
  picture("pictures/no/p.png", 1);
  const auto pictures = open_splits("folder:" + (root_ / "pictures").string(), open);
  ASSERT_FALSE(pictures);
  EXPECT_NE(pictures.error().message.find("holds pictures"), std::string::npos);
}

TEST(Split, ClassesAreSpreadEvenly) {
  Samples s;
  s.name = "made";
  s.sample_shape = {1};
  s.storage = Storage::floats;
  for (int c = 0; c < 4; ++c)
    for (int i = 0; i < std::vector<int>{500, 200, 6, 3}[static_cast<size_t>(c)]; ++i) s.labels.push_back(c);
  s.count = static_cast<int64_t>(s.labels.size());
  s.floats.resize(s.labels.size());
  s.classes = 4;
  s.label_names = {"a", "b", "c", "d"};
  const Dataset set(std::make_shared<const Samples>(std::move(s)));
  for (uint64_t seed = 1; seed < 30; ++seed) {
    auto parts = split_shuffled(set, {-1, 60, 50}, seed);
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->train.size(), 599);
    EXPECT_EQ(parts->validation.size(), 60);
    EXPECT_EQ(parts->test.size(), 50);
    std::vector<int> seen(709), counts(4);
    for (const Dataset* part : {&parts->train, &parts->validation, &parts->test}) {
      std::vector<int> here(4);
      for (int64_t i = 0; i < part->size(); ++i) {
        ++seen[static_cast<size_t>(part->position(i))];
        ++here[static_cast<size_t>(part->label(i))];
      }
      for (int c = 0; c < 4; ++c) EXPECT_GE(here[static_cast<size_t>(c)], 1) << "class " << c << " seed " << seed;
      const double share = static_cast<double>(part->size()) / 709;
      EXPECT_NEAR(here[0], 500 * share, 3.5);
      EXPECT_NEAR(here[1], 200 * share, 3.5);
    }
    EXPECT_EQ(seen, std::vector<int>(709, 1));  // each sample once
    auto again = split_shuffled(set, {-1, 60, 50}, seed);
    for (int64_t i = 0; i < 50; ++i) EXPECT_EQ(again->test.position(i), parts->test.position(i));
    if (seed == 1) {
      EXPECT_TRUE(says(split_notes(*parts), "the classes differ in size"));
      EXPECT_TRUE(says(split_notes(*parts), "the test part has 50 samples: differences below 20 points are chance"));
    }
  }
  auto tiny = split_shuffled(set, {-1, 0, 2}, 1);
  EXPECT_TRUE(says(split_notes(*tiny), "the test part has no sample of the classes"));
}

TEST_F(Folder, SplitsAndParts) {
  for (int i = 0; i < 20; ++i) picture("set/" + std::to_string(i % 2) + "_" + std::to_string(i) + ".png", 20);
  OpenOptions options;
  options.shape = {4, 4, 1};
  auto sets = open_splits("folder:" + (root_ / "set").string(), options);
  ASSERT_TRUE(sets) << sets.error().to_string();
  EXPECT_EQ(sets->train.size(), 16);
  EXPECT_EQ(sets->validation.size(), 2);
  EXPECT_EQ(sets->test.size(), 2);
  options.whole_as_test = true;
  EXPECT_EQ(open_splits("folder:" + (root_ / "set").string(), options)->test.size(), 20);
  picture("parts/train/a/1.png", 5);
  picture("parts/train/b/1.png", 5);
  picture("parts/test/b/1.png", 5);
  picture("parts/val/a/1.png", 5);
  auto parts = open_splits("folder:" + (root_ / "parts").string(), options);
  ASSERT_TRUE(parts) << parts.error().to_string();
  EXPECT_EQ(parts->train.size(), 2);
  EXPECT_EQ(parts->validation.size(), 1);
  EXPECT_EQ(parts->test.label(0), 1);
}

TEST_F(Idx4, FilesAreFoundInEverySpelling) {
  const auto idx = [](std::vector<uint8_t> head, std::vector<uint8_t> body) {
    head.insert(head.end(), body.begin(), body.end());
    return head;
  };
  const auto images = idx({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2}, {1, 2, 3, 4});
  const auto labels = idx({0, 0, 8, 1, 0, 0, 0, 2}, {9, 0});
  const auto put = [&](const char* name, const std::vector<uint8_t>& bytes) {
    ASSERT_TRUE(write_whole_file((root_ / name).string(), bytes));
  };
  put("train-images.idx3-ubyte", images);
  put("train-labels-idx1-ubyte", labels);
  put("t10k-images-idx3-ubyte", images);
  OpenOptions options;
  options.data_dir = root_.string();
  auto incomplete = open_splits("mnist", options);
  ASSERT_FALSE(incomplete);
  EXPECT_NE(incomplete.error().message.find("t10k-labels-idx1-ubyte"), std::string::npos);
  put("t10k-labels.idx1-ubyte", labels);
  auto sets = open_splits("mnist", options);
  ASSERT_TRUE(sets) << sets.error().to_string();
  EXPECT_EQ(sets->train.label(0), 9);
  auto bad_label = labels;
  bad_label[9] = 200;
  put("t10k-labels.idx1-ubyte", bad_label);
  auto refused = open_splits("mnist", options);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("label 1 is 200, expected 0 … 9"), std::string::npos);
  auto shorter = labels;
  shorter[7] = 1;
  shorter.pop_back();
  put("t10k-labels.idx1-ubyte", shorter);
  EXPECT_NE(open_splits("mnist", options).error().message.find("2 pictures but"), std::string::npos);
  options.split.train = 100;
  put("t10k-labels.idx1-ubyte", labels);
  EXPECT_EQ(open_splits("mnist", options).error().code, ErrorCode::usage);
}

TEST(Split, SharesOfOpenParts) {
  auto all = sample_surface("plane", 101, 1);
  const Dataset set(std::make_shared<const Samples>(std::move(*all)));
  const auto sizes = [&](SplitRequest r) {
    auto s = split_shuffled(set, r, 3);
    return s ? std::vector<int64_t>{s->train.size(), s->validation.size(), s->test.size()} : std::vector<int64_t>{};
  };
  EXPECT_EQ(sizes({}), (std::vector<int64_t>{81, 10, 10}));
  EXPECT_EQ(sizes({-1, 20, 30}), (std::vector<int64_t>{51, 20, 30}));
  EXPECT_EQ(sizes({50, 0, -1}), (std::vector<int64_t>{50, 0, 51}));
  EXPECT_EQ(sizes({50, -1, -1}), (std::vector<int64_t>{50, 26, 25}));
  EXPECT_EQ(sizes({10, 10, 10}), (std::vector<int64_t>{10, 10, 10}));
  EXPECT_TRUE(sizes({100, 10, -1}).empty());
}

TEST(Function, SurfacesFollowTheirFormula) {
  for (const Surface& surface : surfaces()) {
    auto s = sample_surface(surface.name, 500, 9);
    ASSERT_TRUE(s);
    for (size_t i = 0; i < 500; ++i) {
      const double x = s->floats[2 * i], y = s->floats[2 * i + 1];
      EXPECT_GE(x, surface.low);
      EXPECT_LE(y, surface.high);
      EXPECT_EQ(s->targets[i], static_cast<float>(surface.value(x, y)));
    }
    EXPECT_EQ(sample_surface(surface.name, 500, 9)->floats, s->floats);
    EXPECT_NE(sample_surface(surface.name, 500, 10)->floats, s->floats);
  }
  EXPECT_NEAR(surfaces().back().value(0, 0), 3 * std::exp(-1.0) - std::exp(-1.0) / 3, 1e-12);  // peaks at the origin
  auto unknown = sample_surface("hill", 10, 1);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().hint.find("paraboloid"), std::string::npos);
}

TEST(Function, FormulasAndRanges) {
  auto s = sample_surface("x*exp(-y)@-2..2,0..4", 400, 3);
  ASSERT_TRUE(s) << s.error().to_string();
  float widest = 0, highest = 0;
  for (size_t i = 0; i < 400; ++i) {
    const float x = s->floats[2 * i], y = s->floats[2 * i + 1];
    widest = std::max(widest, std::fabs(x));
    highest = std::max(highest, y);
    EXPECT_GE(y, 0);
    EXPECT_EQ(s->targets[i], static_cast<float>(x * std::exp(-static_cast<double>(y))));
  }
  EXPECT_GT(widest, 1.9f);
  EXPECT_LE(widest, 2.0f);
  EXPECT_GT(highest, 3.9f);
  EXPECT_EQ(sample_surface("ripple@-1..1", 10, 3)->count, 10);
  EXPECT_EQ(sample_surface("saddle", 50, 4)->targets, sample_surface("x^2 - y^2", 50, 4)->targets);
  const auto refused = [](const char* text) {
    auto bad = sample_surface(text, 100, 1);
    EXPECT_FALSE(bad) << text;
    return bad ? "" : bad.error().message + " | " + bad.error().hint;
  };
  EXPECT_NE(refused("rippel").find("did you mean 'ripple'"), std::string::npos);
  EXPECT_NE(refused("sin(3*x").find("column 4"), std::string::npos);
  EXPECT_NE(refused("1/(x-x)").find("is inf at x = "), std::string::npos);
  EXPECT_NE(refused("x@1").find("not LOW..HIGH"), std::string::npos);
  EXPECT_NE(refused("x@3..1").find("the smaller one"), std::string::npos);
  EXPECT_NE(refused("x@0..1,2").find("not LOW..HIGH"), std::string::npos);
  EXPECT_NE(refused("x@0..1;2..3").find("after a range"), std::string::npos);
  EXPECT_NE(refused("x@nan..inf").find("not LOW..HIGH"), std::string::npos);
}

TEST(Function, TheSplitSaysHowMany) {
  OpenOptions options;
  options.split = {30000, 500, 700};
  auto sets = open_splits("function:x*y", options);
  ASSERT_TRUE(sets) << sets.error().to_string();
  EXPECT_EQ(sets->train.size(), 30000);
  EXPECT_EQ(sets->test.size(), 700);
  EXPECT_EQ(open_splits("function:x*y", {})->train.size(), 8000);
}

TEST(Sheet, OneRowPerClass) {
  OpenOptions options;
  options.data_dir = "datasets";
  auto sets = open_splits("mnist", options);
  ASSERT_TRUE(sets);
  auto sheet = contact_sheet(sets->test, 5);
  ASSERT_TRUE(sheet) << sheet.error().to_string();
  EXPECT_EQ(sheet->height, 10 * 58 + 2);
  EXPECT_EQ(sheet->width, 5 * 58 + 2);
  // The first 7 of the test set is its sample 0, shown twice as large in row 7.
  for (int64_t y = 0; y < 56; ++y)
    EXPECT_EQ(sheet->pixels[static_cast<size_t>((7 * 58 + 2 + y) * sheet->width + 2 + 26)],
              sets->test.bytes(0)[y / 2 * 28 + 13]);
  auto table = open_splits("function:plane");
  EXPECT_FALSE(contact_sheet(table->test));
}

TEST(Sources, ListKnowsWhereTheSetsAre) {
  OpenOptions options;
  options.data_dir = "datasets";
  int found = 0;
  for (const SetInfo& set : list_sets(options))
    found += (set.name == "mnist" || set.name == "digits") && !set.where.empty();
  EXPECT_EQ(found, 2);
}

// Pictures lie class after class: parts, limits and what is held back are of all classes all the same. Who runs them
// gets them in the order of their names.
TEST_F(Folder, EveryStretchHasEveryClass) {
  for (const char* part : {"set/Train", "set/val"})
    for (int i = 0; i < 10; ++i)
      for (const char* label : {"cat", "dog"})
        picture(format("{}/{}/{:02}.png", part, label, i), static_cast<uint8_t>(i));
  picture("set/spare/x.png", 1);
  OpenOptions open;
  open.shape = {2, 2, 1};
  open.split.validation = 6;
  const std::string name = "folder:" + (root_ / "set").string();
  const auto s = open_splits(name, open);
  ASSERT_TRUE(s) << s.error().to_string();
  EXPECT_EQ(s->train.size(), 14);
  EXPECT_EQ(s->test.size(), 20);
  EXPECT_TRUE(says(s->notes, "there is no folder \"test\""));
  EXPECT_TRUE(says(s->notes, "passed over what lies beside the parts: \"spare\""));
  const auto dogs = [](const Dataset& set) {
    int64_t n = 0;
    for (int64_t i = 0; i < set.size(); ++i) n += set.label(i);
    return n;
  };
  EXPECT_EQ(s->train.sample_name(0).substr(0, 6), "Train/");
  EXPECT_EQ(dogs(s->validation), 3);
  EXPECT_EQ(dogs(s->train), 7);
  EXPECT_EQ(dogs(s->test.limit(4)), 2);
  open.split = {};
  open.unlabelled = open.whole_as_test = true;
  const auto run = open_splits("folder:" + (root_ / "set/val").string(), open);
  ASSERT_TRUE(run) << run.error().to_string();
  EXPECT_EQ(run->test.sample_name(0), "cat/00.png");
  EXPECT_EQ(run->test.sample_name(19), "dog/09.png");
}

}  // namespace
}  // namespace thimble
