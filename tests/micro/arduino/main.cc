// A sketch as a program of this machine: -DSKETCH="\"….ino\"".
#include "Arduino.h"
#include SKETCH

int main() {
  setup();
  for (;;) loop();
}
