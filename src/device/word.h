// A device as one names it: "host", "ssh:[user@]host[:port][/folder]", "qemu:BOARD[:MEMORY]".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace thimble {

struct DeviceWord {
  enum class Kind { host, ssh, qemu };

  Kind kind = Kind::host;
  std::string text = "host";  // as it was given: what tables call it
  std::string user, host;     // ssh; no user: ssh decides
  int port = 0;               // ssh; 0: ssh decides
  std::string folder;         // ssh: where files are kept there, absolute; empty: .cache/thimble in the user's home
  std::string board;          // qemu: "pi4", or "pi4:256M"
};

// Errors: usage, with what it may look like. Nothing of a word can be taken for an option by ssh or read by a shell:
// hosts and users are made of letters, digits, '.', '_', '-' and ':' in brackets (IPv6).
Result<DeviceWord> parse_device_word(std::string_view text);

}  // namespace thimble
