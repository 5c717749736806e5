"""The boards: one row each, with the compiler, the flags, the start code and the emulator it needs."""
import dataclasses
import os
import shutil

HERE = os.path.dirname(os.path.abspath(__file__))
KB = 1024


@dataclasses.dataclass(frozen=True)
class Board:
    name: str
    core: str
    compiler: str
    flags: str           # for every file
    start: tuple         # files of board/ beside driver.c
    link: str
    emulator: str        # its command, up to the program; nothing: the program runs here
    kind: str            # cortex_m, user (an emulated process), bare (one without a C library), avr, host
    in_arena: bool = False  # input and output lie in the package's arena

    def missing(self):
        """What is not installed, as a sentence, or nothing."""
        tools = [self.compiler] + ([self.emulator.split()[0]] if self.emulator else [])
        absent = [tool for tool in tools if not shutil.which(tool)]
        return f'{", ".join(absent)} not installed (scripts/setup.sh micro)' if absent else ''

    def sanitized(self):
        return '-fsanitize' in self.flags


def cortex_m(name, core, flags, machine, flash, ram):
    """flash, ram: (address, KB). The machine's own memory is larger than most boards': what a package needs is measured."""
    memory = f'-Wl,--defsym=FLASH_AT={flash[0]:#x},--defsym=FLASH_BYTES={flash[1] * KB:#x}' \
             f',--defsym=RAM_AT={ram[0]:#x},--defsym=RAM_BYTES={ram[1] * KB:#x}'
    emulator = f'qemu-system-arm -M {machine} -display none -monitor none -serial none ' \
               '-semihosting-config enable=on,target=native'
    return Board(name, core, 'arm-none-eabi-gcc', f'-mthumb {flags}', ('cortex_m.c',),
                 f'-nostartfiles -T {os.path.join(HERE, "board", "cortex_m.ld")} {memory} -lm', emulator, 'cortex_m')


def user(name, core, prefix, flags, emulator):
    return Board(name, core, f'{prefix}-gcc', f'-fno-pie {flags}', ('posix.c',), '-static -no-pie -lm', emulator, 'user')


def host(name, compiler, flags='', start=('posix.c',), link='', in_arena=False):
    return Board(name, 'this machine', compiler, f'-fno-pie {flags}', start, f'-no-pie -Wl,-z,now -lm {link}', '', 'host', in_arena)


ENLARGED = 'microbit -global nrf51-soc.flash-size=2097152 -global nrf51-soc.sram-size=262144'
HARD = '-mfloat-abi=hard -mfpu='

BOARDS = [
    cortex_m('m0', 'Cortex-M0', '-mcpu=cortex-m0', ENLARGED, (0, 2048), (0x20000000, 256)),
    cortex_m('m3', 'Cortex-M3', '-mcpu=cortex-m3', 'mps2-an385', (0, 4096), (0x20000000, 4096)),
    cortex_m('m4', 'Cortex-M4F', f'-mcpu=cortex-m4 {HARD}fpv4-sp-d16', 'mps2-an386', (0, 4096), (0x20000000, 4096)),
    cortex_m('m7', 'Cortex-M7F', f'-mcpu=cortex-m7 {HARD}fpv5-sp-d16', 'mps2-an500', (0, 4096), (0x20000000, 4096)),
    cortex_m('m33', 'Cortex-M33', f'-mcpu=cortex-m33 {HARD}fpv5-sp-d16', 'mps2-an505', (0x10000000, 4096), (0x38000000, 4096)),
    cortex_m('m55', 'Cortex-M55', f'-mcpu=cortex-m55 {HARD}auto', 'mps3-an547', (0, 512), (0x20000000, 512)),
    # newlib lends its headers (not its functions), of which Debian has no other copy for 32 bits
    Board('rv32', 'RV32IMC', 'riscv64-unknown-elf-gcc', '-march=rv32imc -mabi=ilp32 -isystem /usr/include/newlib',
          ('posix.c', 'rv32.c'), '-nostdlib -static -lgcc', 'qemu-riscv32', 'bare'),
    user('armhf', 'Armv7-A', 'arm-linux-gnueabihf', '', 'qemu-arm -cpu cortex-a7'),
    user('aarch64', 'Cortex-A72', 'aarch64-linux-gnu', '', 'qemu-aarch64 -cpu cortex-a72'),
    user('riscv64', 'RV64GC', 'riscv64-linux-gnu', '', 'qemu-riscv64'),
    Board('avr', 'ATmega328P', 'avr-gcc', '-mmcu=atmega328p', ('avr.c',),
          '-Wl,--defsym=__DATA_REGION_LENGTH__=2048,--defsym=__TEXT_REGION_LENGTH__=32256', '', 'avr', in_arena=True),
    host('gcc', 'gcc', start=('posix.c', 'cxx.cc'), link='-Wl,-u,board_run_in_cxx'),
    host('clang', 'clang', in_arena=True),
    host('sanitized', 'gcc', '-g -fsanitize=address,undefined -fno-sanitize-recover=all'),
]
BY_NAME = {board.name: board for board in BOARDS}
SLICE = ('m0', 'm4', 'm55', 'rv32')  # for every change


def chosen(words):
    """Boards by name; `all`, `slice`."""
    names = []
    for word in words:
        names += [b.name for b in BOARDS] if word == 'all' else SLICE if word == 'slice' else [word]
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise SystemExit(f'no board {unknown[0]}; there are all, slice, {", ".join(BY_NAME)}')
    return [BY_NAME[name] for name in dict.fromkeys(names)]
