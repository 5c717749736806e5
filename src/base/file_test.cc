#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace thimble {
namespace {

// A fresh directory, removed with everything in it.
class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "thimble-file-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override {
    ASSERT_EQ(std::system(("chmod -R u+rwx '" + dir_ + "' && rm -r '" + dir_ + "'").c_str()), 0);
  }
  std::string at(const std::string& name) const { return join_path(dir_, name); }
  std::string dir_;
};

TEST_F(FileTest, WritesReadsAndMapsTheSameBytes) {
  std::vector<uint8_t> bytes(100'000);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7 + i / 256);
  ASSERT_TRUE(write_file_atomic(at("a.bin"), bytes));
  EXPECT_EQ(*read_file(at("a.bin")), bytes);
  const auto mapped = MappedFile::open(at("a.bin"));
  ASSERT_TRUE(mapped);
  EXPECT_TRUE(std::equal(mapped->bytes().begin(), mapped->bytes().end(), bytes.begin(), bytes.end()));

  ASSERT_TRUE(write_file_atomic(at("a.bin"), "short"));
  EXPECT_EQ(*read_text_file(at("a.bin")), "short");
  EXPECT_EQ(*list_directory(dir_), std::vector<std::string>{"a.bin"});  // no temporary left
  EXPECT_EQ(mapped->size(), bytes.size());                              // the old file lives while mapped
}

TEST_F(FileTest, EmptyFile) {
  ASSERT_TRUE(write_file_atomic(at("empty"), ""));
  EXPECT_TRUE(read_file(at("empty"))->empty());
  EXPECT_EQ(MappedFile::open(at("empty"))->size(), 0u);
}

TEST_F(FileTest, MissingFileNamesItsNeighbour) {
  ASSERT_TRUE(write_file_atomic(at("model.tflite"), "x"));
  const auto missing = read_file(at("modle.tflite"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::bad_file);
  EXPECT_EQ(missing.error().hint, "did you mean '" + at("model.tflite") + "'?");
  const auto nowhere = MappedFile::open(at("no/such/file"));
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().hint, "there is no directory '" + at("no/such") + "' either");
}

TEST_F(FileTest, RefusesWhatIsNotARegularFileOrTooLarge) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  for (const std::string& path : {dir_, at("pipe"), std::string("/dev/zero")}) {
    const auto bytes = read_file(path);
    ASSERT_FALSE(bytes) << path;
    EXPECT_EQ(bytes.error().code, ErrorCode::bad_file);
    EXPECT_FALSE(MappedFile::open(path));
  }
  ASSERT_TRUE(write_file_atomic(at("ten"), "0123456789"));
  EXPECT_TRUE(read_file(at("ten"), 10));
  const auto large = read_file(at("ten"), 9);
  ASSERT_FALSE(large);
  EXPECT_NE(large.error().message.find("10 bytes; at most 9"), std::string::npos);
}

TEST_F(FileTest, FailedWriteLeavesTheOldFileAndNoTemporary) {
  ASSERT_TRUE(write_file_atomic(at("keep"), "old"));
  // A limit on file size stands in for a full disk: the write fails half way.
  rlimit old_limit;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, old_limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = write_file_atomic(at("keep"), std::vector<uint8_t>(10'000, 1));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  ::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::io);
  EXPECT_EQ(*read_text_file(at("keep")), "old");
  EXPECT_EQ(*list_directory(dir_), std::vector<std::string>{"keep"});
}

TEST_F(FileTest, WriteErrorsNameTheFix) {
  const Status nowhere = write_file_atomic(at("no/file"), "x");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, ErrorCode::io);
  EXPECT_EQ(nowhere.error().hint, "mkdir -p '" + at("no") + "'");
  EXPECT_FALSE(write_file_atomic(dir_, "x"));
  if (::geteuid() != 0) {
    ASSERT_EQ(::chmod(dir_.c_str(), 0500), 0);
    const Status denied = write_file_atomic(at("x"), "x");
    ASSERT_FALSE(denied);
    EXPECT_EQ(denied.error().code, ErrorCode::io);
    EXPECT_NE(denied.error().message.find("no permission"), std::string::npos);
  }
}

TEST_F(FileTest, DiskFullSaysSo) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  const Status full = write_file_atomic("/dev/full", "x");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::io);
  EXPECT_NE(full.error().message.find("disk is full"), std::string::npos);
}

TEST_F(FileTest, KeepsDevicesLinksAndModes) {
  ASSERT_TRUE(write_file_atomic("/dev/null", "x"));
  struct stat info;
  ASSERT_EQ(::stat("/dev/null", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));

  ASSERT_TRUE(write_file_atomic(at("real"), "1"));
  ASSERT_EQ(::chmod(at("real").c_str(), 0640), 0);
  ASSERT_EQ(::symlink("real", at("link").c_str()), 0);
  ASSERT_TRUE(write_file_atomic(at("link"), "2"));
  EXPECT_EQ(*read_text_file(at("real")), "2");
  ASSERT_EQ(::lstat(at("link").c_str(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
  ASSERT_EQ(::stat(at("real").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST_F(FileTest, MakesDirectories) {
  ASSERT_TRUE(make_directories(at("a/b/c")));
  ASSERT_TRUE(make_directories(at("a/b/c")));
  EXPECT_TRUE(directory_exists(at("a/b/c")));
  EXPECT_FALSE(file_exists(at("a/b/c")));
  ASSERT_TRUE(write_file_atomic(at("a/file"), "x"));
  EXPECT_TRUE(file_exists(at("a/file")));
  const Status blocked = make_directories(at("a/file/b"));
  ASSERT_FALSE(blocked);
  EXPECT_NE(blocked.error().message.find("a file stands in its place"), std::string::npos);
}

TEST(Path, Parts) {
  EXPECT_EQ(directory_of("a/b/c.png"), "a/b");
  EXPECT_EQ(directory_of("c.png"), ".");
  EXPECT_EQ(directory_of("/c"), "/");
  EXPECT_EQ(directory_of("a/b/"), "a");
  EXPECT_EQ(file_name_of("a/b/c.png"), "c.png");
  EXPECT_EQ(extension_of("a.b/c"), "");
  EXPECT_EQ(extension_of("a/.hidden"), "");
  EXPECT_EQ(extension_of("a/m.tar.gz"), ".gz");
  EXPECT_EQ(without_extension("a/m.tflite"), "a/m");
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(join_path("a", "/b"), "/b");
}

}  // namespace
}  // namespace thimble
