"""Writes .tflite files by hand, sound or broken, with nothing but the standard library.

A Table is fields by number; whatever a field holds may be wrong on purpose, and Raw puts any bytes where a reference would
stand. Numbers of fields and operators: schema.fbs of LiteRT (schema version 3).
"""
import struct

FLOAT, INT32, UINT8, INT64, STRING, BOOL, INT16, INT8 = 0, 2, 3, 4, 5, 6, 7, 9
RESOURCE, VARIANT, INT4 = 13, 14, 17
SIZE = {FLOAT: 4, INT32: 4, UINT8: 1, INT64: 8, BOOL: 1, INT16: 2, INT8: 1}
FORMAT = {FLOAT: "f", INT32: "i", UINT8: "B", INT64: "q", BOOL: "B", INT16: "h", INT8: "b"}


class Scalar:
    def __init__(self, fmt, value):
        self.bytes = struct.pack("<" + fmt, value)


class Raw:
    """Four bytes in place of a reference: a forged offset."""
    def __init__(self, offset):
        self.bytes = struct.pack("<I", offset & 0xffffffff)


class Vector:
    """Of numbers. `length` forges how many the file says that there are."""
    def __init__(self, fmt, values, length=None, shift=0):
        self.fmt, self.values, self.length, self.shift = fmt, values, length, shift


class Text:
    def __init__(self, text, end=b"\0"):
        self.text, self.end = text.encode() if isinstance(text, str) else text, end


class Tables:
    def __init__(self, tables, length=None):
        self.tables, self.length = tables, length


class Table:
    def __init__(self, fields):
        self.fields = {number: value for number, value in fields.items() if value is not None}


class Writer:
    """What is referred to stands behind what refers to it; one object written once, however often it is named."""
    def __init__(self):
        self.out = bytearray()
        self.places = {}
        self.waiting = []
        self.vtables = {}

    def align(self, n, before=0):
        while (len(self.out) + before) % n:
            self.out.append(0)

    def refer(self, position, item):
        """The reference at `position` names `item`."""
        self.waiting.append((position, item))

    def file(self, root, identifier=b"TFL3"):
        self.out += struct.pack("<I", 0) + identifier
        self.refer(0, root)
        at = 0
        while at < len(self.waiting):
            position, item = self.waiting[at]
            at += 1
            if id(item) not in self.places or self.places[id(item)] <= position:
                self.places[id(item)] = self.write(item)
            struct.pack_into("<I", self.out, position, self.places[id(item)] - position)
        return bytes(self.out)

    def write(self, item):
        if isinstance(item, Table):
            return self.table(item)
        if isinstance(item, Text):
            self.align(4)
            at = len(self.out)
            self.out += struct.pack("<I", len(item.text)) + item.text + item.end
            return at
        if isinstance(item, Tables):
            self.align(4)
            at = len(self.out)
            self.out += struct.pack("<I", len(item.tables) if item.length is None else item.length)
            self.out += bytes(4 * len(item.tables))
            for i, table in enumerate(item.tables):
                self.refer(at + 4 + 4 * i, table)
            return at
        width = struct.calcsize("<" + item.fmt)
        self.align(16 if item.fmt == "B" else max(4, width), 4)
        self.out += bytes(item.shift)
        at = len(self.out)
        values = item.values
        self.out += struct.pack("<I", len(values) if item.length is None else item.length)
        self.out += values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{item.fmt}", *values)
        return at

    def table(self, item):
        # Fields by size, so that each is aligned to its own.
        order = sorted(item.fields, key=lambda n: (-len(getattr(item.fields[n], "bytes", b"1234")), n))
        wide = any(len(getattr(item.fields[n], "bytes", b"")) == 8 for n in order)
        offset, slots = 4, {}
        for number in order:
            size = len(getattr(item.fields[number], "bytes", b"1234"))
            offset += -(offset + (4 if wide else 0)) % size
            slots[number] = offset
            offset += size
        count = max(slots, default=-1) + 1
        vtable = struct.pack(f"<HH{count}H", 4 + 2 * count, offset, *(slots.get(n, 0) for n in range(count)))
        if vtable not in self.vtables:
            self.align(4)
            self.vtables[vtable] = len(self.out)
            self.out += vtable
        self.align(8 if wide else 4, 4 if wide else 0)
        at = len(self.out)
        self.out += struct.pack("<i", at - self.vtables[vtable]) + bytes(offset - 4)
        for number, slot in slots.items():
            value = item.fields[number]
            if hasattr(value, "bytes"):
                self.out[at + slot:at + slot + len(value.bytes)] = value.bytes
            else:
                self.refer(at + slot, value)
        return at


