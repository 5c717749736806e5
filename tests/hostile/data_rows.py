"""Hostile arrays, tables, pictures, sounds, packed models, archives, recipes and labels: rows 52, 67, 69 and 70 of the table of hostile
input. What the readers' fuzz targets find by changing bytes is not repeated; here the files lie on purpose."""
import os
import struct
import zlib

import tflite_rows

TOP = 2**31 - 1
# What may be taken: as many values in another shape, names that are never files, samples that are odd and sound, unused labels.
TAKEN = ("shape (4,)", "shape (1, 4, 1, 1)", "../../x.npy", "table: zero bytes", "no palette", "numbers that are none", "/proc/")


def npy(header, values=b"", version=b"\1\0", length=None):
    header = header.encode()
    size = struct.pack("<H" if version == b"\1\0" else "<I", len(header) if length is None else length)
    return b"\x93NUMPY" + version + size + header + values


def described(shape, kind="<f4", order="False"):
    return f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}\n"


def png(width, height, depth=8, color=2, data=b"", more=b""):
    def chunk(kind, body, length=None):
        return (struct.pack(">I", len(body) if length is None else length) + kind + body +
                struct.pack(">I", zlib.crc32(kind + body)))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)) + more +
            chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def bmp(width, height, bits=24, offset=54, size=40):
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, offset) + struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, 0, 0, 0, 0, 0, 0) + bytes(48)


def wav(channels=1, rate=16000, bits=16, data=b"\0\0" * 100, length=None, kind=1, riff=None, form=16):
    body = (b"fmt " + struct.pack("<IHHIIHH", form, kind, channels, rate, 0, 0, bits) + b"data" +
            struct.pack("<I", len(data) if length is None else length) + data)
    return b"RIFF" + struct.pack("<I", len(body) + 4 if riff is None else riff) + b"WAVE" + body


def zip_of(name, data, claimed=None, method=0, offset=0, entries=1):
    claimed = len(data) if claimed is None else claimed
    name = name.encode()
    crc = zlib.crc32(data)
    sizes = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 0, crc, len(data), claimed, len(name), 0)
    local = b"PK\3\4" + sizes + name + data
    central = b"PK\1\2" + struct.pack("<H", 20) + sizes + struct.pack("<HHHII", 0, 0, 0, 0, offset) + name
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, entries, entries, len(central), len(local), 0)


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def models(folder):
    """What the files are fed to: 4 numbers, a picture of 4 x 4 x 3, 100 samples of sound."""
    for name, shape in (("four", [1, 4]), ("picture", [1, 4, 4, 3]), ("sound", [1, 100])):
        (folder / f"{name}.tflite").write_bytes(tflite_rows.relu(shape).bytes())


