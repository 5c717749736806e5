#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/suggest.h"

namespace thimble {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

// An open descriptor, closed by the destructor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

Error open_error(const std::string& path, int error) {
  if (error == ENOENT || error == ENOTDIR) return missing_file_error(path);
  if (error == EACCES || error == EPERM) {
    return Error{ErrorCode::io, format("no permission to read '{}'", path), {}, "check its owner and mode (ls -l)"};
  }
  return Error{ErrorCode::io, format("cannot open '{}': {}", path, reason(error)), {}, {}};
}

struct OpenFile {
  Descriptor descriptor;
  int64_t size;
};

// Opens a regular file of at most max_bytes. O_NONBLOCK so that a pipe cannot hang the open.
Result<OpenFile> open_regular(const std::string& path, int64_t max_bytes) {
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor.get() < 0) return tl::unexpected<Error>(open_error(path, errno));
  struct stat info;
  if (::fstat(descriptor.get(), &info) != 0) return tl::unexpected<Error>(open_error(path, errno));
  if (S_ISDIR(info.st_mode)) return fail(ErrorCode::bad_file, format("'{}' is a directory, not a file", path));
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::bad_file, format("'{}' is not a regular file", path), "copy its content to a file first");
  }
  const int64_t size = info.st_size;
  if (size > max_bytes) {
    return fail(ErrorCode::bad_file, format("'{}' has {} bytes; at most {} are read here", path, size, max_bytes));
  }
  return OpenFile{std::move(descriptor), size};
}

// Reads the whole open file into `out`, which has its size.
template <class Container>
Result<Container> read_all(const std::string& path, int64_t max_bytes) {
  THIMBLE_ASSIGN(const OpenFile file, open_regular(path, max_bytes));
  Container content;
  content.resize(static_cast<size_t>(file.size));
  size_t got = 0;
  while (got < content.size()) {
    const ssize_t n = ::read(file.descriptor.get(), content.data() + got, content.size() - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(ErrorCode::io, format("cannot read '{}': {}", path, reason(errno)));
    if (n == 0) return fail(ErrorCode::bad_file, format("'{}' became shorter while it was read", path));
    got += static_cast<size_t>(n);
  }
  return content;
}

Error write_error(const std::string& path, int error) {
  const std::string where = directory_of(path);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return Error{ErrorCode::io,
                   format("the disk is full: '{}' was not written", path),
                   {},
                   format("free some space in '{}' (df -h), or write elsewhere", where)};
    case EACCES:
    case EPERM:
    case EROFS:
      return Error{ErrorCode::io,
                   format("no permission to write '{}'", path),
                   {},
                   format("check the owner and mode of '{}', or write elsewhere", where)};
    case ENOENT:
    case ENOTDIR:
      return Error{ErrorCode::io,
                   format("cannot write '{}': there is no directory '{}'", path, where),
                   {},
                   format("mkdir -p '{}'", where)};
    default: return Error{ErrorCode::io, format("cannot write '{}': {}", path, reason(error)), {}, {}};
  }
}

// 0, or the errno of the first write that failed.
int write_all(int fd, std::span<const uint8_t> bytes) {
  size_t put = 0;
  while (put < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + put, bytes.size() - put);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    put += static_cast<size_t>(n);
  }
  return 0;
}

// Syncs a directory so that a rename in it survives a power cut. Some file systems refuse to sync a
// directory (EINVAL); they have nothing to sync then.
int sync_directory(const std::string& path) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return errno == EACCES ? 0 : errno;
  return ::fsync(directory.get()) == 0 || errno == EINVAL || errno == EBADF ? 0 : errno;
}

// 0, or an errno; the temporary is gone when it is not 0.
int write_and_rename(const std::string& target, std::span<const uint8_t> bytes, mode_t mode) {
  static std::atomic<unsigned> counter{0};
  const std::string temporary =
      join_path(directory_of(target), format(".{}.{}-{}.part", file_name_of(target).substr(0, 200), ::getpid(),
                                             counter.fetch_add(1, std::memory_order_relaxed)));
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.get() < 0) return errno;
  int error = write_all(file.get(), bytes);
  if (error == 0 && ::fsync(file.get()) != 0) error = errno;
  if (file.close() != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(temporary.c_str(), target.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(temporary.c_str());
    return error;
  }
  return sync_directory(directory_of(target));
}

bool has_mode(const std::string& path, mode_t kind) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && (info.st_mode & S_IFMT) == kind;
}

}  // namespace

Result<std::vector<uint8_t>> read_file(const std::string& path, int64_t max_bytes) {
  return read_all<std::vector<uint8_t>>(path, max_bytes);
}

Result<std::string> read_text_file(const std::string& path, int64_t max_bytes) {
  return read_all<std::string>(path, max_bytes);
}

constexpr size_t kMostPathBytes = 1024;  // of a path that a model names

