#include "device/remote.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/environment.h"
#include "base/file.h"
#include "base/format.h"
#include "data/sha256.h"
#include "device/ssh.h"
#include "measure/text.h"

namespace thimble {
namespace {

constexpr double kShort = 60;       // seconds for what asks a question
constexpr double kTransfer = 3600;  // … for a file
constexpr const char* kFolder = ".cache/thimble";

// Relative to the folder of this program: where it is installed, and where it was built.
Result<std::string> beside_program(std::initializer_list<std::string> places, const std::string& what,
                                   const std::string& fix) {
  THIMBLE_ASSIGN(const std::string program, own_program_path());
  const std::string folder = directory_of(program);
  for (const std::string& place : places)
    if (file_exists(join_path(folder, place))) return join_path(folder, place);
  return fail(ErrorCode::unsupported, what, fix);
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

class SshDevice final : public Device {
 public:
  SshDevice(std::vector<std::string> command, DeviceWord word, DeviceHooks hooks)
      : word_(std::move(word)), hooks_(std::move(hooks)), ssh_(std::move(command), word_) {
    folder_ = word_.folder.empty() ? kFolder : word_.folder;
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
    const std::string script = format(
        "echo \"machine=$(uname -m)\"; echo \"system=$(uname -s) $(uname -r)\"\n"
        "echo \"cores=$(nproc 2>/dev/null || grep -c ^processor /proc/cpuinfo)\"\n"
        "echo \"kilobytes=$(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)\"\n"
        "echo \"cpu=$(sed -n 's/^model name[^:]*: //p;s/^Model[^:]*: //p' /proc/cpuinfo | head -n 1)\"\n"
        "mkdir -p '{0}/files' && cd '{0}' && : > .writable && rm .writable && echo \"folder=$(pwd)\"\n",
        folder_);
    THIMBLE_ASSIGN(const ChildResult child, ssh_.run(script, options(kShort)));
    const auto fields = fields_of(child.out);
    const auto field = [&](const char* key) { return fields.contains(key) ? fields.at(key) : std::string(); };
    if (field("folder").empty())
      return fail(ErrorCode::io,
                  format("device {}: nothing can be written in {}: {}", word_.text, folder_, said(child)),
                  "give a folder of yours with room: ssh:host/folder");
    folder_ = field("folder");
    facts_.architecture = architecture_of(field("machine"));
    facts_.cpu = field("cpu");
    facts_.system = field("system");
    facts_.cores = static_cast<int>(whole_number(field("cores")));
    facts_.memory_bytes = whole_number(field("kilobytes")) * 1024;
    if (facts_.architecture.empty())
      return fail(ErrorCode::unsupported,
                  format("device {}: there is no program for its processor, \"{}\"", word_.text, field("machine")),
                  "x86_64, aarch64 and riscv64 have one, under Linux");
    THIMBLE_ASSIGN(const std::string program, device_program(facts_.architecture));
    THIMBLE_ASSIGN(program_, put(program));
    THIMBLE_ASSIGN(const ChildResult started,
                   ssh_.run(format("chmod +x '{0}' && '{0}' --version", program_), options(kShort)));
    if (started.exit_code != 0)
      return fail(ErrorCode::unsupported,
                  format("device {}: thimble-run does not start there: {}", word_.text, said(started)),
                  "its folder may forbid programs (noexec): give another one, ssh:host/folder");
    return {};
  }

  Result<std::string> put(const std::string& path) override {
    THIMBLE_ASSIGN(const MappedFile file, MappedFile::open(path));
    const std::string hash = sha256_hex(file.bytes()), name = harmless_name(path);
    const std::string folder = format("{}/files/{}", folder_, hash.substr(0, 32)), there = folder + "/" + name;
    const auto size = static_cast<int64_t>(file.size());
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
        hooks_.note(
            format("{}: sending {}{}", word_.text, name, sent > 0 ? format(", from byte {} on", sent) : std::string()));
      ChildOptions sending = options(kTransfer);
      sending.input_file = path;
      sending.input_offset = sent;
      THIMBLE_ASSIGN(
          const ChildResult child,
          ssh_.run(format("mkdir -p '{1}' && cat {4} '{0}.part' || exit 1\n"
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
        return fail(ErrorCode::io,
                    format("device {}: {} could not be written there: {}", word_.text, name, said(child)),
                    "make room there, or give another folder: ssh:host/folder; `thimble device clean` empties ours");
    }
    return fail(ErrorCode::io, format("device {}: {} arrived damaged twice", word_.text, name),
                "see its disk and network");
  }

  Result<std::string> get(const std::string& path) override {
    ChildOptions receiving = options(kTransfer);
    receiving.max_output_bytes = size_t{512} << 20;
    THIMBLE_ASSIGN(ChildResult child, ssh_.run(format("cat '{}'", path), receiving));
    if (child.exit_code != 0)
      return fail(ErrorCode::io, format("device {}: {} cannot be read: {}", word_.text, path, said(child)));
    return std::move(child.out);
  }

  std::string place(const std::string& name) override { return format("{}/{}", folder_, harmless_name(name)); }

  Result<std::string> run(const std::vector<std::string>& arguments, double timeout_seconds) override {
    std::string command = format("cd '{}' && '{}'", folder_, program_);
    for (const std::string& argument : arguments) command += " " + shell_quoted(argument);
    THIMBLE_ASSIGN(ChildResult child, ssh_.run(command, options(timeout_seconds)));
    if (child.exit_code == 0) return std::move(child.out);
    if (child.exit_code == 137)  // SIGKILL, as a shell says it
      return fail(ErrorCode::out_of_memory, format("device {}: the run was killed there", word_.text),
                  "it has too little memory for this model, most likely");
    return with_context(child_error(child), "device " + word_.text);
  }

  Status clean() override {
    THIMBLE_ASSIGN(const ChildResult child, ssh_.run(format("rm -rf '{}'", folder_), options(kShort)));
    if (child.exit_code != 0)
      return fail(ErrorCode::io, format("device {}: {} cannot be removed: {}", word_.text, folder_, said(child)));
    return {};
  }

 private:
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
  std::vector<std::string> emulator_;
};

}  // namespace

std::string architecture_of(const std::string& machine) {
  if (machine == "x86_64" || machine == "aarch64" || machine == "riscv64") return machine;
  return {};
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
    THIMBLE_ASSIGN(const ChildResult child, run_child("/usr/bin/env", {"bash", script, word.board, "--start"},
                                                      {.timeout_seconds = 600, .cancelled = hooks.cancelled}));
    if (child.exit_code != 0) return with_context(child_error(child), "device " + word.text);
    command = words_of(child.out);  // ssh OPTIONS root@127.0.0.1
    if (command.size() < 2) return fail(ErrorCode::internal, format("device {}: board.sh said nothing", word.text));
    const std::string destination = command.back();
    command.pop_back();
    reached.user = destination.substr(0, destination.find('@'));
    reached.host = destination.substr(destination.find('@') + 1);
    stop = {"bash", script, word.board, "--stop"};
  }
  auto device = std::make_unique<SshDevice>(std::move(command), std::move(reached), hooks);
  if (!stop.empty()) device->owns(std::move(stop));
  THIMBLE_TRY(device->connect());
  return device;
}

}  // namespace thimble
