# 64-bit RISC-V, rv64gc: no vector extension is asked for.
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(triplet riscv64-linux-gnu)
set(architecture riscv64)
set(emulator qemu-riscv64)
set(CMAKE_CXX_STANDARD_LIBRARIES "-latomic")  # atomics of one byte are calls there
include("${CMAKE_CURRENT_LIST_DIR}/cross.cmake")
