// Runs a program in a child process and reads what it writes. Memory per variant is measured this
// way: a peak belongs to one process, so each variant gets its own (this program again, with
// arguments that make it measure one thing and print JSON).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace thimble {

struct ChildOptions {
  double timeout_seconds = 0;                                    // 0: none
  size_t max_output_bytes = size_t{64} << 20;                    // of stdout; more is an error
  std::vector<std::pair<std::string, std::string>> environment;  // added to, or replacing, our own
  std::function<bool()> cancelled;                               // asked about every 50 ms; true kills the child
  std::string input_file;                                        // its stdin, from byte input_offset on; empty: nothing
  int64_t input_offset = 0;
};

struct ChildResult {
  int exit_code = 0;  // 128 + signal when a signal ended it
  int signal = 0;     // 0: it exited by itself
  std::string out;    // stdout, whole
  std::string err;    // stderr, its last 64 KiB
  double seconds = 0;
};

// What a child of this program that failed says: its last lines of stderr, its code translated back to ErrorCode.
Error child_error(const ChildResult& child);

// Path of the running program (/proc/self/exe).
Result<std::string> own_program_path();

// Starts `program` (its path) with `arguments` (argv[0] is added), and waits. The child dies with
// its parent, whatever ends the parent. A child that fails is not an error here: see exit_code.
// Errors: io (cannot start, unreadable pipe), interrupted (cancelled or timeout).
Result<ChildResult> run_child(const std::string& program, const std::vector<std::string>& arguments,
                              const ChildOptions& options = {});

// This program again; returns its stdout when it exits with 0. Otherwise an error with the child's
// last lines of stderr, its code translated back to ErrorCode.
Result<std::string> run_self(const std::vector<std::string>& arguments, const ChildOptions& options = {});

}  // namespace thimble
