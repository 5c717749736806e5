// What a study needs of MPI, as a table of functions over bytes. The module thimble_mpi.so (messages.cc, the only file
// that knows MPI; built where CMake finds it) fills it; study/ranks.cc loads the module in a process that mpirun
// started. So no other run of the program pays for MPI's libraries, and none needs them.
#pragma once

#include <cstdint>

namespace thimble {

struct MpiMessages {
  int rank, size;  // this process, and how many there are
  int here;        // how many of them run on this machine
  // false: too long for one message. Blocks until the other side has taken a long one.
  bool (*send)(int to, const void* bytes, int64_t size);
  // Length of the oldest message that was not received yet and who sent it; -1: there is none.
  int64_t (*waiting)(int* from);
  // That message, whole.
  void (*receive)(int from, void* into, int64_t size);
  // Waits for the other processes to close too; nothing may be called after it.
  void (*close)();
};

}  // namespace thimble

// Joins the job. All calls come from one thread. Other failures end the job, as MPI does by itself.
#define THIMBLE_MPI_OPEN "thimble_mpi_open_1"
extern "C" const thimble::MpiMessages* thimble_mpi_open_1();
