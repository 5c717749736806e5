#include "device/ssh.h"

#include "base/format.h"
#include "measure/text.h"

namespace thimble {
namespace {

bool says(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

Error ssh_error(const std::string& device, const std::string& destination, const std::string& said) {
  const auto error = [&](const std::string& why, const std::string& fix) {
    return Error(ErrorCode::io, format("device {}: {}", device, why), {}, fix);
  };
  if (says(said, "REMOTE HOST IDENTIFICATION HAS CHANGED"))
    return error("its host key is another one than before",
                 "find out why before you trust it; then ssh-keygen -R removes the old one");
  if (says(said, "Host key verification failed") || says(said, "host key is known"))
    return error("its host key is not known here, and nobody answers for you",
                 format("log in once by hand and look at the key: ssh {}", destination));
  if (says(said, "Permission denied") || says(said, "Too many authentication failures"))
    return error("ssh may not log in without a password", format("give it your key: ssh-copy-id {}", destination));
  if (says(said, "Could not resolve hostname"))
    return error("there is no host of this name", "see the name, and that you are in its network");
  if (says(said, "Connection refused"))
    return error("nobody listens there", "start its ssh server, or give the port: ssh:host:port");
  if (says(said, "timed out") || says(said, "No route to host") || says(said, "Network is unreachable"))
    return error("it does not answer", "see that it is on and in this network");
  const std::string line = last_line(said);
  return error("the connection ended" + (line.empty() ? std::string() : ": " + line),
               "see that it still runs (out of memory, power, network), then run again (a study: with --resume)");
}

Ssh::Ssh(std::vector<std::string> command, const DeviceWord& word) : command_(std::move(command)), name_(word.text) {
  destination_ = (word.user.empty() ? "" : word.user + "@") + word.host;
  for (const char* option : {"-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=15",
                             "-o", "ServerAliveCountMax=4"})
    command_.emplace_back(option);
  if (word.port > 0) command_.insert(command_.end(), {"-p", std::to_string(word.port)});
  command_.insert(command_.end(), {"--", destination_});
}

Result<ChildResult> Ssh::run(const std::string& script, const ChildOptions& options) const {
  std::vector<std::string> arguments = command_;
  arguments.push_back("sh -c " + shell_quoted(script));  // whatever the user's login shell is
  THIMBLE_ASSIGN(ChildResult child, run_child("/usr/bin/env", arguments, options));
  if (child.exit_code == 255) return tl::unexpected(ssh_error(name_, destination_, child.err));
  if (child.exit_code == 127 && says(child.err, "/usr/bin/env") && says(child.err, command_[0]))
    return fail(ErrorCode::io, format("device {}: {} cannot be started", name_, command_[0]),
                "install an ssh client (Debian: openssh-client)");
  return child;
}

}  // namespace thimble
