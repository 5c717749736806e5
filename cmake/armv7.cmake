# 32-bit Arm with NEON: Raspberry Pi 2 and later under a 32-bit system. The int8 kernels use NEON there, float32 ones the plain
# bodies (NEON of 32 bits flushes small numbers to zero). Files may be larger than 2 GiB there, too.
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(triplet arm-linux-gnueabihf)
set(architecture armhf)
set(emulator qemu-arm)
set(CMAKE_CXX_FLAGS_INIT "-march=armv7-a+neon-vfpv4 -mfloat-abi=hard -D_FILE_OFFSET_BITS=64")
set(CMAKE_CXX_STANDARD_LIBRARIES "-latomic")
include("${CMAKE_CURRENT_LIST_DIR}/cross.cmake")
