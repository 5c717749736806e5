// The package's header in C++: its function has the name that C gave it.
#include PACKAGE_HEADER

extern "C" int (*const board_run_in_cxx)(void*, size_t, const PACKAGE_IN*, PACKAGE_OUT*) = PACKAGE_RUN;
