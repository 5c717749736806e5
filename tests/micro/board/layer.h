// What a package is told to call behind each layer where its layers are counted (runner.py).
#pragma once

void board_layer(void);
