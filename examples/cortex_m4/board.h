// What a program needs of the board: a place to print to.
#pragma once

// A text that ends with '\0', to the debugger's or the emulator's console.
void board_print(const char* text);
