// Replays a corpus through a fuzz target without libFuzzer: every file of the folders named on the
// command line as it stands, then cut short at up to 64 places, then with single bytes changed to 00,
// 7F, 80 and FF at up to 64 places. The target fails by crashing; the sanitizer builds see the rest.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

int64_t runs = 0;

// In a buffer of exactly its size, so that the address sanitizer sees a read past the end.
void replay(const std::vector<uint8_t>& bytes) {
  const std::vector<uint8_t> exact(bytes);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  ++runs;
}

void replay_with_changes(std::vector<uint8_t> bytes) {
  replay(bytes);
  const size_t step = std::max<size_t>(1, bytes.size() / 64);
  for (size_t length = 0; length < bytes.size(); length += step) {
    replay(std::vector<uint8_t>(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)));
  }
  for (size_t at = 0; at < bytes.size(); at += step) {
    const uint8_t old = bytes[at];
    for (const int changed : {0x00, 0x7f, 0x80, 0xff}) {
      bytes[at] = static_cast<uint8_t>(changed);
      replay(bytes);
    }
    bytes[at] = old;
  }
}

}  // namespace

int main(int argc, char** argv) {
  replay({});
  for (int i = 1; i < argc; ++i) {
    const auto names = thimble::list_directory(argv[i]);
    if (!names) {
      std::fprintf(stderr, "%s\n", names.error().to_string().c_str());
      return 1;
    }
    for (const std::string& name : *names) {
      const auto bytes = thimble::read_file(thimble::join_path(argv[i], name));
      if (!bytes) {
        std::fprintf(stderr, "%s\n", bytes.error().to_string().c_str());
        return 1;
      }
      replay_with_changes(*bytes);
    }
  }
  std::printf("%lld inputs\n", static_cast<long long>(runs));
  return 0;
}
