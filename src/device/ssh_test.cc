#include "device/ssh.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

// What it says becomes a reason and a fix, each its own.
TEST(Ssh, Failures) {
  const std::pair<const char*, const char*> cases[] = {
      {"Host key verification failed.\r\n", "host key is not known"},
      {"@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n",
       "another one than before"},
      {"pi@board: Permission denied (publickey,password).\n", "without a password"},
      {"ssh: Could not resolve hostname board: Name or service not known\n", "no host of this name"},
      {"ssh: connect to host 10.0.0.1 port 22: Connection refused\n", "nobody listens"},
      {"ssh: connect to host 10.0.0.1 port 22: Connection timed out\n", "does not answer"},
      {"ssh: connect to host 10.0.0.1 port 22: No route to host\n", "does not answer"},
      {"client_loop: send disconnect: Broken pipe\n", "connection ended: client_loop"},
      {"", "connection ended"},
  };
  for (const auto& [said, why] : cases) {
    const Error error = ssh_error("ssh:pi@board", "pi@board", said);
    EXPECT_EQ(error.code, ErrorCode::io);
    EXPECT_NE(error.message.find(why), std::string::npos) << error.message;
    EXPECT_FALSE(error.hint.empty()) << said;
  }
}

}  // namespace
}  // namespace thimble
