// The bytes of TensorBoard event files.
#include "report/tensorboard.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

std::string hex(const std::string& bytes) {
  std::string out;
  for (char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

// These bytes were read back by TensorBoard 2.21's EventAccumulator as both scalars at step 3.
TEST(TensorBoard, BytesAreThoseThatTensorBoardReads) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  const std::string file = tensorboard_header(1700000000.5) +
                           tensorboard_scalars(3, 1700000001.25, {{"epoch_loss", 0.5}, {"epoch_accuracy", 0.875}});
  EXPECT_EQ(
      hex(file),
      "1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b3531103700000000000000e7e8ca5909000050"
      "40fc54d94110032a2a0a110a0a65706f63685f6c6f7373150000003f0a150a0e65706f63685f6163637572616379150000603fd1c69c34");
  EXPECT_EQ(tensorboard_file_name(1700000000.5, "host.a"), "events.out.tfevents.1700000000.host_a");
}

}  // namespace
}  // namespace thimble
