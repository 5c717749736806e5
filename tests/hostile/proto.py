"""Writes .onnx files by hand, sound or broken, with nothing but the standard library. Field numbers: onnx.proto."""
import struct

FLOAT, UINT8, INT8, INT32, INT64, BOOL = 1, 2, 3, 6, 7, 9


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while True:
        out.append(value & 0x7f | (0x80 if value > 0x7f else 0))
        value >>= 7
        if not value:
            return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def real(field, value):
    return varint(field << 3 | 5) + struct.pack("<f", value)


def tensor(name, dims, kind=FLOAT, raw=None, rest=b"", packed=True):
    """TensorProto; `raw` in its raw_data, anything else in `rest`."""
    sizes = text(1, b"".join(varint(d) for d in dims)) if packed else b"".join(number(1, d) for d in dims)
    return sizes + number(2, kind) + text(8, name) + (text(9, raw) if raw is not None else b"") + rest


def floats(name, dims, values):
    return tensor(name, dims, FLOAT, struct.pack(f"<{len(values)}f", *values))


def int64s(name, values, dims=None):
    return tensor(name, [len(values)] if dims is None else dims, INT64, struct.pack(f"<{len(values)}q", *values))


def external(name, dims, location, offset=None, length=None, more=()):
    """A tensor whose values are in another file."""
    pairs = [("location", location)]
    pairs += [(key, value) for key, value in (("offset", offset), ("length", length)) if value is not None]
    rest = b"".join(text(13, text(1, key) + text(2, value)) for key, value in [*pairs, *more])
    return tensor(name, dims, rest=rest + number(14, 1))


def value(name, shape=None, kind=FLOAT):
    """ValueInfoProto: a tensor; no type at all where shape is None."""
    if shape is None:
        return text(1, name)
    dims = b"".join(text(1, number(1, d) if isinstance(d, int) else text(2, d)) for d in shape)
    return text(1, name) + text(2, text(1, number(1, kind) + text(2, dims)))


def attribute(name, value):
    """By the kind of `value`: int, float, str, ints, ("graph", bytes), ("tensor", bytes)."""
    out = text(1, name)
    if isinstance(value, int):
        return out + number(3, value) + number(20, 2)
    if isinstance(value, float):
        return out + real(2, value) + number(20, 1)
    if isinstance(value, str):
        return out + text(4, value) + number(20, 3)
    if isinstance(value, tuple):
        return out + (text(6, value[1]) + number(20, 5) if value[0] == "graph" else text(5, value[1]) + number(20, 4))
    return out + b"".join(number(8, v) for v in value) + number(20, 7)


def node(op, inputs, outputs, domain="", **attributes):
    return (b"".join(text(1, x) for x in inputs) + b"".join(text(2, y) for y in outputs) + text(4, op) +
            (text(7, domain) if domain else b"") +
            b"".join(text(5, attribute(name, v)) for name, v in attributes.items()))


def graph(nodes, inputs=(), outputs=(), constants=(), rest=b""):
    return (b"".join(text(1, n) for n in nodes) + text(2, "g") + b"".join(text(5, c) for c in constants) +
            b"".join(text(11, i) for i in inputs) + b"".join(text(12, o) for o in outputs) + rest)


def function(name, inputs, outputs, nodes, domain="f"):
    return (text(1, name) + b"".join(text(4, i) for i in inputs) + b"".join(text(5, o) for o in outputs) +
            b"".join(text(7, n) for n in nodes) + text(9, number(2, 17)) + text(9, text(1, domain) + number(2, 1)) +
            text(10, domain))


def model(body, functions=(), opsets=(("", 17), ("f", 1)), rest=b""):
    return (number(1, 8) + text(7, body) + b"".join(text(8, text(1, d) + number(2, v)) for d, v in opsets) +
            b"".join(text(25, f) for f in functions) + rest)


def one(op, operands, outputs, domain="", **attributes):
    """A model of one node. An operand is (shape, type) of an input, bytes of a constant called c0, c1, …, or None."""
    names, inputs, constants = [], [], []
    for x in operands:
        if x is None:
            names.append("")
        elif isinstance(x, bytes):
            names.append(f"c{len(constants)}")
            constants.append(x)
        else:
            names.append(f"x{len(inputs)}")
            inputs.append(value(names[-1], *x))
    ys = [f"y{i}" for i in range(len(outputs))]
    return model(graph([node(op, names, ys, domain, **attributes)], inputs,
                       [value(y, *o) for y, o in zip(ys, outputs)], constants),
                 opsets=(("", 17), (domain, 1)) if domain else (("", 17),))