Result<std::vector<uint8_t>> read_file_inside(const std::string& folder, const std::string& path, int64_t offset,
                                              int64_t length) {
  const auto refuse = [&](const char* why) {
    return fail(ErrorCode::bad_file, format("'{}' is not read: {}", path, why),
                "such a file must lie in the model's own folder");
  };
  if (path.empty() || path[0] == '/') return refuse("its path is not relative");
  if (path.size() > kMostPathBytes) return refuse("its path is too long");
  if (path.find_first_of(std::string_view("\\:*\0", 4)) != std::string::npos)
    return refuse("its path has other than plain names");
  if (offset < 0 || length < 0 || length > kMaxFileBytes) return refuse("offset or length is out of range");
  Descriptor at(::open(folder.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (at.get() < 0) return tl::unexpected<Error>(open_error(folder, errno));
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    const bool last = end == path.size();
    if (part.empty() || part == "." || part == "..") return refuse("its path has other than plain names");
    // Opened one by one from the folder on: nothing that is swapped in between leads elsewhere.
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (last ? 0 : O_DIRECTORY);
    Descriptor next(::openat(at.get(), part.c_str(), flags));
    if (next.get() < 0) {
      if (errno == ENAMETOOLONG) return refuse("its path is too long");
      if (errno == ELOOP || errno == ENOTDIR) return refuse("its path goes over a link or a file");
      return tl::unexpected<Error>(open_error(join_path(folder, path), errno));
    }
    if (!last) {
      at = std::move(next);
      begin = end + 1;
      continue;
    }
    struct stat info;
    if (::fstat(next.get(), &info) != 0) return tl::unexpected<Error>(open_error(path, errno));
    if (!S_ISREG(info.st_mode)) return refuse("it is not a regular file");
    if (info.st_nlink > 1) return refuse("it has several names (hard links)");
    if (offset > info.st_size || length > info.st_size - offset)
      return fail(ErrorCode::bad_file,
                  format("'{}' has {} bytes; {} at {} are asked for", path, info.st_size, length, offset));
    std::vector<uint8_t> content(static_cast<size_t>(length));
    size_t got = 0;
    while (got < content.size()) {
      const ssize_t n =
          ::pread(next.get(), content.data() + got, content.size() - got, offset + static_cast<int64_t>(got));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0)
        return fail(ErrorCode::io, format("cannot read '{}': {}", path, n < 0 ? reason(errno) : "it was cut"));
      got += static_cast<size_t>(n);
    }
    return content;
  }
  return refuse("its path is empty");
}

Result<MappedFile> MappedFile::open(const std::string& path, int64_t max_bytes) {
  THIMBLE_ASSIGN(const OpenFile file, open_regular(path, max_bytes));
  MappedFile mapped;
  if (file.size == 0) return mapped;  // nothing can be mapped of an empty file
  void* address =
      ::mmap(nullptr, static_cast<size_t>(file.size), PROT_READ, MAP_PRIVATE, file.descriptor.get(), /*offset=*/0);
  if (address == MAP_FAILED) {
    return fail(errno == ENOMEM ? ErrorCode::out_of_memory : ErrorCode::io,
                format("cannot map '{}' ({} bytes): {}", path, file.size, reason(errno)));
  }
  mapped.data_ = static_cast<const uint8_t*>(address);
  mapped.size_ = static_cast<size_t>(file.size);
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<uint8_t*>(data_), size_);
}

Status write_file_atomic(const std::string& path, std::span<const uint8_t> bytes) {
  struct stat info;
  const bool stands = ::stat(path.c_str(), &info) == 0;
  if (stands && S_ISDIR(info.st_mode)) {
    return fail(ErrorCode::io, format("cannot write '{}': it is a directory", path), "give the name of a file");
  }
  int error = 0;
  if (stands && !S_ISREG(info.st_mode)) {  // /dev/null, a pipe: never replaced
    const Descriptor device(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    error = device.get() < 0 ? errno : write_all(device.get(), bytes);
  } else {
    std::string target = path;
    if (char* resolved = stands ? ::realpath(path.c_str(), nullptr) : nullptr) {
      target = resolved;
      ::free(resolved);
    }
    error = write_and_rename(target, bytes, stands ? info.st_mode & 0777 : 0666);
  }
  if (error != 0) return tl::unexpected<Error>(write_error(path, error));
  return {};
}

Status write_file_atomic(const std::string& path, std::string_view text) {
  return write_file_atomic(path, std::span<const uint8_t>(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Status make_directories(const std::string& path) {
  if (path.empty() || directory_exists(path)) return {};
  const std::string parent = directory_of(path);
  if (parent != path) THIMBLE_TRY(make_directories(parent));
  if (::mkdir(path.c_str(), 0777) == 0 || (errno == EEXIST && directory_exists(path))) return {};
  if (errno == EEXIST || errno == ENOTDIR) {
    return fail(ErrorCode::io, format("cannot make the directory '{}': a file stands in its place", path));
  }
  return tl::unexpected<Error>(write_error(path, errno));
}

bool file_exists(const std::string& path) { return has_mode(path, S_IFREG); }
bool directory_exists(const std::string& path) { return has_mode(path, S_IFDIR); }

Result<std::vector<std::string>> list_directory(const std::string& path) {
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) {
    if (errno == ENOTDIR) return fail(ErrorCode::bad_file, format("'{}' is not a directory", path));
    return tl::unexpected<Error>(open_error(path, errno));
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view entry_name = entry->d_name;
    if (entry_name != "." && entry_name != "..") names.emplace_back(entry_name);
  }
  ::closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

std::string directory_of(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

std::string file_name_of(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string extension_of(std::string_view path) {
  const std::string file = file_name_of(path);
  const size_t dot = file.rfind('.');
  return dot == std::string::npos || dot == 0 ? std::string() : file.substr(dot);
}

std::string without_extension(std::string_view path) {
  return std::string(path.substr(0, path.size() - extension_of(path).size()));
}

std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty() || name.starts_with('/')) return std::string(name);
  std::string path(directory);
  if (path.back() != '/') path += '/';
  return path.append(name);
}

Error missing_file_error(const std::string& path) {
  Error error{ErrorCode::bad_file, format("there is no file '{}'", path), {}, {}};
  const std::string directory = directory_of(path);
  if (!directory_exists(directory)) {
    error.hint = format("there is no directory '{}' either", directory);
  } else if (const auto names = list_directory(directory)) {
    const std::string near = closest(file_name_of(path), *names);
    const bool bare = path.find('/') == std::string::npos;
    if (!near.empty()) error.hint = format("did you mean '{}'?", bare ? near : join_path(directory, near));
  }
  return error;
}

}  // namespace thimble
