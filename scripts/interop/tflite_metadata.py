#!/usr/bin/env python3
"""Prints as JSON what the TFLite metadata of a .tflite say (TensorFlow's Task Library, MediaPipe), with the attached labels.

Reads flatbuffers by itself, by the field numbers of TensorFlow's schema.fbs and tflite-support's metadata_schema.fbs, so that
the program's own writer is held against something else. Standard library only.

    tflite_metadata.py model.tflite
"""
import json
import struct
import sys
import zipfile


class Table:
    """A flatbuffers table at a place of a buffer; fields by their number."""

    def __init__(self, data, at):
        self.data, self.at = data, at
        self.vtable = at - struct.unpack_from("<i", data, at)[0]

    def place(self, field):
        entry = 4 + 2 * field
        if entry >= struct.unpack_from("<H", self.data, self.vtable)[0]:
            return 0
        offset = struct.unpack_from("<H", self.data, self.vtable + entry)[0]
        return self.at + offset if offset else 0

    def number(self, field, form):
        at = self.place(field)
        return struct.unpack_from("<" + form, self.data, at)[0] if at else 0

    def target(self, field):
        at = self.place(field)
        return at + struct.unpack_from("<I", self.data, at)[0] if at else 0

    def table(self, field):
        at = self.target(field)
        return Table(self.data, at) if at else None

    def vector(self, field, form):
        at = self.target(field)
        return list(struct.unpack_from(f"<{self.count(at)}{form}", self.data, at + 4)) if at else []

    def count(self, at):
        return struct.unpack_from("<I", self.data, at)[0]

    def tables(self, field):
        at = self.target(field)
        places = range(at + 4, at + 4 + 4 * self.count(at), 4) if at else []
        return [Table(self.data, p + struct.unpack_from("<I", self.data, p)[0]) for p in places]

    def text(self, field):
        return bytes(self.vector(field, "B")).decode() if self.target(field) else ""


def root(data, identifier):
    if data[4:8] != identifier:
        raise SystemExit(f"not a buffer of {identifier.decode()}")
    return Table(data, struct.unpack_from("<I", data, 0)[0])


def entry_of(path):
    data = open(path, "rb").read()
    model = root(data, b"TFL3")
    for entry in model.tables(6):  # Model.metadata
        if entry.text(0) == "TFLITE_METADATA":
            return bytes(model.tables(4)[entry.number(1, "I")].vector(0, "B"))  # Model.buffers
    raise SystemExit(f"{path} has no TFLITE_METADATA")


def tensor(t, attached):
    out = {"name": t.text(0), "description": t.text(1)}
    content = t.table(3)
    if content and content.number(0, "B") == 2:  # ImageProperties
        image = content.table(1)
        out["colours"] = ["unknown", "RGB", "GRAYSCALE"][image.number(0, "b")]
        size = image.table(1)
        out["width"], out["height"] = size.number(0, "I"), size.number(1, "I")
    for unit in t.tables(4):
        if unit.number(0, "B") == 1:  # NormalizationOptions
            out["mean"], out["std"] = unit.table(1).vector(0, "f"), unit.table(1).vector(1, "f")
    for file in t.tables(6):
        if file.number(2, "b") == 2:  # TENSOR_AXIS_LABELS
            out["labels"] = attached.read(file.text(0)).decode().splitlines()
    return out


def main():
    path = sys.argv[1]
    about = root(entry_of(path), b"M001")
    attached = zipfile.ZipFile(path) if zipfile.is_zipfile(path) else None
    graph = about.tables(3)[0]
    print(json.dumps({"name": about.text(0), "description": about.text(1), "version": about.text(2),
                      "inputs": [tensor(t, attached) for t in graph.tables(2)],
                      "outputs": [tensor(t, attached) for t in graph.tables(3)]}))


if __name__ == "__main__":
    main()
