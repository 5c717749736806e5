#include "device/remote.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/file.h"
#include "base/format.h"
#include "data/sha256.h"
#include "device/ssh.h"
#include "measure/text.h"
#include "measure/units.h"

namespace thimble {
namespace {

constexpr double kShort = 60;       // seconds for what asks a question
constexpr double kTransfer = 3600;  // … for a file
constexpr const char* kFolder = ".cache/thimble";
constexpr const char* kOwn = ".thimble";  // in a folder that the user names
constexpr const char* kMachines[] = {"x86_64", "aarch64", "armv7l", "armv8l", "riscv64"};  // as uname calls them

// Relative to the folder of this program: where it is installed, and where it was built.
Result<std::string> beside_program(std::initializer_list<std::string> places, const std::string& what,
                                   const std::string& fix) {
  THIMBLE_ASSIGN(const std::string program, own_program_path());
  const std::string folder = directory_of(program);
  for (const std::string& place : places)
    if (file_exists(join_path(folder, place))) return join_path(folder, place);
  return fail(ErrorCode::io, what, fix);
}

Result<std::string> device_program(const std::string& architecture) {
  const std::string name = "thimble-run-" + architecture;
  return beside_program({name, "../lib/thimble/" + name, "../../dist/" + name},
                        format("there is no {} to copy to the device", name),
                        format("`make dist` makes it; put it beside thimble or into lib/thimble: {}", name));
}

// "key=value" per line.
std::map<std::string, std::string> fields_of(const std::string& text) {
  std::map<std::string, std::string> fields;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (const size_t equals = line.find('='); equals != std::string::npos)
      fields[line.substr(0, equals)] = line.substr(equals + 1);
    at = end + 1;
  }
  return fields;
}

int64_t whole_number(const std::string& text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// A file's name as no shell minds it.
std::string harmless_name(const std::string& path) {
  std::string name = file_name_of(path);
  for (char& c : name) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && c != '.' && c != '-' && c != '_') c = '_';
  }
  return name;
}

// Bytes as something that can be opened like a file, for as long as they are sent.
class PassingFile {
 public:
  static Result<PassingFile> write(std::span<const uint8_t> bytes) {
    PassingFile file;
    file.fd_ = ::memfd_create("thimble", MFD_CLOEXEC);
    for (size_t at = 0; file.fd_ >= 0 && at < bytes.size();) {
      const ssize_t n = ::write(file.fd_, bytes.data() + at, bytes.size() - at);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return fail(ErrorCode::io, format("cannot hold what is sent: {}", std::strerror(errno)));
      at += static_cast<size_t>(n);
    }
    if (file.fd_ < 0) return fail(ErrorCode::io, format("cannot hold what is sent: {}", std::strerror(errno)));
    return file;
  }
  PassingFile(PassingFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  PassingFile& operator=(PassingFile&&) = delete;
  ~PassingFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  std::string path() const { return format("/proc/self/fd/{}", fd_); }

 private:
  PassingFile() = default;
  int fd_ = -1;
};

// What a shell there said, as a reason and what to do about it.
Error cannot_write(const std::string& device, const std::string& what, const std::string& said) {
  const auto says = [&](std::string_view words) { return said.find(words) != std::string::npos; };
  std::string why = said, fix = "give a folder of yours with room: ssh:host/folder";
  if (says("No space left") || says("quota exceeded")) {
    why = "there is no room";
    fix = "make room there (`thimble device clean` takes away what is ours), or give another folder: ssh:host/folder";
  } else if (says("Read-only file system")) {
    why = "its file system is read-only";
    fix = "give a folder that can be written: ssh:host/folder, for instance /tmp or /dev/shm";
  } else if (says("Permission denied")) {
    why = "the user may not write there";
  }
  return {ErrorCode::io, format("device {}: {}: {}", device, what, why), {}, fix};
}

// What board.sh said of a board that it could not start, in a line of its own.
Error board_error(const std::string& device, const ChildResult& child) {
  constexpr std::string_view kSays = "board: ";
  Error error = child_error(child);
  error.message = format("device {}: {}", device, error.message);
  for (size_t at = 0; at < child.err.size();) {
    const size_t end = std::min(child.err.find('\n', at), child.err.size());
    std::string line = child.err.substr(at, end - at);
    while (line.ends_with(' ')) line.pop_back();
    if (line.starts_with(kSays)) error.message = format("device {}: {}", device, line.substr(kSays.size()));
    at = end + 1;
  }
  return error;
}

class SshDevice final : public Device {
 public:
  SshDevice(std::vector<std::string> command, DeviceWord word, DeviceHooks hooks)
      : word_(std::move(word)), hooks_(std::move(hooks)), ssh_(std::move(command), word_) {
    folder_ = own_folder(word_);
  }

