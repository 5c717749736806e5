#include "base/zip.h"

#include "base/hash.h"

namespace thimble {
namespace {

void put(std::vector<uint8_t>& to, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

}  // namespace

Result<std::vector<uint8_t>> zip_archive(const std::vector<ZipMember>& members) {
  std::vector<uint8_t> out, central;
  for (const auto& [name, data] : members) {
    if (out.size() + data.size() > 0xfffffff0u - 65536 || members.size() > 65535)
      return fail(ErrorCode::unsupported, "more than 4 GB or 65,535 files in one archive", "write several files");
    const size_t local = out.size();
    const auto common = [&](std::vector<uint8_t>& to) {  // version 2.0, no flags, stored, 1980-01-01
      put(to, 20, 2), put(to, 0, 2), put(to, 0, 2), put(to, 0, 2), put(to, 0x21, 2);
      put(to, crc32(data), 4), put(to, data.size(), 4), put(to, data.size(), 4);
      put(to, name.size(), 2), put(to, 0, 2);
    };
    put(out, 0x04034b50, 4);
    common(out);
    out.insert(out.end(), name.begin(), name.end());
    out.insert(out.end(), data.begin(), data.end());
    put(central, 0x02014b50, 4), put(central, 20, 2);
    common(central);
    put(central, 0, 2), put(central, 0, 2), put(central, 0, 2), put(central, 0, 4), put(central, local, 4);
    central.insert(central.end(), name.begin(), name.end());
  }
  const size_t start = out.size();
  out.insert(out.end(), central.begin(), central.end());
  put(out, 0x06054b50, 4), put(out, 0, 2), put(out, 0, 2), put(out, members.size(), 2), put(out, members.size(), 2);
  put(out, central.size(), 4), put(out, start, 4), put(out, 0, 2);
  return out;
}

}  // namespace thimble