def byte(value):
    return Scalar("b", value)


def i32(value):
    return Scalar("i", value)


def u32(value):
    return Scalar("I", value)


def u64(value):
    return Scalar("Q", value)


def f32(value):
    return Scalar("f", value)


def ints(values, **forged):
    return Vector("i", list(values), **forged)


def quant(scale, zero=(0,), axis=0, details=None):
    """Scales and zero points; None leaves a list out."""
    return Table({2: None if scale is None else Vector("f", list(scale)),
                  3: None if zero is None else Vector("q", list(zero)), 6: i32(axis), **(details or {})})


class Model:
    """A model of one subgraph (or more). What is added can be changed before bytes() through .tensors, .nodes, .extra."""

    def __init__(self):
        self.buffers, self.codes = [Table({})], []
        self.graphs, self.extra = [], {}
        self.subgraph()

    def subgraph(self):
        self.tensors, self.nodes, self.inputs, self.outputs = [], [], [], []
        self.graphs.append((self.tensors, self.nodes, self.inputs, self.outputs))
        return len(self.graphs) - 1

    def tensor(self, shape, kind=FLOAT, data=None, quantization=None, buffer=None, name=None, **fields):
        """`data`: numbers of its type, or bytes as they stand. `fields` f5=…: any field of the table by number."""
        index = len(self.tensors)
        if data is not None:
            if not isinstance(data, bytes):
                data = struct.pack(f"<{len(data)}{FORMAT[kind]}", *data)
            self.buffers.append(Table({0: Vector("B", data)}))
            buffer = len(self.buffers) - 1
        self.tensors.append(Table({0: ints(shape) if isinstance(shape, (list, tuple)) else shape, 1: byte(kind),
                                   2: u32(buffer or 0), 3: Text(name or f"t{index}"), 4: quantization,
                                   **{int(key[1:]): value for key, value in fields.items()}}))
        return index

    def input(self, shape, kind=FLOAT, **more):
        self.inputs.append(self.tensor(shape, kind, **more))
        return self.inputs[-1]

    def output(self, shape, kind=FLOAT, **more):
        self.outputs.append(self.tensor(shape, kind, **more))
        return self.outputs[-1]

    def op(self, code, inputs, outputs, kind=0, options=None, custom=None, version=1, **fields):
        """`code` in the schema's numbers, `kind` of the union BuiltinOptions, `options` its fields by number."""
        self.codes.append(Table({0: byte(min(code, 127)), 1: Text(custom) if custom else None, 2: i32(version),
                                 3: i32(code)}))
        self.nodes.append(Table({0: u32(len(self.codes) - 1), 1: ints(inputs), 2: ints(outputs),
                                 3: Scalar("B", kind), 4: Table(options or {}) if kind else None,
                                 **{int(key[1:]): value for key, value in fields.items()}}))

    def root(self):
        graphs = [Table({0: Tables(tensors), 1: ints(inputs), 2: ints(outputs), 3: Tables(nodes)})
                  for tensors, nodes, inputs, outputs in self.graphs]
        return Table({0: u32(3), 1: Tables(self.codes), 2: Tables(graphs), 4: Tables(self.buffers), **self.extra})

    def bytes(self):
        return Writer().file(self.root())


def one(code, inputs, outputs, kind=0, options=None, **more):
    """A model of one operator. An operand is (shape, type) of an input, (shape, type, data[, quantization]) of a constant,
    or None; outputs are (shape, type[, quantization])."""
    m = Model()
    reads = []
    for x in inputs:
        if x is None:
            reads.append(-1)
        elif len(x) == 2:
            reads.append(m.input(*x))
        elif x[2] is None:
            reads.append(m.input(x[0], x[1], quantization=x[3]))
        else:
            reads.append(m.tensor(x[0], x[1], data=x[2], quantization=x[3] if len(x) > 3 else None))
    writes = [m.output(y[0], y[1], quantization=y[2] if len(y) > 2 else None) for y in outputs]
    m.op(code, reads, writes, kind, options, **more)
    return m
