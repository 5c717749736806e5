// Runs the package's own test: a program beside the driver's, so that what only the test needs is not measured.
#include "board.h"
#include "package.h"

int main(void) { board_exit(SELF_TEST() == 0 ? 0 : BOARD_SELF_TEST); }
