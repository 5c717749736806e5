// An AVR board on libsimavr: runs a program whose board/avr.c reads standard input and writes a file through the
// registers GPIOR0 … 2. Per execution from one address to another it writes instructions and cycles to a second file.
//   avr_machine MCU PROGRAM.elf FROM TO OUTPUT COUNTS
#include <inttypes.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_io.h>
#include <stdio.h>
#include <stdlib.h>

enum { GPIOR0 = 0x3e, GPIOR1 = 0x4a, GPIOR2 = 0x4b };  // of the ATmega328P and its kin

static int result = -1;
static FILE* output;

static uint8_t next_byte(avr_t* avr, avr_io_addr_t at, void* data) {
  (void)avr, (void)at, (void)data;
  return (uint8_t)getchar();
}

static uint8_t is_byte_left(avr_t* avr, avr_io_addr_t at, void* data) {
  (void)avr, (void)at, (void)data;
  const int byte = getchar();
  if (byte != EOF) ungetc(byte, stdin);
  return byte != EOF;
}

static void take_byte(avr_t* avr, avr_io_addr_t at, uint8_t value, void* data) {
  (void)avr, (void)at, (void)data;
  fputc(value, output);
}

static void finish(avr_t* avr, avr_io_addr_t at, uint8_t value, void* data) {
  (void)avr, (void)at, (void)data;
  result = value;
}

int main(int argc, char** argv) {
  elf_firmware_t firmware = {0};
  avr_t* avr = argc == 7 ? avr_make_mcu_by_name(argv[1]) : NULL;
  FILE* counts = avr ? fopen(argv[6], "w") : NULL;
  output = avr ? fopen(argv[5], "wb") : NULL;
  if (!counts || !output || elf_read_firmware(argv[2], &firmware) != 0) return 1;
  const avr_flashaddr_t from = strtoul(argv[3], NULL, 0), to = strtoul(argv[4], NULL, 0);
  avr_init(avr);
  avr_load_firmware(avr, &firmware);
  avr_register_io_read(avr, GPIOR0, next_byte, NULL);
  avr_register_io_write(avr, GPIOR0, take_byte, NULL);
  avr_register_io_write(avr, GPIOR1, finish, NULL);
  avr_register_io_read(avr, GPIOR2, is_byte_left, NULL);
  uint64_t executed = 0, began = 0;
  avr_cycle_count_t cycle = 0;
  int running = 0;
  while (result < 0) {
    if (avr->pc == from) began = executed, cycle = avr->cycle, running = 1;
    if (avr->pc == to && running)
      fprintf(counts, "%" PRIu64 " %" PRIu64 "\n", executed - began, avr->cycle - cycle), running = 0;
    avr->run_cycle_limit = avr->run_cycle_count = 1;  // one instruction at a time
    const int state = avr_run(avr);
    ++executed;
    if (state == cpu_Done || state == cpu_Crashed) return 47;  // BOARD_FAULT
  }
  fclose(counts);
  fclose(output);
  return result;
}
