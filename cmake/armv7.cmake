# 32-bit Arm with NEON: Raspberry Pi 2 and later under a 32-bit system.
set(CMAKE_SYSTEM_PROCESSOR armv7)
set(triplet arm-linux-gnueabihf)
set(architecture armhf)
set(emulator qemu-arm)
set(CMAKE_CXX_FLAGS_INIT "-march=armv7-a -mfpu=neon-vfpv4 -mthumb")
include("${CMAKE_CURRENT_LIST_DIR}/cross.cmake")