def cases(folder):
    models(folder)
    (folder / "weights").write_bytes(bytes(16))
    (folder / "folder").mkdir(exist_ok=True)
    if not (folder / "fifo").exists():
        os.mkfifo(folder / "fifo")
        os.symlink("/etc/passwd", folder / "link")
        os.symlink("/etc", folder / "linked")
    made = 0

    def case(row, what, ending, data, model, *commands):
        nonlocal made
        made += 1
        name = f"data{made:04}.{ending}"
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        fed = [[word.replace("FILE", name) for word in words.split(" ")] for words in commands]
        return row, what, fed or [["run", f"{model}.tflite", name]], name

    eval_, array = "eval four.tflite --data csv:FILE", "run four.tflite --input 0=FILE"
    for shape in ("(1, 4", "(4,)", "(1, 5)", "(1, 4, 1, 1)", "(1, -4)", f"({2**62}, 4)", f"({10**30}, 4)", "(1, 4) * 9", "()", "(0, 4)",
                  f"(0, {2**63})", "(1, 4, " + "1, " * 5000 + ")", "'x'", "(2147483648, 4)"):
        yield case(69, f"array of shape {shape[:30]}", "npy", npy(described(shape), bytes(12 if shape == "(1, 4)" else 16)), "four", array)
    for kind in ("<f9", "|O", "<U4", ">i4", "<c16", "", "[('a', '<f4')]", "|V16", "<f4" * 1000):
        yield case(69, f"array of {kind[:20]}", "npy", npy(described("(1, 4)", kind), bytes(16)), "four", array)
    for what, data in (("too few values", npy(described("(1, 4)"), bytes(8))), ("too many values", npy(described("(1, 4)"), bytes(400))),
                       ("a header past the end", npy(described("(1, 4)"), bytes(16), length=60000)),
                       ("a header of 4 GB", npy(described("(1, 4)"), bytes(16), b"\2\0", 2**32 - 1)),
                       ("version 9", npy(described("(1, 4)"), bytes(16), b"\x09\0")), ("no header", b"\x93NUMPY\1\0"),
                       ("an open bracket", npy("{" * 60000)), ("an open quote", npy("{'descr': '")), ("nothing", b"")):
        yield case(70, f"array with {what}", "npy", data, "four", array)
    for what, data in (("of 4 GB in 100 bytes", zip_of("x.npy", b"", 2**32 - 2, 8)), ("stored, longer than it is", zip_of("x.npy", b"1234", 2**31)),
                       ("1 GB of zeros deflated", zip_of("x.npy", deflated(npy(described(f"({2**18}, 4)")) + bytes(2**22)), 2**22 + 128, 8)),
                       ("65,535 entries that are not there", zip_of("x.npy", b"1234", entries=65535)),
                       ("an entry elsewhere", zip_of("x.npy", npy(described("(1, 4)"), bytes(16)), offset=2**31)),
                       ("an entry called ../../x.npy", zip_of("../../x.npy", npy(described("(1, 4)"), bytes(16)))), ("no end", b"PK\3\4" + bytes(100))):
        yield case(70, f"archive {what}", "npz", data, "four", "eval four.tflite --data npz:FILE", "run four.tflite FILE")
    for what, data in (("nothing", ""), ("one line", "a,b,c,d\n"), ("an open quote of 1 MB", 'a,b,c,d,y\n1,2,3,4,"' + "x" * 10**6),
                       ("a row of 100,000 fields", "a,b,c,d,y\n" + "1," * 100_000 + "\n"), ("100,000 columns", ",".join(f"c{i}" for i in range(100_000)) + "\n1\n"),
                       ("numbers that are too large", "a,b,c,d,y\n1e999,-1e999,nan,inf,1\n"), ("zero bytes", "a,b,c,d,y\n\0,\0,\0,\0,\0\n"),
                       ("rows of unequal length", "a,b,c,d,y\n1,2\n1,2,3,4,5,6,7\n"), ("bytes that are no text", b"\xff\xfe\x80,\xc0\n\xff\n"),
                       ("a field of 1 MB", "a,b,c,d,y\n" + "9" * 10**6 + ",2,3,4,1\n"), ("columns of one name", "a,a,a,a,a\n1,2,3,4,5\n")):
        yield case(70, f"table: {what}", "csv", data, "four", eval_, "run four.tflite FILE")
    for what, data in (("2^31 x 2^31 pixels", png(TOP, TOP)), ("no pixels", png(0, 0)), ("65,535 x 65,535 pixels of 100 bytes", png(65535, 65535, data=bytes(100))),
                       ("64 MB of pixels in 64 KB", png(4096, 5461, data=bytes(2**26))), ("17 bits", png(4, 4, 17)), ("colour 9", png(4, 4, 8, 9)),
                       ("too few pixels", png(4, 4, data=b"\0" * 10)), ("no palette", png(4, 4, 8, 3, b"\0" * 20)),
                       ("a chunk of 4 GB", png(4, 4, data=bytes(52))[:33] + b"\xff\xff\xff\xffIDAT" + bytes(100))):
        yield case(70, f"PNG of {what}", "png", data, "picture")
    for what, data in (("2^31 pixels", bmp(TOP, 1)), ("-2^31 rows", bmp(4, -2**31)), ("0 bits", bmp(4, 4, 0)), ("255 bits", bmp(4, 4, 255)),
                       ("pixels at 4 GB", bmp(4, 4, 24, 2**32 - 1)), ("a header of 0 bytes", bmp(4, 4, size=0)), ("8 bits, no palette", bmp(4, 4, 8, 0))):
        yield case(70, f"BMP of {what}", "bmp", data, "picture")
    for ending, data in (("jpg", b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03" + bytes(100)), ("gif", b"GIF89a\xff\xff\xff\xff\xf7\0\0" + bytes(900)),
                         ("webp", b"RIFF\xff\xff\xff\xffWEBPVP8L\xff\xff\xff\xff\x2f\xff\xff\xff\xff")):
        yield case(70, f"{ending} of 65,535 x 65,535 pixels", ending, data, "picture")
    for what, data in (("0 channels", wav(0)), ("65,535 channels", wav(65535)), ("0 samples a second", wav(rate=0)), ("2^32-1 samples a second", wav(rate=2**32 - 1)),
                       ("0 bits", wav(bits=0)), ("1 bit", wav(bits=1)), ("65,535 bits", wav(bits=65535)), ("no samples", wav(data=b"")),
                       ("4 GB in 200 bytes", wav(length=2**32 - 2, data=b"")), ("format 0", wav(kind=0)), ("format 65,534 without its rest", wav(kind=65534)),
                       ("a format of 4 GB", wav(form=2**32 - 1)), ("half a sample", wav(data=b"\0")), ("nothing", wav()[:12]),
                       ("floats of 16 bits", wav(kind=3, bits=16)), ("not even its length", b"RIFF")):
        yield case(70, f"sound of {what}", "wav", data, "sound")
    yield case(70, "a sound at 1 sample a second, to be brought to 16,000", "wav", wav(rate=1, data=bytes(2 * 100_000)), "sound",
               "run sound.tflite FILE --features mfcc_tiny")
    for what, data in (("nothing behind its name", b"THIM"), ("random bytes", b"THIM" + bytes(range(256)) * 4), ("sizes of 2^63", b"THIM\3" + b"\xff" * 100),
                       ("no name", b"\0" * 64)):
        yield case(70, f"packed model of {what}", "thim", data, "", "inspect FILE", "run FILE --random 1", "pack FILE -o x.tflite", "check FILE")
    for what, data in (("an open string", 'a = "'), ("10,000 brackets", "a = " + "[" * 10_000), ("10,000 tables in each other", "[" + "a." * 10_000 + "b]\n"),
                       ("a key twice", "[data]\nset='x'\nset='y'\n"), ("zero bytes", "\0\0\0"), ("2^63 layers", "[train]\nepochs = 9223372036854775808\n"),
                       ("a size of 10^18", '[data]\nset = "mnist"\n[model]\nlayers = [{dense = 1000000000000000000}]\n'),
                       ("tables of tables", "a = " + "{b = " * 5000 + "1" + "}" * 5000), ("a key of 1 MB", "a" * 10**6 + " = 1\n")):
        yield case(70, f"recipe of {what}", "toml", data, "", "train FILE -o x.tflite", "study FILE --out x")
    for file, what in (("fifo", "a pipe that nobody writes"), ("folder", "a folder"), ("linked", "a folder elsewhere")):
        yield 52, what, [["inspect", file], ["run", file, "--random", "1"], ["run", "four.tflite", "--input", f"0={file}"],
                         ["check", file]], file
    for device in ("/dev/zero", "/dev/random", "/proc/self/mem", "/proc/kmsg"):
        yield 52, device, [["inspect", device], ["run", device, "--random", "1"], ["run", "four.tflite", "--input", f"0={device}"],
                           ["run", "picture.tflite", device], ["run", "four.tflite", "--random", "1", "--labels", device]], device
    values = struct.pack("<4f", float("nan"), float("inf"), -0.0, 1e-45)
    yield case(69, "numbers that are none", "npy", npy(described("(1, 4)"), values), "four", array)
