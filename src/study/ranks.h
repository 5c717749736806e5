// The processes of one job on one or several machines (`mpirun -n K thimble study …`): rank 0 is the study, the others
// do trainings for it when it asks. What they send each other is bytes; how is MPI's business (study/mpi/messages.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "measure/subprocess.h"

namespace thimble {

// What mpirun says in the environment of a process that it starts; a process that starts by itself is 0 of 1.
struct Launch {
  int rank = 0, size = 1;
};
Launch launched();
// The environment of a child that is not of the job.
std::vector<std::pair<std::string, std::string>> environment_without_launch();

struct Message {
  int from = 0;
  std::vector<uint8_t> bytes;
};

class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual int here() const = 0;  // processes of the job on this machine, ≥ 1
  // Errors: internal, for more than 2 GiB.
  virtual Status send(int to, std::span<const uint8_t> bytes) = 0;
  // The next message, if there is one.
  virtual std::optional<Message> poll() = 0;
};

// Joins the job that `launch` tells of; leaves it in the destructor, where rank 0 first sends every other rank an empty
// message: it is over. Errors: usage, where there is no MPI in this build or another one than mpirun's.
Result<std::unique_ptr<Ranks>> open_ranks(const Launch& launch);

// A training to be done elsewhere, and what came of it.
struct ItemOrder {
  std::string out, id;                 // the study's folder and the item (study/item.h)
  std::vector<std::string> arguments;  // of this program
};
struct ItemAnswer {
  Result<ChildResult> child = ChildResult{};
  std::vector<uint8_t> item;                // OUT/items/ID.item, if child ended well
  std::vector<std::vector<uint8_t>> files;  // its variants' files, in their order
};
using RunProgram =
    std::function<Result<ChildResult>(const std::vector<std::string>& arguments, const std::function<bool()>& stop)>;

// This program in a child that is not of the job.
RunProgram run_this_program();

// Rank 0's side. An order without id stops what the rank is doing.
std::vector<uint8_t> pack_order(const ItemOrder& order);
// Errors: internal, for bytes that are none.
Result<ItemAnswer> unpack_answer(std::span<const uint8_t> bytes);
// Writes what an answer brought into `out`, unless it lies there already (folders may be shared between machines).
Status keep_answer(const ItemAnswer& answer, const std::string& out, const std::string& id);

// The other ranks' side: does trainings with `threads` threads each until rank 0 says that it is over. When `cancelled`
// turns true the training of the moment ends as interrupted.
void serve_items(Ranks& ranks, int threads, const std::function<bool()>& cancelled, const RunProgram& run);

}  // namespace thimble
