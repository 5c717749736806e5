#include "train/checkpoint.h"

#include <cstdio>
#include <cstring>

#include "base/file.h"
#include "base/hash.h"

namespace thimble {
namespace {

constexpr uint64_t kVersion = 1;
constexpr size_t kMaxEpochs = 1'000'000, kMaxBlobs = 64;

class Out {
 public:
  static constexpr bool kReading = false;
  void raw(const void* p, size_t n) {
    bytes.insert(bytes.end(), static_cast<const uint8_t*>(p), static_cast<const uint8_t*>(p) + n);
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void operator()(T& v) {
    if constexpr (std::is_floating_point_v<T>) {
      const double wide = v;
      raw(&wide, 8);
    } else {
      const auto wide = static_cast<int64_t>(v);
      raw(&wide, 8);
    }
  }
  template <class Bytes>
  requires requires(Bytes b) { b.size(); }
  void operator()(Bytes& v) {
    uint64_t n = v.size();
    (*this)(n);
    raw(v.data(), v.size());
  }
  std::vector<uint8_t> bytes;
};

// Reads what Out wrote; after the first shortage everything reads as zero and ok is false.
class In {
 public:
  static constexpr bool kReading = true;
  explicit In(std::span<const uint8_t> b) : bytes_(b) {}
  template <class T>
  requires std::is_arithmetic_v<T>
  void operator()(T& v) {
    std::conditional_t<std::is_floating_point_v<T>, double, int64_t> wide = 0;
    take(&wide, 8);
    v = static_cast<T>(wide);
  }
  template <class Bytes>
  requires requires(Bytes b) { b.size(); }
  void operator()(Bytes& v) {
    uint64_t n = 0;
    (*this)(n);
    if (n > bytes_.size() - at_) {
      ok = false;
      return;
    }
    v.resize(n);
    take(v.data(), n);
  }
  bool at_end() const { return at_ == bytes_.size(); }
  bool ok = true;

 private:
  void take(void* p, size_t n) {
    if (!ok || n > bytes_.size() - at_) {
      ok = false;
      return;
    }
    std::memcpy(p, bytes_.data() + at_, n);
    at_ += n;
  }
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

// One list for both directions, so that they cannot disagree.
template <class Stream>
void transfer(Stream& s, Checkpoint& c) {
  s(c.fingerprint);
  s(c.isa);
  s(c.version);
  s(c.epoch);
  s(c.step);
  s(c.total_steps);
  s(c.loss_sum);
  s(c.correct);
  s(c.seen);
  s(c.rate_factor);
  s(c.best);
  s(c.best_epoch);
  s(c.since_best);
  s(c.plateau_best);
  s(c.plateau_wait);
  s(c.plateau_cooldown);
  s(c.seconds);
  uint64_t epochs = c.history.size(), blobs = c.blobs.size();
  s(epochs);
  if constexpr (Stream::kReading) {
    if (epochs > kMaxEpochs) s.ok = false;
    if (s.ok) c.history.resize(epochs);
  }
  for (EpochRecord& e : c.history) {
    s(e.epoch);
    s(e.loss);
    s(e.accuracy);
    s(e.val_loss);
    s(e.val_accuracy);
    s(e.learning_rate);
    s(e.seconds);
    s(e.has_validation);
  }
  s(blobs);
  if constexpr (Stream::kReading) {
    for (uint64_t i = 0; i < blobs && i < kMaxBlobs && s.ok; ++i) {
      std::string key;
      s(key);
      s(c.blobs[key]);
    }
  } else {
    for (auto& [key, blob] : c.blobs) {
      std::string name = key;
      s(name);
      s(blob);
    }
  }
}

Result<Checkpoint> load_one(const std::string& file) {
  THIMBLE_ASSIGN(const std::vector<uint8_t> bytes, read_file(file));
  const auto damaged = [&](const char* what) {
    return fail(ErrorCode::bad_file, format("checkpoint {} is damaged: {}", file, what),
                "start again without --resume");
  };
  if (bytes.size() < 20 || std::memcmp(bytes.data(), "THCK", 4) != 0) return damaged("it does not begin with THCK");
  uint64_t sum = 0;
  std::memcpy(&sum, bytes.data() + bytes.size() - 8, 8);
  const std::span<const uint8_t> body(bytes.data(), bytes.size() - 8);
  if (checksum64(body) != sum) return damaged("its checksum does not match");
  In in(body.subspan(4));
  uint64_t version = 0;
  in(version);
  if (version != kVersion) return damaged("its version is unknown");
  Checkpoint c;
  transfer(in, c);
  if (!in.ok || !in.at_end()) return damaged("a field is longer than the file");
  return c;
}

}  // namespace

Status save_checkpoint(const std::string& file, const Checkpoint& checkpoint) {
  Out out;
  out.raw("THCK", 4);
  uint64_t version = kVersion;
  out(version);
  Checkpoint copy = checkpoint;
  transfer(out, copy);
  const uint64_t sum = checksum64(out.bytes);
  out.raw(&sum, 8);
  THIMBLE_TRY(make_directories(directory_of(file)));
  // The old file steps aside first; should we die between the two renames, loading finds it there.
  if (file_exists(file) && std::rename(file.c_str(), (file + ".previous").c_str()) != 0)
    return fail(ErrorCode::io, format("cannot rename {} to {}.previous", file, file),
                "check the directory's permissions");
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
