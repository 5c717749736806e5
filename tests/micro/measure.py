"""What a linked program says of a package: bytes of flash and RAM by the linker's map, frames by the compiler."""
import os
import re

FLASH = ('.text', '.rodata', '.init', '.fini', '.ARM.ex')
BOTH = ('.data', '.sdata')
RAM = ('.bss', '.sbss', '.noinit')


def input_sections(map_file):
    """(output section, input section, bytes, file) of everything that was linked."""
    with open(map_file, encoding='utf-8', errors='replace') as file:
        text = file.read()
    text = text[text.index('Linker script and memory map'):]
    text = re.sub(r'^( \S+)\n +(?=0x)', r'\1 ', text, flags=re.M)  # long names have a line of their own
    output = ''
    for line in text.splitlines():
        head = re.match(r'(\.\S+)', line)
        if head:
            output = head[1]
        found = re.match(r' (\.\S+|COMMON)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S.*)$', line)
        if found:
            yield output, found[1], int(found[2], 16), found[3]


def is_code(section):
    return section.startswith(('.text', '.init', '.fini'))


def sizes(map_file, package_objects):
    """Bytes by the objects of the package, and of what they need of the compiler's and the C library."""
    result = dict.fromkeys(('code', 'constants', 'data', 'bss', 'library'), 0)
    for output, section, size, path in input_sections(map_file):
        # .srodata: RISC-V's linker puts small constants beside small variables, where there is RAM for both
        in_flash = output.startswith(FLASH) or section.startswith('.srodata')
        in_both, in_ram = output.startswith(BOTH), output.startswith(RAM)
        if '.a(' in path:
            result['library'] += size if in_flash or in_both else 0
        elif os.path.basename(path) in package_objects:
            if in_flash:
                result['code' if is_code(section) else 'constants'] += size
            elif in_both or in_ram:
                result['data' if in_both else 'bss'] += size
    return result


def largest_frame(folder, objects):
    """(bytes, function, whether its size is known) of the largest frame by -fstack-usage, or None."""
    frames = []
    for path in (os.path.join(folder, name[:-1] + 'su') for name in objects):
        if not os.path.exists(path):
            continue
        with open(path, encoding='utf-8') as file:
            for line in file:
                place, size, kind = line.rstrip('\n').split('\t')
                frames.append((int(size), place.split(':')[-1], 'dynamic' not in kind or 'bounded' in kind))
    return max(frames, default=None)
