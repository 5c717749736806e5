// The zip half of npy.h; reading by minizip.
#include <minizip/unzip.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "base/numbers.h"
#include "base/utf8.h"
#include "base/zip.h"
#include "data/files.h"
#include "data/npy.h"

namespace thimble {
namespace {

tl::unexpected<Error> damaged(std::string what) {
  return fail(ErrorCode::bad_file, format("npz archive: {}", what),
              "write it with numpy.savez or numpy.savez_compressed");
}

// A file in memory, for minizip.
struct Memory {
  std::span<const uint8_t> bytes;
  ZPOS64_T at = 0;
};
voidpf open_memory(voidpf opaque, const void*, int) { return opaque; }
uLong read_memory(voidpf, voidpf stream, void* out, uLong size) {
  Memory& m = *static_cast<Memory*>(stream);
  const auto n = std::min<uLong>(size, static_cast<uLong>(m.bytes.size() - m.at));
  if (n > 0) std::memcpy(out, m.bytes.data() + m.at, n);
  m.at += n;
  return n;
}
ZPOS64_T tell_memory(voidpf, voidpf stream) { return static_cast<Memory*>(stream)->at; }
long seek_memory(voidpf, voidpf stream, ZPOS64_T offset, int origin) {
  Memory& m = *static_cast<Memory*>(stream);
  const ZPOS64_T size = m.bytes.size();
  const ZPOS64_T base = origin == ZLIB_FILEFUNC_SEEK_SET ? 0 : origin == ZLIB_FILEFUNC_SEEK_CUR ? m.at : size;
  if (offset > size - base) return -1;
  m.at = base + offset;
  return 0;
}
int close_memory(voidpf, voidpf) { return 0; }
int no_error(voidpf, voidpf) { return 0; }

class Archive {
 public:
  explicit Archive(std::span<const uint8_t> bytes) : memory_{bytes} {
    zlib_filefunc64_def calls{};
    calls.zopen64_file = open_memory;
    calls.zread_file = read_memory;
    calls.ztell64_file = tell_memory;
    calls.zseek64_file = seek_memory;
    calls.zclose_file = close_memory;
    calls.zerror_file = no_error;
    calls.opaque = &memory_;
    zip_ = unzOpen2_64("memory", &calls);
  }
  ~Archive() {
    if (zip_) unzClose(zip_);
  }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  unzFile get() const { return zip_; }

 private:
  Memory memory_;
  unzFile zip_ = nullptr;
};

// The member that `zip` stands on. Its sizes are the directory's claims: no memory is taken beyond what the packed
// bytes can hold (deflate gives at most 1032 for 1).
Result<std::vector<uint8_t>> unpack(unzFile zip, const unz_file_info64& info, size_t file_size) {
  if (info.flag & 1) return damaged("a member is encrypted");
  if (info.compression_method != 0 && info.compression_method != Z_DEFLATED)
    return damaged(format("compression method {} (stored and deflate are known)", info.compression_method));
  const ZPOS64_T times = info.compression_method == 0 ? 1 : 1032;
  if (info.compressed_size > file_size || info.uncompressed_size > info.compressed_size * times)
    return damaged(
        format("a member claims {} bytes from {} packed ones", info.uncompressed_size, info.compressed_size));
  if (unzOpenCurrentFile(zip) != UNZ_OK) return damaged("a member's header is damaged");
  std::vector<uint8_t> out(info.uncompressed_size);
  size_t got = 0;
  int n = 1;
  while (got < out.size() && n > 0) {
    n = unzReadCurrentFile(zip, out.data() + got, static_cast<unsigned>(std::min<size_t>(out.size() - got, 1u << 30)));
    if (n > 0) got += static_cast<size_t>(n);
  }
  uint8_t extra;
  const bool whole = got == out.size() && n >= 0 && unzReadCurrentFile(zip, &extra, 1) == 0;
  const int closed = unzCloseCurrentFile(zip);
  if (!whole) return damaged(format("a member should unpack to {} bytes and does not", info.uncompressed_size));
  if (closed != UNZ_OK) return damaged("a member's check sum is wrong");
  return out;
}

}  // namespace

Result<std::map<std::string, NpyArray>> parse_npz(std::span<const uint8_t> file) {
  const Archive archive(file);
  unz_global_info64 about;
  if (!archive.get() || unzGetGlobalInfo64(archive.get(), &about) != UNZ_OK)
    return damaged("no end of central directory: not a zip file, or truncated");
  if (about.number_entry == 0) return damaged("it holds nothing, or its end is missing");
  if (about.number_entry > 10000) return damaged(format("{} members", about.number_entry));
  std::map<std::string, NpyArray> out;
  int64_t total = 0;
  for (ZPOS64_T i = 0; i < about.number_entry; ++i) {
    char name_bytes[1024];
    unz_file_info64 info;
    const int found = i == 0 ? unzGoToFirstFile(archive.get()) : unzGoToNextFile(archive.get());
    if (found != UNZ_OK ||
        unzGetCurrentFileInfo64(archive.get(), &info, name_bytes, sizeof(name_bytes), nullptr, 0, nullptr, 0) != UNZ_OK)
      return damaged(format("directory entry {} is damaged", i));
    const std::string file_name(name_bytes, std::min<size_t>(info.size_filename, sizeof(name_bytes)));
    if (file_name.size() < 4 || file_name.substr(file_name.size() - 4) != ".npy") continue;
    if (info.uncompressed_size > static_cast<ZPOS64_T>(kMaxDataBytes) ||
        !checked_add(total, static_cast<int64_t>(info.uncompressed_size), &total) || total > kMaxDataBytes)
      return damaged(format("more than {} bytes in all when unpacked", kMaxDataBytes));
    const std::string name = file_name.substr(0, file_name.size() - 4);
    THIMBLE_ASSIGN(const std::vector<uint8_t> bytes, unpack(archive.get(), info, file.size()));
    auto array = parse_npy(bytes);
    if (!array) return with_context(std::move(array).error(), format("array {}", valid_utf8(name)));
    out.insert_or_assign(valid_utf8(name), std::move(*array));
  }
  return out;
}

Status write_npz(const std::string& path, const std::map<std::string, NpyArray>& arrays) {
  std::vector<ZipMember> members;
  for (const auto& [name, array] : arrays)
    members.push_back({name + ".npy", npy_bytes(array.dtype, array.shape, array.bytes)});
  auto archive = zip_archive(members);
  if (!archive) return with_context(std::move(archive).error(), path);
  return write_whole_file(path, *archive);
}

}  // namespace thimble
