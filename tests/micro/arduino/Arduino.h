// As much of Arduino's interface as our sketches use, on this machine: Serial is the standard input and output, and
// loop() ends when the input does.
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t byte;

class SerialPort {
 public:
  void begin(unsigned long) {}
  void setTimeout(unsigned long) {}
  explicit operator bool() const { return true; }
  int available() {
    const int next = getchar();
    if (next == EOF) exit(0);
    ungetc(next, stdin);
    return 1;
  }
  int read() { return getchar(); }
  size_t readBytes(char* to, size_t bytes) { return fread(to, 1, bytes, stdin); }
  float parseFloat() {
    float value = 0;
    return scanf("%f", &value) == 1 ? value : 0;
  }

  void print(const char* text) { fputs(text, stdout); }
  void print(char value) { putchar(value); }
  void print(unsigned char value) { printf("%u", value); }
  void print(int value) { printf("%d", value); }
  void print(unsigned value) { printf("%u", value); }
  void print(long value) { printf("%ld", value); }
  void print(unsigned long value) { printf("%lu", value); }
  void print(double value, int digits = 2) { printf("%.*f", digits, value); }
  template <class T>
  void println(T value) {
    print(value);
    println();
  }
  void println(double value, int digits) {
    print(value, digits);
    println();
  }
  void println() { putchar('\n'); }
};

static SerialPort Serial;

// Time stands still but for delays, of which a sketch that waits for no input gets three.
static unsigned long now_ms = 0;
static inline unsigned long millis() { return now_ms; }
static inline unsigned long micros() { return now_ms * 1000; }
static inline void delay(unsigned long ms) {
  static int delays = 0;
  now_ms += ms;
  if (++delays == 3) exit(0);
}
