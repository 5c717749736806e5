#!/usr/bin/env python3
"""Writes tests/cases/found: tiny models that find things in pictures, and pictures in which they do.

  detector.tflite   [1, 2, 2, 3] → TFLite_Detection_PostProcess: the four quarters of the picture are its boxes, red, green and
                    blue of each are the scores of three classes. The outputs stand in another order than the operator's, and
                    TFLite's metadata names them, with colours.txt (its first line is for the background) and a threshold of 0.6.
  located.tflite    [1, 2, 2, 3] → boxes without that operator, which the metadata calls location: centre and size, in pixels
                    of the input, height before width. One box, from the upper left pixel alone.
  segments.tflite   [1, 2, 4, 3] → softmax over red, green and blue of each pixel.
  classes.tflite    [1, 2, 4, 3] → the same as numbers of classes (ARG_MAX), [1, 2, 4] int64.
  mask.tflite       [1, 2, 4, 3] → one sigmoid for each pixel: is it red?
  logits.tflite     [1, 2, 4, 3] → ten times the picture: numbers that nothing calls classes.
  points.tflite     [1, 2, 2, 3] → 17 key points [1, 1, 17, 3] of a figure that stands; the right ankle is not seen.
  corner.png        40 × 20, dark, the upper right quarter red, the lower left one blue
  turned.jpg        20 × 40 stored, the same picture after EXIF's quarter turn (orientation 6)

Needs the Python environment of `make interop`, and Pillow.
"""
import argparse
import io
import os
import zipfile

import flatbuffers
import numpy as np
from flatbuffers import flexbuffers
from PIL import Image

from tflite_builder import TfliteBuilder, fb

HERE = os.path.dirname(os.path.abspath(__file__))


def vector(b, offsets):
    b.StartVector(4, len(offsets), 4)
    for o in reversed(offsets):
        b.PrependUOffsetTRelative(o)
    return b.EndVector()


def table(b, slots):
    """slots: (field, kind, value), kind one of offset, int8, uint8, float32."""
    b.StartObject(max(field for field, _, _ in slots) + 1)
    for field, kind, value in slots:
        if kind == "offset":
            b.PrependUOffsetTRelativeSlot(field, value, 0)
        else:
            getattr(b, f"Prepend{kind.capitalize()}Slot")(field, value, 0)
    return b.EndObject()


def metadata(outputs):
    """Metadata of metadata_schema.fbs for a model of one input: `outputs` are dictionaries with name, and labels (a file and
    its kind, 2 of an axis, 3 of values), threshold, box (index, type, coordinates)."""
    b = flatbuffers.Builder(512)
    tensors = []
    for o in outputs:
        slots = [(0, "offset", b.CreateString(o["name"]))]
        if "labels" in o:
            file, kind = o["labels"]
            file = table(b, [(0, "offset", b.CreateString(file)), (2, "Int8", kind)])
            slots.append((6, "offset", vector(b, [file])))
        if "threshold" in o:
            options = table(b, [(0, "Float32", o["threshold"])])
            slots.append((4, "offset", vector(b, [table(b, [(0, "Uint8", 3), (1, "offset", options)])])))
        if "box" in o:
            index, kind, coordinates = o["box"]
            index = b.CreateNumpyVector(np.asarray(index, np.uint32))
            box = table(b, [(0, "offset", index), (1, "Int8", kind), (2, "Int8", coordinates)])
            content = table(b, [(0, "Uint8", 3), (1, "offset", box)])
            slots.append((3, "offset", content))
        tensors.append(table(b, slots))
    outs = vector(b, tensors)
    ins = vector(b, [table(b, [(0, "offset", b.CreateString("image"))])])
    graph = table(b, [(2, "offset", ins), (3, "offset", outs)])
    b.Finish(table(b, [(0, "offset", b.CreateString("found")), (3, "offset", vector(b, [graph]))]), b"M001")
    return bytes(b.Output())


def with_metadata(m, outputs, files):
    entry, buffer = fb.MetadataT(), fb.BufferT()
    buffer.data = np.frombuffer(metadata(outputs), np.uint8)
    m.model.buffers.append(buffer)
    entry.name, entry.buffer = "TFLITE_METADATA", len(m.model.buffers) - 1
    m.model.metadata = [entry]
    archive = io.BytesIO()
    archive.write(m.bytes())
    with zipfile.ZipFile(archive, "a") as z:
        for name, text in files.items():
            z.writestr(zipfile.ZipInfo(name), text)
    return archive.getvalue()


def detector():
    m = TfliteBuilder()
    x = m.input((1, 2, 2, 3), np.float32, name="image")
    scores = m.tensor((1, 4, 3), np.float32)
    m.op("RESHAPE", [x, m.const(np.array([1, 4, 3], np.int32))], [scores], "ReshapeOptions", newShape=[1, 4, 3])
    anchors = [[0.25, 0.25, 0.5, 0.5], [0.25, 0.75, 0.5, 0.5], [0.75, 0.25, 0.5, 0.5], [0.75, 0.75, 0.5, 0.5]]
    options = flexbuffers.Builder()
    with options.Map():
        for key, value in (("max_detections", 6), ("max_classes_per_detection", 1), ("num_classes", 3)):
            options.Int(key, value)
        options.Bool("use_regular_nms", False)
        for key, value in (("nms_score_threshold", 0.3), ("nms_iou_threshold", 0.6), ("y_scale", 10), ("x_scale", 10),
                           ("h_scale", 5), ("w_scale", 5)):
            options.Float(key, value)
    found = {"scores": m.output((1, 6), np.float32, name="a"), "count": m.output((1,), np.float32, name="b"),
             "boxes": m.output((1, 6, 4), np.float32, name="c"), "classes": m.output((1, 6), np.float32, name="d")}
    inputs = [m.const(np.zeros((1, 4, 4), np.float32)), scores, m.const(np.array(anchors, np.float32))]
    m.op("CUSTOM", inputs, [found[k] for k in ("boxes", "classes", "scores", "count")],
         custom=("TFLite_Detection_PostProcess", bytes(options.Finish())))
    return with_metadata(m, [{"name": "score", "threshold": 0.6}, {"name": "number of detections"},
                             {"name": "location", "box": ([1, 0, 3, 2], 1, 0)},
                             {"name": "category", "labels": ("colours.txt", 3)}],
                         {"colours.txt": "???\nred\ngreen\nblue\n"})


