#include "app/cross_compile.h"

#include <filesystem>

#include <unistd.h>

#include "base/file.h"
#include "measure/subprocess.h"
#include "measure/text.h"

namespace thimble::app {
namespace {

constexpr const char* kFlags =
    "-O2 -std=c99 -ffp-contract=off -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables";

// What other files can call stays; the linker wants some root beside, which need not exist.
constexpr const char* kDropUncalled = "-r -nostdlib -Wl,--gc-sections -Wl,--gc-keep-exported -Wl,-u,none";

// A folder that is gone with its owner.
class TemporaryFolder {
 public:
  static Result<std::unique_ptr<TemporaryFolder>> make() {
    std::error_code error;
    std::string path = (std::filesystem::temp_directory_path(error) / "thimble-fit-XXXXXX").string();
    if (error || !::mkdtemp(path.data()))
      return fail(ErrorCode::io, format("cannot make a temporary folder like {}", path),
                  "set TMPDIR to a folder that can be written");
    return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(path));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// By PATH, which env knows how to search.
Result<ChildResult> run_tool(const std::string& tool, const std::string& arguments) {
  std::vector<std::string> command = words_of(arguments);
  command.insert(command.begin(), tool);
  return run_child("/usr/bin/env", command, {.timeout_seconds = 300});
}

// The objects' sections, or nothing where the compiler is not there or does not manage.
Result<std::optional<std::string>> listing(const std::string& compiler, const std::string& flags,
                                           const std::string& folder, const std::vector<micro::File>& files) {
  std::string listed;
  for (const micro::File& file : files) {
    if (!file.path.ends_with(".c")) continue;
    const std::string object = join_path(folder, file.path + ".o");
    THIMBLE_ASSIGN(const ChildResult compiled, run_tool(compiler, format("{} {} -c {} -o {}", kFlags, flags,
                                                                         join_path(folder, file.path), object)));
    if (compiled.exit_code != 0) return std::optional<std::string>();
    // As a program's link will: kernels that the compiler kept and then called nowhere go. (AVR's linker keeps them.)
    const std::string kept = object + ".kept";
    THIMBLE_ASSIGN(const ChildResult linked,
                   run_tool(compiler, format("{} {} {} -o {}", flags, kDropUncalled, object, kept)));
    std::string size = compiler;
    size.replace(size.rfind("gcc"), 3, "size");
    THIMBLE_ASSIGN(const ChildResult sections, run_tool(size, "-A " + (linked.exit_code == 0 ? kept : object)));
    if (sections.exit_code != 0) return std::optional<std::string>();
    listed += sections.out;
  }
  return listed;
}

}  // namespace

CompiledBytes sections_of(const std::string& listing, bool constants_in_ram) {
  CompiledBytes bytes;
  std::istringstream lines(listing);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name;
    int64_t size = 0;
    if (!(fields >> name >> size)) continue;
    const auto is = [&](const char* section) {
      return name == section || name.starts_with(std::string(section) + ".");
    };
    const bool code = is(".text") && !name.starts_with(".text.progmem");
    const bool constants = is(".rodata") || is(".srodata") || is(".progmem");
    const bool variables = is(".data") || is(".sdata"), zeros = is(".bss") || is(".sbss");
    if (code) bytes.code += size;
    if (code || constants || variables) bytes.flash += size;
    if (variables || zeros || (constants_in_ram && is(".rodata"))) bytes.variables += size;
  }
  return bytes;
}

Result<std::optional<CompiledBytes>> CrossCompiler::bytes(const Board& board) {
  const micro::Core& core = *board.core;
  const std::string flags = format("{} {}", core.flags, board.fpu ? core.fpu_flags : "");
  const std::string key = format("{} {}", core.compilers, flags);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  THIMBLE_ASSIGN(const auto folder, TemporaryFolder::make());
  for (const micro::File& file : emitted_.files)
    THIMBLE_TRY(write_file_atomic(join_path(folder->path(), file.path), file.text));
  std::optional<CompiledBytes>& result = known_[key];
  for (const std::string& compiler : words_of(core.compilers)) {
    THIMBLE_ASSIGN(const auto sections, listing(compiler, flags, folder->path(), emitted_.files));
    if (!sections) continue;
    result = sections_of(*sections, core.kind == micro::CpuKind::avr);
    break;
  }
  return result;
}

Result<BoardFit> usual_processor(const micro::Emitted& emitted, bool compile) {
  THIMBLE_ASSIGN(const std::vector<Board> boards, find_boards("nucleo-l4r5zi"));
  if (!compile) return fit_board(emitted, boards[0]);
  CrossCompiler compiler(emitted);
  THIMBLE_ASSIGN(const std::optional<CompiledBytes> compiled, compiler.bytes(boards[0]));
  return fit_board(emitted, boards[0], compiled);
}

}  // namespace thimble::app
