// The package's header in C++: its functions have the names that C gave them.
#include "package.h"

extern "C" int board_run_in_cxx(void* arena, size_t bytes, const void** in, void** out);
int board_run_in_cxx(void* arena, size_t bytes, const void** in, void** out) { return RUN(arena, bytes, in, out); }
