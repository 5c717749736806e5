// A machine that models run on: one that ssh reaches, or an emulated board. Files lie there under the hash of
// what is in them, so that nothing travels twice; what runs there is the program thimble-run of that machine's
// architecture (`make dist`). Nothing but ssh and a folder to write in is asked of it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "device/word.h"

namespace thimble {

struct DeviceFacts {
  std::string architecture;  // "x86_64", "aarch64", "armv7", "riscv64"
  std::string cpu;           // as its system calls it; may be empty
  std::string system;        // "Linux 6.1.0"
  int cores = 0;
  int64_t memory_bytes = 0;
  bool emulated = false;  // its clock says nothing
};

struct DeviceHooks {
  std::function<bool()> cancelled;
  std::function<void(const std::string&)> note;  // a sentence before what takes long
  std::function<void(const std::string&)> said;  // lines that a run there wrote to its standard error
};

class Device {
 public:
  // Errors: io, each with its own reason and fix: no ssh, an unknown host or key, a login that is refused, nobody
  // there, no room, nothing to write in, no program for its architecture; usage: the word is this machine. What fails
  // leaves nothing there.
  static Result<std::unique_ptr<Device>> open(const DeviceWord& word, const DeviceHooks& hooks);

  // Takes away everything of ours that was ever put there, and nothing else; needs neither room nor a program there.
  // Errors: io, usage as for open.
  static Status clean(const DeviceWord& word, const DeviceHooks& hooks);

  virtual ~Device() = default;
  const DeviceFacts& facts() const { return facts_; }

  // The path of this file there, sent where it is not there yet; what was cut off goes on where it stopped.
  virtual Result<std::string> put(const std::string& path) = 0;
  // The same for bytes that lie in no file; `name` is the file's there.
  virtual Result<std::string> put(const std::string& name, std::span<const uint8_t> bytes) = 0;
  // Bytes of a file there that a run wrote.
  virtual Result<std::string> get(const std::string& path) = 0;
  // A path there for a run to write to, that of no other process; `drop` takes it away, and `clean` does.
  virtual std::string place(const std::string& name) = 0;
  // Takes away what a run wrote. A device that has gone keeps it: no error.
  virtual void drop(const std::string& path) = 0;
  // thimble-run with these arguments; what it wrote to its standard output. Errors: its own, and io where the device
  // went away meanwhile.
  virtual Result<std::string> run(const std::vector<std::string>& arguments, double timeout_seconds) = 0;

 protected:
  DeviceFacts facts_;
};

// Instructions of one run of a model on the processor of an emulated board, one thread (scripts/instructions.sh:
// qemu-user with a plugin that counts): what can be said of speed where the clock says nothing. Errors: usage (no
// emulated board), io (the script, qemu or the program for its architecture is missing).
Result<double> emulated_instructions(const DeviceWord& word, const std::string& model, const DeviceHooks& hooks);

// The architecture that `uname -m` names; empty for what there is no program for.
std::string architecture_of(const std::string& machine);

}  // namespace thimble
