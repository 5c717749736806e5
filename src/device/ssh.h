// Commands on another machine, by the ssh that the user has, so that its keys and its configuration hold.
#pragma once

#include "device/remote.h"
#include "measure/subprocess.h"

namespace thimble {

class Ssh {
 public:
  // `command`: what to start, "ssh" and options in front of the destination (environment variable THIMBLE_SSH).
  Ssh(std::vector<std::string> command, const DeviceWord& word);

  // A script for sh there. A command that fails there is no error here (ChildResult::exit_code); that there is no
  // connection is one, with what to do about it.
  Result<ChildResult> run(const std::string& script, const ChildOptions& options) const;

 private:
  std::vector<std::string> command_;
  std::string name_, destination_;
};

// What ssh's own failure (exit code 255) means, from what it said.
Error ssh_error(const std::string& device, const std::string& destination, const std::string& said);

}  // namespace thimble