  // All that is ours lies there, and nothing else does: a folder that the user names may hold other things.
  static std::string own_folder(const DeviceWord& word) {
    return word.folder.empty() ? kFolder : join_path(word.folder, kOwn);
  }
  ~SshDevice() override {
    if (!emulator_.empty()) [[maybe_unused]]
      const auto stopped = run_child("/usr/bin/env", emulator_);
  }

  // What ends an emulated board.
  void owns(std::vector<std::string> stop) {
    emulator_ = std::move(stop);
    facts_.emulated = true;
  }

  Status connect() {
    std::string known;
    for (const char* machine : kMachines) known += (known.empty() ? "" : "|") + std::string(machine);
    // Nothing is made where no program of ours can run, and nothing is left where nothing can be written.
    const std::string script = format(
        "echo \"machine=$(uname -m)\"; echo \"system=$(uname -s) $(uname -r)\"\n"
        "echo \"cores=$(nproc 2>/dev/null || grep -c ^processor /proc/cpuinfo)\"\n"
        "echo \"kilobytes=$(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)\"\n"
        "echo \"cpu=$(sed -n 's/^model name[^:]*: //p;s/^Model[^:]*: //p' /proc/cpuinfo | head -n 1)\"\n"
        "case \"$(uname -m)\" in {1}) ;; *) exit 0 ;; esac\n"
        "if mkdir -p '{0}/files' && (cd '{0}' && : > .writable && rm .writable); then\n"
        "  cd '{0}'; echo \"folder=$(pwd)\"; exit 0\n"
        "fi\n"
        "{2}\n"
        "exit 1\n",
        folder_, known, without_empty_folders());
    THIMBLE_ASSIGN(const ChildResult child, ssh_.run(script, options(kShort)));
    const auto fields = fields_of(child.out);
    const auto field = [&](const char* key) { return fields.contains(key) ? fields.at(key) : std::string(); };
    facts_.architecture = architecture_of(field("machine"));
    facts_.cpu = field("cpu");
    facts_.system = field("system");
    facts_.cores = static_cast<int>(whole_number(field("cores")));
    facts_.memory_bytes = whole_number(field("kilobytes")) * 1024;
    if (facts_.architecture.empty())
      return fail(ErrorCode::io,
                  format("device {}: there is no program for its processor, \"{}\"", word_.text, field("machine")),
                  "x86_64, aarch64, armv7 and riscv64 have one, under Linux");
    if (field("folder").empty())
      return tl::unexpected(cannot_write(word_.text, "nothing can be written in " + folder_, said(child)));
    folder_ = field("folder");
    THIMBLE_ASSIGN(const std::string program, device_program(facts_.architecture));
    Result<std::string> there = put(program);
    if (!there) {
      forget("");
      return tl::unexpected(std::move(there).error());
    }
    program_ = *std::move(there);
    THIMBLE_ASSIGN(const ChildResult started,
                   ssh_.run(format("chmod +x '{0}' && '{0}' --version", program_), options(kShort)));
    if (started.exit_code != 0) {
      forget(directory_of(program_));
      const bool arch = said(started).find("xec format error") != std::string::npos;
      return fail(ErrorCode::io, format("device {}: thimble-run does not start there: {}", word_.text, said(started)),
                  arch ? format("{} is no program for its {}: `make dist` makes one", program, facts_.architecture)
                       : std::string("its folder may forbid programs (noexec): give another one, ssh:host/folder"));
    }
    return {};
  }

  Result<std::string> put(const std::string& path) override {
    THIMBLE_ASSIGN(const MappedFile file, MappedFile::open(path));
    return send(harmless_name(path), path, file.bytes());
  }

  Result<std::string> put(const std::string& name, std::span<const uint8_t> bytes) override {
    THIMBLE_ASSIGN(const PassingFile file, PassingFile::write(bytes));
    return send(harmless_name(name), file.path(), bytes);
  }

  Result<std::string> get(const std::string& path) override {
    ChildOptions receiving = options(kTransfer);
    receiving.max_output_bytes = size_t{512} << 20;
    THIMBLE_ASSIGN(ChildResult child, ssh_.run(format("cat '{}'", path), receiving));
    if (child.exit_code != 0)
      return fail(ErrorCode::io, format("device {}: {} cannot be read: {}", word_.text, path, said(child)));
    return std::move(child.out);
  }

  std::string place(const std::string& name) override {
    return format("{}/{}-{}-{}", folder_, harmless_name(name), static_cast<long>(::getpid()), ++places_);
  }

  void drop(const std::string& path) override {
    [[maybe_unused]] const auto dropped = ssh_.run(format("rm -rf '{}'", path), options(kShort));
  }

