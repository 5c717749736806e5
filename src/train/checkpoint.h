// The state of a training on disk. Written atomically (temporary file, fsync, rename, directory
// fsync); the file before it stays as FILE.previous; a checksum over everything detects damage,
// and loading falls back to the previous file when the newest is damaged.
//
// Layout, little endian: "THCK", version, the fields of Checkpoint in the order of transfer_fields() in
// checkpoint.cc (as base/archive.h writes them), and last
// the 64-bit checksum of everything before it.
#pragma once

#include "train/trainer.h"

namespace thimble {

struct Checkpoint {
  std::string fingerprint;   // of model, training specification and data: another training's file is refused
  std::string isa, version;  // written by; a difference only warns (bits are promised per ISA)
  int epoch = 0;             // epochs finished
  int64_t step = 0;          // steps done in the epoch that has begun
  int64_t total_steps = 0;
  double loss_sum = 0;  // of the running epoch
  int64_t correct = 0, seen = 0;
  double rate_factor = 1;  // of reduce on plateau
  double best = 0;         // monitored value: early stopping and best epoch
  int best_epoch = 0, since_best = 0;
  double plateau_best = 0;
  int plateau_wait = 0, plateau_cooldown = 0;
  double seconds = 0;  // spent so far
  std::vector<EpochRecord> history;
  std::map<std::string, std::vector<uint8_t>> blobs;  // "variables", "best"
};

Status save_checkpoint(const std::string& file, const Checkpoint& checkpoint);
// What stands in such a file; `name` is for errors. Errors: bad_file (damaged, of another version).
Result<Checkpoint> parse_checkpoint(std::span<const uint8_t> bytes, const std::string& name);
// nullopt when there is neither FILE nor FILE.previous. A damaged FILE with an intact previous one
// gives the latter, renames FILE to FILE.damaged and sets *note to a sentence saying so.
Result<std::optional<Checkpoint>> load_checkpoint(const std::string& file, std::string* note);

}  // namespace thimble
