#include "train/checkpoint.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/archive.h"
#include "base/file.h"
#include "base/hash.h"

namespace thimble {

template <class Stream>
void transfer(Stream& s, EpochRecord& e) {
  s(e.epoch, e.loss, e.accuracy, e.val_loss, e.val_accuracy, e.learning_rate, e.seconds, e.has_validation);
}

namespace {

constexpr uint64_t kVersion = 1;

template <class Stream>
void transfer_fields(Stream& s, Checkpoint& c) {
  s(c.fingerprint, c.isa, c.version, c.epoch, c.step, c.total_steps, c.loss_sum, c.correct, c.seen, c.rate_factor);
  s(c.best, c.best_epoch, c.since_best, c.plateau_best, c.plateau_wait, c.plateau_cooldown, c.seconds);
  s(c.history, c.blobs);
}

}  // namespace

Result<Checkpoint> parse_checkpoint(std::span<const uint8_t> bytes, const std::string& name) {
  const auto damaged = [&](const char* what) {
    return fail(ErrorCode::bad_file, format("checkpoint {} is damaged: {}", name, what),
                "start again without --resume");
  };
  if (bytes.size() < 20 || std::memcmp(bytes.data(), "THCK", 4) != 0) return damaged("it does not begin with THCK");
  uint64_t sum = 0;
  std::memcpy(&sum, bytes.data() + bytes.size() - 8, 8);
  const std::span<const uint8_t> body(bytes.data(), bytes.size() - 8);
  if (checksum64(body) != sum) return damaged("its checksum does not match");
  ArchiveIn in(body.subspan(4));
  uint64_t version = 0;
  in(version);
  if (version != kVersion) return damaged("its version is unknown");
  Checkpoint c;
  transfer_fields(in, c);
  if (!in.ok || !in.at_end()) return damaged("a field is longer than the file");
  return c;
}

namespace {

Result<Checkpoint> load_one(const std::string& file) {
  THIMBLE_ASSIGN(const std::vector<uint8_t> bytes, read_file(file));
  return parse_checkpoint(bytes, file);
}

}  // namespace

Status save_checkpoint(const std::string& file, const Checkpoint& checkpoint) {
  ArchiveOut out;
  out.raw("THCK", 4);
  uint64_t version = kVersion;
  out(version);
  Checkpoint copy = checkpoint;
  transfer_fields(out, copy);
  const uint64_t sum = checksum64(out.bytes);
  out.raw(&sum, 8);
  THIMBLE_TRY(make_directories(directory_of(file)));
  // The old file steps aside first; should we die between the two renames, loading finds it there.
  if (file_exists(file) && std::rename(file.c_str(), (file + ".previous").c_str()) != 0)
    return fail(ErrorCode::io, format("cannot rename {} to {}.previous: {}", file, file, std::strerror(errno)),
                errno == ENOENT ? "it was there a moment ago: does another training write to the same place?"
                                : "check the directory's permissions");
  return write_file_atomic(file, out.bytes);
}

Result<std::optional<Checkpoint>> load_checkpoint(const std::string& file, std::string* note) {
  const std::string previous = file + ".previous";
  const bool have_file = file_exists(file), have_previous = file_exists(previous);
  if (!have_file && !have_previous) return std::optional<Checkpoint>();
  Error first;
  if (have_file) {
    auto newest = load_one(file);
    if (newest) return std::optional<Checkpoint>(std::move(*newest));
    first = std::move(newest).error();
  }
  if (have_previous)
    if (auto older = load_one(previous)) {
      if (have_file) {
        // Out of the way: the next save would make it the previous one, in place of the only whole one.
        if (std::rename(file.c_str(), (file + ".damaged").c_str()) != 0)
          return fail(ErrorCode::io, format("cannot rename {} to {}.damaged", file, file),
                      "check the directory's permissions");
        *note = format("{}; kept as {}.damaged, going on from {}", first.message, file, previous);
      }
      return std::optional<Checkpoint>(std::move(*older));
    }
  return tl::unexpected<Error>(std::move(first));
}

}  // namespace thimble
