# 64-bit Arm: Raspberry Pi 3 and later under a 64-bit system, gateways.
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(triplet aarch64-linux-gnu)
set(architecture arm64)
set(emulator qemu-aarch64)
include("${CMAKE_CURRENT_LIST_DIR}/cross.cmake")