  Result<std::string> run(const std::vector<std::string>& arguments, double timeout_seconds) override {
    std::string command = format("cd '{}' && '{}'", folder_, program_);
    for (const std::string& argument : arguments) command += " " + shell_quoted(argument);
    auto ran = ssh_.run(command, options(timeout_seconds));
    if (!ran) {
      Error error = std::move(ran).error();
      if (error.code == ErrorCode::io && facts_.memory_bytes > 0)  // what it has too little of, most likely
        error.message +=
            format(" (in a run there; it has {} of memory)", format_bytes(static_cast<double>(facts_.memory_bytes)));
      return tl::unexpected(std::move(error));
    }
    ChildResult child = *std::move(ran);
    if (hooks_.said) {
      for (size_t at = 0; at < child.err.size();) {
        const size_t end = std::min(child.err.find('\n', at), child.err.size());
        if (child.exit_code == 0 && end > at) hooks_.said(child.err.substr(at, end - at));
        at = end + 1;
      }
    }
    if (child.exit_code == 0) return std::move(child.out);
    if (child.exit_code == 137)  // SIGKILL, as a shell says it
      return fail(ErrorCode::out_of_memory, format("device {}: the run was killed there", word_.text),
                  "it has too little memory for this model, most likely");
    return with_context(child_error(child), "device " + word_.text);
  }

  Status clean() {
    THIMBLE_ASSIGN(
        const ChildResult child,
        ssh_.run(format("rm -rf '{}' || exit 1\n{}\nexit 0\n", folder_, without_empty_folders()), options(kShort)));
    if (child.exit_code != 0)
      return fail(ErrorCode::io, format("device {}: {} cannot be removed: {}", word_.text, folder_, said(child)));
    return {};
  }

 private:
  // `path` holds `bytes`; the name of the folder there is their hash.
  Result<std::string> send(const std::string& name, const std::string& path, std::span<const uint8_t> bytes) {
    const std::string hash = sha256_hex(bytes);
    const std::string folder = format("{}/files/{}", folder_, hash.substr(0, 32)), there = folder + "/" + name;
    const auto size = static_cast<int64_t>(bytes.size());
    for (int attempt = 0; attempt < 2; ++attempt) {
      THIMBLE_ASSIGN(
          const ChildResult asked,
          ssh_.run(format("if [ -f '{0}' ]; then echo whole; elif [ -f '{0}.part' ]; then wc -c < '{0}.part'; "
                          "else echo 0; fi",
                          there),
                   options(kShort)));
      if (asked.out.starts_with("whole")) return there;
      int64_t sent = whole_number(asked.out.substr(std::min(asked.out.find_first_not_of(' '), asked.out.size())));
      if (sent > size) sent = 0;
      if (hooks_.note)
        hooks_.note(format("{}: sending {} ({}){}", word_.text, name, format_bytes(static_cast<double>(size)),
                           sent > 0 ? format(", from byte {} on", sent) : std::string()));
      ChildOptions sending = options(kTransfer);
      sending.input_file = path;
      sending.input_offset = sent;
      // `cat` that ends early was cut off: that is gone on with. One that fails found no room: that is taken away.
      THIMBLE_ASSIGN(
          const ChildResult child,
          ssh_.run(format("mkdir -p '{1}' || exit 1\n"
                          "cat {4} '{0}.part' || {{ rm -f '{0}.part'; rmdir '{1}' 2> /dev/null; exit 1; }}\n"
                          "[ \"$(wc -c < '{0}.part')\" -eq {2} ] || {{ echo cut >&2; exit 1; }}\n"
                          "if command -v sha256sum > /dev/null; then\n"
                          "  [ \"$(sha256sum < '{0}.part' | cut -c 1-64)\" = {3} ] || {{ rm -f '{0}.part'; exit 77; "
                          "}}\n"
                          "fi\n"
                          "mv '{0}.part' '{0}'",
                          there, folder, size, hash, sent > 0 ? ">>" : ">"),
                   sending));
      if (child.exit_code == 0) return there;
      if (child.exit_code != 77)
        return tl::unexpected(cannot_write(
            word_.text, format("{} ({}) cannot be written there", name, format_bytes(static_cast<double>(size))),
            said(child)));
    }
    return fail(ErrorCode::io, format("device {}: {} arrived damaged twice", word_.text, name),
                "see its disk and network");
  }

