// The module thimble_mpi.so: MPI behind the table of study/mpi/messages.h.
#include "study/mpi/messages.h"

#include <climits>

#include <mpi.h>
#include <sched.h>

namespace {

constexpr int kTag = 1;

bool send(int to, const void* bytes, int64_t size) {
  if (size > INT_MAX) return false;
  return MPI_Send(bytes, static_cast<int>(size), MPI_BYTE, to, kTag, MPI_COMM_WORLD) == MPI_SUCCESS;
}

int64_t waiting(int* from) {
  int found = 0, size = 0;
  MPI_Status status;
  MPI_Iprobe(MPI_ANY_SOURCE, kTag, MPI_COMM_WORLD, &found, &status);
  if (!found) return -1;
  MPI_Get_count(&status, MPI_BYTE, &size);
  *from = status.MPI_SOURCE;
  return size;
}

void receive(int from, void* into, int64_t size) {
  MPI_Recv(into, static_cast<int>(size), MPI_BYTE, from, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

void close() { MPI_Finalize(); }

// mpirun ties each process to one core; trainings and measurements use threads and choose their number themselves.
// What a container or a batch system allows stays the limit.
void use_every_core() {
  cpu_set_t all;
  CPU_ZERO(&all);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) CPU_SET(static_cast<unsigned>(cpu), &all);
  sched_setaffinity(0, sizeof all, &all);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const thimble::MpiMessages* thimble_mpi_open_1() {
  static thimble::MpiMessages table{0, 1, 1, send, waiting, receive, close};
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  use_every_core();
  MPI_Comm machine;
  MPI_Comm_rank(MPI_COMM_WORLD, &table.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &table.size);
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
  MPI_Comm_size(machine, &table.here);
  MPI_Comm_free(&machine);
  return &table;
}
