#include "data/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace thimble {

Result<std::vector<uint8_t>> read_whole_file(const std::string& path, int64_t cap) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return fail(errno == EACCES ? ErrorCode::io : ErrorCode::bad_file,
                format("cannot open {}: {}", path, missing ? "no such file" : std::strerror(errno)));
  }
  struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } closer{fd};
  struct stat info {};
  if (::fstat(fd, &info) != 0) return fail(ErrorCode::io, format("cannot read {}: {}", path, std::strerror(errno)));
  if (!S_ISREG(info.st_mode))
    return fail(ErrorCode::bad_file, format("{} is not a regular file", path), "name a file, not a folder or device");
  if (info.st_size > cap)
    return fail(ErrorCode::bad_file, format("{} has {} bytes, at most {} are read", path, info.st_size, cap));
  std::vector<uint8_t> bytes(static_cast<size_t>(info.st_size));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::read(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(ErrorCode::io, format("cannot read {}: {}", path, std::strerror(errno)));
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

Status write_whole_file(const std::string& path, std::span<const uint8_t> bytes) {
  const std::string temporary = format("{}.tmp{}", path, ::getpid());
  const auto failed = [&](const char* what) {
    const int code = errno;
    ::unlink(temporary.c_str());
    return fail(ErrorCode::io, format("cannot {} {}: {}", what, path, std::strerror(code)));
  };
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return fail(ErrorCode::io, format("cannot create {}: {}", path, std::strerror(errno)));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int code = errno;
      ::close(fd);
      errno = code;
      return failed("write");
    }
    done += static_cast<size_t>(n);
  }
  if (::close(fd) != 0) return failed("write");
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("rename to");
  return {};
}

struct ByteStream::Inflate {
  z_stream z{};
  bool ready = false;
};

ByteStream::ByteStream(std::span<const uint8_t> input, Packing packing) : input_(input), packing_(packing) {
  if (packing_ == Packing::none) return;
  inflate_ = new (std::nothrow) Inflate;
  if (!inflate_) return;
  // 15 + 16: a gzip header is expected; −15: bare deflate, as inside zip.
  inflate_->ready = inflateInit2(&inflate_->z, packing_ == Packing::gzip ? 15 + 16 : -15) == Z_OK;
}

ByteStream::~ByteStream() {
  if (inflate_ && inflate_->ready) inflateEnd(&inflate_->z);
  delete inflate_;
}

Result<size_t> ByteStream::read(std::span<uint8_t> out) {
  if (packing_ == Packing::none) {
    const size_t n = std::min(out.size(), input_.size());
    if (n) std::memcpy(out.data(), input_.data(), n);
    input_ = input_.subspan(n);
    return n;
  }
  if (!inflate_ || !inflate_->ready) return fail(ErrorCode::out_of_memory, "no memory to unpack a compressed file");
  z_stream& z = inflate_->z;
  size_t done = 0;
  while (done < out.size() && !ended_) {
    const size_t step_in = std::min<size_t>(input_.size(), 1u << 30),
                 step_out = std::min<size_t>(out.size() - done, 1u << 30);
    z.next_in = const_cast<Bytef*>(input_.data());
    z.avail_in = static_cast<uInt>(step_in);
    z.next_out = out.data() + done;
    z.avail_out = static_cast<uInt>(step_out);
    const int code = inflate(&z, Z_NO_FLUSH);
    const size_t used = step_in - z.avail_in, made = step_out - z.avail_out;
    input_ = input_.subspan(used);
    done += made;
    if (code == Z_STREAM_END) {
      // A gzip file may hold several members one after the other.
      if (packing_ == Packing::gzip && packing_of(input_) == Packing::gzip && inflateReset(&z) == Z_OK) continue;
      ended_ = complete_ = true;
    } else if (code == Z_BUF_ERROR || (code == Z_OK && used == 0 && made == 0)) {
      ended_ = true;  // truncated: the caller sees fewer bytes than it expects
    } else if (code != Z_OK) {
      return fail(ErrorCode::bad_file, format("compressed data is damaged ({})", z.msg ? z.msg : "zlib error"),
                  "download or copy the file again");
    }
  }
  return done;
}

int64_t ByteStream::at_most() const {
  const auto left = static_cast<int64_t>(input_.size());
  return packing_ == Packing::none ? left : left * 1032 + 65536;  // + what zlib may hold already
}

ByteStream::Packing packing_of(std::span<const uint8_t> bytes) {
  return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b ? ByteStream::Packing::gzip
                                                                   : ByteStream::Packing::none;
}

}  // namespace thimble
