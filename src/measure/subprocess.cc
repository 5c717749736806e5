#include "measure/subprocess.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure/clock.h"

extern char** environ;

namespace thimble {

namespace {
constexpr size_t kMaxErrBytes = 64 << 10;

struct Descriptor {
  int fd = -1;
  ~Descriptor() { close(); }
  Descriptor() = default;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void close() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

// Kills and reaps on every way out that did not wait for the end.
struct Child {
  pid_t pid = -1;
  ~Child() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
  }
};

bool make_pipe(Descriptor& read, Descriptor& write) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  read.fd = ends[0];
  write.fd = ends[1];
  return true;
}

std::vector<std::string> merged_environment(const ChildOptions& options) {
  std::vector<std::string> merged;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string text = *entry;
    const std::string key = text.substr(0, text.find('='));
    const bool replaced = std::any_of(options.environment.begin(), options.environment.end(),
                                      [&](const auto& pair) { return pair.first == key; });
    if (!replaced) merged.push_back(text);
  }
  for (const auto& [key, value] : options.environment) merged.push_back(key + "=" + value);
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

// Reads what is there. false at the end of the stream.
bool drain(Descriptor& from, std::string& into) {
  char buffer[16384];
  for (;;) {
    const ssize_t n = ::read(from.fd, buffer, sizeof buffer);
    if (n > 0) {
      into.append(buffer, static_cast<size_t>(n));
      return true;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return true;
    return false;
  }
}

std::string last_lines(const std::string& text, int lines) {
  size_t end = text.size();
  while (end > 0 && text[end - 1] == '\n') --end;
  size_t begin = end;
  for (int i = 0; begin > 0; --begin)
    if (text[begin - 1] == '\n' && ++i == lines) break;
  return text.substr(begin, end - begin);
}

ErrorCode code_of_exit(int exit_code) {
  switch (exit_code) {
    case 1: return ErrorCode::io;
    case 2: return ErrorCode::usage;
    case 3: return ErrorCode::unsupported;
    case 4: return ErrorCode::bad_file;
    case 5: return ErrorCode::gate_failed;
    case 130: return ErrorCode::interrupted;
    default: return ErrorCode::internal;
  }
}
}  // namespace

Result<std::string> own_program_path() {
  std::string path(4096, '\0');
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
  if (n <= 0 || static_cast<size_t>(n) >= path.size())
    return fail(ErrorCode::io, format("cannot read /proc/self/exe: {}", std::strerror(errno)), "mount /proc");
  path.resize(static_cast<size_t>(n));
  return path;
}

Result<ChildResult> run_child(const std::string& program, const std::vector<std::string>& arguments,
                              const ChildOptions& options) {
  // Everything that allocates happens before fork: between fork and exec only async-signal-safe
  // calls are allowed in a program with threads.
  std::vector<std::string> argument_texts = {program};
  argument_texts.insert(argument_texts.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment_texts = merged_environment(options);
  std::vector<char*> argv = pointers(argument_texts), envp = pointers(environment_texts);

  Descriptor out_read, out_write, err_read, err_write, start_read, start_write, in;
  const char* const input = options.input_file.empty() ? "/dev/null" : options.input_file.c_str();
  in.fd = ::open(input, O_RDONLY | O_CLOEXEC);
  if (in.fd < 0 || (options.input_offset > 0 && ::lseek(in.fd, options.input_offset, SEEK_SET) < 0))
    return fail(ErrorCode::io, format("cannot read {} for {}: {}", input, program, std::strerror(errno)));
  if (!make_pipe(out_read, out_write) || !make_pipe(err_read, err_write) || !make_pipe(start_read, start_write))
    return fail(ErrorCode::io, format("cannot make a pipe for {}: {}", program, std::strerror(errno)));

  const Stopwatch watch;
  const pid_t parent = ::getpid();
  Child child;
  child.pid = ::fork();
  if (child.pid < 0) return fail(ErrorCode::io, format("cannot start {}: {}", program, std::strerror(errno)));
  if (child.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::getppid() != parent) ::_exit(127);  // the parent died before prctl
    if (::dup2(in.fd, 0) >= 0 && ::dup2(out_write.fd, 1) >= 0 && ::dup2(err_write.fd, 2) >= 0)
      ::execve(program.c_str(), argv.data(), envp.data());
    const int why = errno;
    [[maybe_unused]] const ssize_t n = ::write(start_write.fd, &why, sizeof why);  // closed by a successful exec
    ::_exit(127);
  }
  out_write.close();
  err_write.close();
  start_write.close();

  int why = 0;
  ssize_t got;
  do got = ::read(start_read.fd, &why, sizeof why);
  while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof why))
    return fail(ErrorCode::io, format("cannot run {}: {}", program, std::strerror(why)));

  ChildResult result;
  while (out_read.fd >= 0 || err_read.fd >= 0) {
    if (options.cancelled && options.cancelled())
      return fail(ErrorCode::interrupted, format("{} was stopped before it ended", program));
    if (options.timeout_seconds > 0 && watch.seconds() > options.timeout_seconds)
      return fail(ErrorCode::interrupted,
                  format("{} did not end within {:.1f} s and was stopped", program, options.timeout_seconds),
                  "allow more time or measure fewer trials");
    pollfd polled[2] = {{out_read.fd, POLLIN, 0}, {err_read.fd, POLLIN, 0}};
    if (::poll(polled, 2, 50) < 0 && errno != EINTR)
      return fail(ErrorCode::io, format("cannot read from {}: {}", program, std::strerror(errno)));
    if (out_read.fd >= 0 && polled[0].revents && !drain(out_read, result.out)) out_read.close();
    if (err_read.fd >= 0 && polled[1].revents && !drain(err_read, result.err)) err_read.close();
    if (result.out.size() > options.max_output_bytes)
      return fail(ErrorCode::io, format("{} wrote more than {} bytes", program, options.max_output_bytes));
    if (result.err.size() > 2 * kMaxErrBytes) result.err.erase(0, result.err.size() - kMaxErrBytes);
  }
  // Both streams are closed; the child may still run.
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(child.pid, &status, WNOHANG);
    if (ended == child.pid) break;
    if (ended < 0 && errno != EINTR)
      return fail(ErrorCode::io, format("cannot wait for {}: {}", program, std::strerror(errno)));
    if (options.cancelled && options.cancelled())
      return fail(ErrorCode::interrupted, format("{} was stopped before it ended", program));
    if (options.timeout_seconds > 0 && watch.seconds() > options.timeout_seconds)
      return fail(ErrorCode::interrupted, format("{} did not end in time and was stopped", program));
    ::poll(nullptr, 0, 1);
  }
  child.pid = -1;
  if (result.err.size() > kMaxErrBytes) result.err.erase(0, result.err.size() - kMaxErrBytes);
  result.seconds = watch.seconds();
  if (WIFSIGNALED(status)) {
    result.signal = WTERMSIG(status);
    result.exit_code = 128 + result.signal;
  } else {
    result.exit_code = WEXITSTATUS(status);
  }
  return result;
}

Error child_error(const ChildResult& child) {
  const std::string how = child.signal ? format("was ended by signal {} ({})", child.signal, ::strsignal(child.signal))
                                       : format("ended with exit code {}", child.exit_code);
  const std::string said = last_lines(child.err, 5);
  return {code_of_exit(child.exit_code),
          said.empty() ? "a process " + how : format("a process {}: {}", how, said),
          {},
          child.signal == SIGKILL ? "the system may have run out of memory" : ""};
}

Result<std::string> run_self(const std::vector<std::string>& arguments, const ChildOptions& options) {
  THIMBLE_ASSIGN(const std::string program, own_program_path());
  THIMBLE_ASSIGN(ChildResult child, run_child(program, arguments, options));
  if (child.exit_code == 0) return std::move(child.out);
  std::string command;
  for (const std::string& a : arguments) command += " " + a;
  return with_context(child_error(child), "command" + command);
}

}  // namespace thimble