def located():
    """Of the upper left pixel: centre y = red, centre x = 2 · green, height 1, width 0.5 pixels; the score is blue."""
    m = TfliteBuilder()
    x = m.input((1, 2, 2, 3), np.float32, name="image")
    pixel = m.tensor((1, 1, 3), np.float32)
    first = m.tensor((1, 1, 1, 3), np.float32)
    m.op("SLICE", [x, m.const(np.array([0, 0, 0, 0], np.int32)), m.const(np.array([1, 1, 1, 3], np.int32))], [first],
         "SliceOptions")
    m.op("RESHAPE", [first, m.const(np.array([1, 1, 3], np.int32))], [pixel], "ReshapeOptions", newShape=[1, 1, 3])
    matrix = np.array([[1, 0, 0], [0, 2, 0], [0, 0, 0], [0, 0, 0]], np.float32)
    places = m.output((1, 1, 4), np.float32, name="places")
    m.op("FULLY_CONNECTED", [pixel, m.const(matrix), m.const(np.array([0, 0, 1, 0.5], np.float32))], [places],
         "FullyConnectedOptions", keepNumDims=True)
    scores = m.output((1, 1), np.float32, name="sure")
    two = m.tensor((1, 3), np.float32)
    m.op("RESHAPE", [first, m.const(np.array([1, 3], np.int32))], [two], "ReshapeOptions", newShape=[1, 3])
    m.op("FULLY_CONNECTED", [two, m.const(np.array([[0, 0, 1]], np.float32)), -1], [scores], "FullyConnectedOptions")
    return with_metadata(m, [{"name": "location", "box": ([1, 0, 3, 2], 3, 1)}, {"name": "score"}], {"unused.txt": "-\n"})


def per_pixel(kind):
    m = TfliteBuilder()
    x = m.input((1, 2, 4, 3), np.float32, name="image")
    ten = m.const(np.array([10], np.float32))
    logits = (m.output if kind == "logits" else m.tensor)((1, 2, 4, 3), np.float32)
    m.op("MUL", [x, ten], [logits], "MulOptions")
    if kind == "segments":
        m.op("SOFTMAX", [logits], [m.output((1, 2, 4, 3), np.float32)], "SoftmaxOptions", beta=1.0)
    if kind == "classes":
        m.op("ARG_MAX", [logits, m.const(np.array(3, np.int32))], [m.output((1, 2, 4), np.int64)], "ArgMaxOptions",
             outputType=fb.TensorType.INT64)
    if kind == "mask":
        red = m.tensor((1, 2, 4, 1), np.float32)
        m.op("CONV_2D", [logits, m.const(np.array([2, 0, 0], np.float32).reshape(1, 1, 1, 3)),
                         m.const(np.array([-10], np.float32))], [red], "Conv2DOptions", strideH=1, strideW=1,
             dilationHFactor=1, dilationWFactor=1)
        m.op("LOGISTIC", [red], [m.output((1, 2, 4, 1), np.float32)])
    return m.bytes()


FIGURE = [(.10, .50), (.07, .53), (.07, .47), (.08, .57), (.08, .43), (.25, .65), (.25, .35), (.40, .75), (.40, .25),
          (.55, .80), (.55, .20), (.55, .60), (.55, .40), (.75, .60), (.75, .40), (.95, .60), (.95, .40)]


def points():
    m = TfliteBuilder()
    x = m.input((1, 2, 2, 3), np.float32, name="image")
    mean, none = m.tensor((1, 1, 1, 3), np.float32), m.tensor((1, 1, 1, 3), np.float32)
    m.op("MEAN", [x, m.const(np.array([1, 2], np.int32))], [mean], "ReducerOptions", keepDims=True)
    m.op("MUL", [mean, m.const(np.array([1e-9], np.float32))], [none], "MulOptions")
    figure = np.array([[y, x, 0.1 if i == 16 else 0.9] for i, (y, x) in enumerate(FIGURE)], np.float32)
    m.op("ADD", [none, m.const(figure.reshape(1, 1, 17, 3))], [m.output((1, 1, 17, 3), np.float32)], "AddOptions")
    return m.bytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=os.path.join(HERE, "../../tests/cases/found"))
    out = parser.parse_args().out
    os.makedirs(out, exist_ok=True)
    models = {"detector": detector(), "located": located(), "points": points()}
    models.update({kind: per_pixel(kind) for kind in ("segments", "classes", "mask", "logits")})
    for name, data in models.items():
        with open(os.path.join(out, name + ".tflite"), "wb") as f:
            f.write(data)
    pixels = np.full((20, 40, 3), 20, np.uint8)
    pixels[:10, 20:] = 250, 10, 10
    pixels[10:, :20] = 10, 10, 250
    picture = Image.fromarray(pixels)
    picture.save(os.path.join(out, "corner.png"), optimize=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise: stored turned the other way
    picture.transpose(Image.Transpose.ROTATE_90).save(os.path.join(out, "turned.jpg"), quality=95, subsampling=0, exif=exif)


if __name__ == "__main__":
    main()
