#include "report/study_item.h"

#include "base/archive.h"
#include "base/hash.h"

namespace thimble {
namespace {

constexpr char kMagic[] = "THST";
constexpr uint64_t kVersion = 2;

// A name inside the study's folder, whatever wrote the item.
bool inside(const std::string& path) {
  if (path.starts_with('/')) return false;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    if (path.substr(at, end - at) == "..") return false;
    at = end + 1;
  }
  return true;
}

bool plausible(const Outcomes& o) {
  const auto n = static_cast<size_t>(o.n);
  return o.n >= 0 && (o.right.empty() || o.right.size() == (n + 7) / 8) && (o.squares.empty() || o.squares.size() == n);
}

}  // namespace

template <class S>
void transfer(S& s, EpochRow& v) {
  s(v.epoch, v.loss, v.accuracy, v.val_loss, v.val_accuracy, v.learning_rate, v.seconds);
}
template <class S>
void transfer(S& s, SeedTraining& v) {
  s(v.seed, v.seconds, v.images_per_s, v.test_accuracy, v.test_loss, v.epochs);
}
template <class S>
void transfer(S& s, LayerRow& v) {
  s(v.name, v.op, v.output_shape, v.parameters, v.macs);
}
template <class S>
void transfer(S& s, ModelSummary& v) {
  s(v.parameters, v.macs, v.layers);
}
template <class S>
void transfer(S& s, RegressionScore& v) {
  s(v.mse, v.rmse, v.mae, v.r2, v.max_error);
}
template <class S>
void transfer(S& s, Interval& v) {
  s(v.low, v.high);
}
template <class S>
void transfer(S& s, Outcomes& v) {
  s(v.n, v.right, v.squares);
}
template <class S>
void transfer(S& s, SeedScore& v) {
  s(v.seed, v.accuracy, v.loss, v.regression, v.outcomes);
}
template <class S>
void transfer(S& s, ExtraScore& v) {
  s(v.set, v.accuracy, v.interval95, v.n, v.regression);
}
template <class S>
void transfer(S& s, UnquantizedRow& v) {
  s(v.name, v.bytes, v.why);
}
template <class S>
void transfer(S& s, TensorSizeRow& v) {
  s(v.name, v.before_bytes, v.after_bytes, v.type, v.reason, v.deflated_bytes, v.elements, v.zeros, v.distinct,
    v.packed_bytes, v.packed_how);
}
template <class S>
void transfer(S& s, ArenaSlot& v) {
  s(v.tensor, v.offset, v.size, v.first_step, v.last_step);
}
template <class S>
void transfer(S& s, ConfusionMatrix& v) {
  s(v.labels, v.counts);
}
template <class S>
void transfer(S& s, MisclassifiedExample& v) {
  s(v.index, v.truth, v.predicted, v.probability, v.png);
}
template <class S>
void transfer(S& s, VariantResult& v) {
  s(v.name, v.file, v.technique, v.description, v.bytes, v.bytes_deflated, v.bytes_packed, v.parameters, v.macs,
    v.sparsity);
  s(v.accuracy, v.accuracy_stddev, v.interval95, v.loss, v.regression, v.test_samples, v.constant_accuracy, v.per_seed,
    v.extra);
  s(v.agreement_with_float32, v.max_abs_output_difference, v.arena_bytes, v.unquantized_tensors, v.tensors, v.stages,
    v.stage_names);
  s(v.arena, v.step_names, v.confusion, v.misclassified, v.errors, v.changes, v.truths, v.answers, v.inputs);
}
template <class S>
void transfer(S& s, StudyItem& v) {
  s(v.id, v.fingerprint, v.diverged, v.training, v.model, v.peak_rss_bytes, v.variants, v.notes, v.warnings);
}

std::vector<uint8_t> pack_item(const StudyItem& item) {
  ArchiveOut out;
  out.raw(kMagic, 4);
  uint64_t version = kVersion;
  StudyItem copy = item;
  out(version, copy);
  const uint64_t sum = checksum64(out.bytes);
  out.raw(&sum, 8);
  return std::move(out.bytes);
}

Result<StudyItem> unpack_item(std::span<const uint8_t> bytes) {
  const auto damaged = [](const char* what) {
    return fail(ErrorCode::bad_file, format("a finished piece of a study is damaged: {}", what));
  };
  if (bytes.size() < 20 || std::memcmp(bytes.data(), kMagic, 4) != 0) return damaged("it does not begin with THST");
  uint64_t sum = 0, version = 0;
  std::memcpy(&sum, bytes.data() + bytes.size() - 8, 8);
  const auto body = bytes.first(bytes.size() - 8);
  if (checksum64(body) != sum) return damaged("its checksum does not match");
  ArchiveIn in(body.subspan(4));
  in(version);
  if (version != kVersion) return damaged("its version is unknown");
  StudyItem item;
  in(item);
  if (!in.ok || !in.at_end()) return damaged("a field is longer than the file");
  for (const VariantResult& v : item.variants) {
    if (!inside(v.file)) return damaged("a file of a variant lies outside the study's folder");
    for (const SeedScore& s : v.per_seed)
      if (!plausible(s.outcomes)) return damaged("outcomes of samples that do not match their number");
  }
  return item;
}

}  // namespace thimble