  // Folders that hold nothing any more, as a shell takes them away; those that hold something stay.
  std::string without_empty_folders() const {
    std::string command = format("rmdir '{0}/files' '{0}'", folder_);
    if (!word_.folder.empty()) command += format(" '{}'", word_.folder);
    return command + " 2> /dev/null";
  }
  // After what failed: takes away this folder, if any, and the empty ones.
  void forget(const std::string& folder) {
    const std::string first = folder.empty() ? "" : format("rm -rf '{}'\n", folder);
    [[maybe_unused]] const auto forgotten = ssh_.run(first + without_empty_folders(), options(kShort));
  }

  ChildOptions options(double seconds) const { return {.timeout_seconds = seconds, .cancelled = hooks_.cancelled}; }

  static std::string said(const ChildResult& child) {
    std::string text = child.err;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    text = text.substr(text.rfind('\n') + 1);
    return text.empty() ? format("exit code {}", child.exit_code) : text;
  }

  const DeviceWord word_;
  const DeviceHooks hooks_;
  const Ssh ssh_;
  std::string folder_, program_;
  int places_ = 0;
  std::vector<std::string> emulator_;
};

}  // namespace

std::string architecture_of(const std::string& machine) {
  if (machine == "armv7l" || machine == "armv8l") return "armv7";
  if (machine == "x86_64" || machine == "aarch64" || machine == "riscv64") return machine;
  return {};
}

Result<double> emulated_instructions(const DeviceWord& word, const std::string& model, const DeviceHooks& hooks) {
  if (word.kind != DeviceWord::Kind::qemu)
    return fail(ErrorCode::usage, format("device {}: instructions are counted on emulated boards only", word.text));
  THIMBLE_ASSIGN(
      const std::string script,
      beside_program({"../../scripts/instructions.sh", "../share/thimble/instructions.sh"},
                     "there is no instructions.sh to count with", "it is in the scripts of Thimble's sources"));
  if (hooks.note) hooks.note(format("{}: counting instructions", word.text));
  const std::string board = word.board.substr(0, word.board.find(':'));
  THIMBLE_ASSIGN(const ChildResult child, run_child("/usr/bin/env", {"bash", script, board, model},
                                                    {.timeout_seconds = kTransfer, .cancelled = hooks.cancelled}));
  if (child.exit_code != 0) return with_context(child_error(child), "device " + word.text);
  const int64_t count = whole_number(child.out);
  if (count <= 0) return fail(ErrorCode::io, format("device {}: no instructions were counted", word.text));
  return static_cast<double>(count);
}

Status Device::clean(const DeviceWord& word, const DeviceHooks& hooks) {
  if (word.kind == DeviceWord::Kind::host)
    return fail(ErrorCode::usage, "host is this machine: nothing was copied there", "name a machine that ssh reaches");
  if (word.kind == DeviceWord::Kind::qemu) return {};  // an emulated board forgets everything when it ends
  return SshDevice(words_of(environment(Knob::ssh).value_or("ssh")), word, hooks).clean();
}

Result<std::unique_ptr<Device>> Device::open(const DeviceWord& word, const DeviceHooks& hooks) {
  if (word.kind == DeviceWord::Kind::host)
    return fail(ErrorCode::usage, "host is this machine: there is nothing to reach", "studies always measure it");
  std::vector<std::string> command = words_of(environment(Knob::ssh).value_or("ssh"));
  DeviceWord reached = word;
  std::vector<std::string> stop;
  if (word.kind == DeviceWord::Kind::qemu) {
    THIMBLE_ASSIGN(const std::string script, beside_program({"../../scripts/board.sh", "../share/thimble/board.sh"},
                                                            "there is no board.sh to start an emulated board with",
                                                            "it is in the scripts of Thimble's sources"));
    if (hooks.note) hooks.note(format("{}: starting", word.text));
    THIMBLE_ASSIGN(const ChildResult child,
                   run_child("/usr/bin/env", {"bash", script, word.board, "--start", std::to_string(::getpid())},
                             {.timeout_seconds = 600, .cancelled = hooks.cancelled}));
    if (child.exit_code != 0) return tl::unexpected(board_error(word.text, child));
    command = words_of(child.out);  // ssh OPTIONS root@127.0.0.1
    if (command.size() < 2) return fail(ErrorCode::internal, format("device {}: board.sh said nothing", word.text));
    const std::string destination = command.back();
    command.pop_back();
    reached.user = destination.substr(0, destination.find('@'));
    reached.host = destination.substr(destination.find('@') + 1);
    stop = {"bash", script, word.board, "--stop"};
    const auto port = std::ranges::find(command, "-p");
    if (port != command.end() && port + 1 != command.end()) stop.push_back(*(port + 1));
  }
  auto device = std::make_unique<SshDevice>(std::move(command), std::move(reached), hooks);
  if (!stop.empty()) device->owns(std::move(stop));
  THIMBLE_TRY(device->connect());
  return device;
}

}  // namespace thimble
