# Debian's cross compilers, for a triplet and an emulator that the files including this one set; what runs on the target runs
# under qemu-user here (scripts/packages.txt: groups cross and dist). Libraries of the target are those of
# scripts/sysroot.sh, if it has been run; headers without code are this system's.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${triplet}-gcc)
set(CMAKE_CXX_COMPILER ${triplet}-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR ${emulator} -L /usr/${triplet})
set(CMAKE_LIBRARY_ARCHITECTURE ${triplet})
set(CMAKE_FIND_ROOT_PATH "${CMAKE_CURRENT_LIST_DIR}/../build/sysroot/${architecture}" /usr/${triplet})
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
string(APPEND CMAKE_CXX_FLAGS_INIT " -idirafter /usr/include")
