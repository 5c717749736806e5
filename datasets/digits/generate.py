#!/usr/bin/env python3
"""Draws the 300 pictures of this folder: 30 per digit, at least five ways of writing each.

Digits are pen strokes in a unit box (x to the right, y down): lines, arcs and smooth curves through points. Each picture
takes one way of writing, bends it (jitter of the points, slant, rotation, aspect, pen pressure) and renders it as a paint
program or a phone photograph would: dark on light, any size and position, coloured ink, uneven light, noise, blur.
Everything comes from one seed; python3 with numpy and Pillow is all it needs.

    python3 generate.py [FOLDER] [SEED] [PER_DIGIT]
"""
import math
import os
import sys

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SEED = 20240217
PER_DIGIT = 30


# Strokes: lists of (x, y) control points; `curve` rounds them, `line` keeps the corners.
def curve(*points):
    return ("curve", [np.array(p, float) for p in points])


def line(*points):
    return ("line", [np.array(p, float) for p in points])


def arc(cx, cy, rx, ry, start, end, n=14):
    """Angles in degrees, 0 to the right, growing clockwise (y is down)."""
    return curve(*[(cx + rx * math.cos(math.radians(a)), cy + ry * math.sin(math.radians(a)))
                   for a in np.linspace(start, end, n)])


STYLES = {
    0: [
        [arc(.5, .5, .40, .5, -90, -450)],
        [arc(.5, .5, .27, .5, -70, -440)],
        [arc(.5, .5, .48, .48, -100, -455)],
        [arc(.5, .5, .36, .5, -60, -400), ],
        [curve((.62, .03), (.40, .0), (.15, .25), (.10, .60), (.25, .95), (.55, .98), (.82, .72), (.88, .35), (.72, .06),
               (.50, .04))],
        [curve((.5, .0), (.18, .08), (.12, .45), (.16, .88), (.5, 1.), (.84, .9), (.88, .5), (.82, .1), (.52, .0), (.40, .06))],
    ],
    1: [
        [line((.5, .0), (.5, 1.))],
        [line((.30, .20), (.54, .0), (.54, 1.))],
        [line((.28, .24), (.52, .0), (.52, 1.)), line((.25, 1.), (.80, 1.))],
        [line((.62, .0), (.40, 1.))],
        [curve((.52, .0), (.50, .30), (.51, .65), (.46, 1.))],
        [curve((.34, .22), (.46, .13), (.55, .0)), line((.55, .0), (.50, 1.))],
        [line((.33, .18), (.53, .0), (.53, .98)), line((.35, 1.), (.72, .97))],
    ],
    2: [
        [curve((.12, .25), (.25, .05), (.50, .0), (.78, .10), (.82, .32), (.65, .58), (.35, .83), (.10, 1.)),
         line((.10, 1.), (.92, .98))],
        [curve((.14, .22), (.32, .02), (.62, .0), (.82, .20), (.74, .45), (.50, .72), (.22, .94), (.10, .90), (.16, .78),
               (.34, .80), (.55, .95), (.78, 1.), (.95, .92))],
        [line((.12, .06), (.80, .02), (.14, .97), (.90, .96))],
        [curve((.10, .30), (.22, .06), (.50, .0), (.74, .10), (.80, .34), (.62, .62), (.12, .97)),
         curve((.12, .97), (.35, .90), (.60, .98), (.92, .94))],
        [curve((.18, .18), (.45, .0), (.75, .08), (.84, .28), (.70, .52), (.38, .78), (.10, .98)),
         curve((.10, .98), (.45, .95), (.80, .99), (.95, .86))],
        [curve((.20, .12), (.50, .01), (.76, .14), (.74, .40), (.48, .70), (.16, .99)), line((.16, .99), (.86, 1.))],
    ],
    3: [
        [curve((.15, .12), (.40, .0), (.72, .06), (.78, .25), (.62, .42), (.40, .47)),
         curve((.40, .47), (.70, .50), (.86, .70), (.75, .92), (.45, 1.), (.12, .90))],
        [line((.15, .03), (.80, .03), (.42, .42)),
         curve((.42, .42), (.72, .45), (.88, .66), (.78, .90), (.48, 1.), (.12, .92))],
        [curve((.18, .10), (.48, .0), (.74, .12), (.70, .34), (.48, .46), (.36, .44), (.42, .38), (.62, .46), (.82, .66),
               (.74, .92), (.44, 1.), (.14, .88))],
        [curve((.25, .08), (.48, .0), (.68, .10), (.66, .28), (.45, .40)),
         curve((.45, .40), (.78, .45), (.92, .70), (.74, .96), (.40, 1.), (.10, .86))],
        [curve((.12, .14), (.45, .0), (.80, .12), (.72, .36), (.30, .50)),
         curve((.30, .50), (.74, .54), (.84, .78), (.62, .98), (.15, .96))],
        [curve((.10, .06), (.45, .0), (.78, .14), (.64, .40), (.44, .48), (.72, .54), (.82, .76), (.60, .98), (.20, .94),
               (.10, .84))],
    ],
    4: [
        [line((.22, .02), (.12, .58), (.92, .58)), line((.70, .10), (.66, 1.))],
        [line((.66, .0), (.08, .66), (.94, .66)), line((.66, .0), (.66, 1.))],
        [curve((.20, .05), (.14, .35), (.22, .55), (.48, .60), (.78, .50)), line((.80, .04), (.72, 1.))],
        [line((.62, 1.), (.70, .02), (.10, .62), (.90, .60))],
        [line((.30, .0), (.10, .52), (.85, .50)), line((.62, .28), (.56, 1.))],
        [curve((.16, .04), (.15, .40), (.30, .56), (.60, .54), (.80, .42)), curve((.82, .02), (.80, .50), (.78, 1.))],
    ],
    5: [
        [line((.24, .03), (.18, .45)), curve((.18, .45), (.50, .36), (.84, .52), (.82, .82), (.52, 1.), (.12, .92)),
         line((.24, .03), (.82, .02))],
        [curve((.82, .04), (.45, .02), (.26, .10), (.22, .42), (.48, .42), (.78, .58), (.78, .84), (.50, 1.), (.14, .92))],
        [line((.82, .03), (.22, .03), (.20, .46)),
         curve((.20, .46), (.58, .42), (.84, .62), (.78, .90), (.45, 1.), (.14, .94))],
        [line((.28, .10), (.22, .48)), curve((.22, .48), (.56, .40), (.80, .58), (.76, .88), (.44, 1.), (.14, .90)),
         line((.30, .05), (.86, .0))],
        [line((.90, .0), (.30, .04), (.24, .50)), curve((.24, .50), (.50, .48), (.70, .62), (.68, .88), (.42, 1.), (.16, .95))],
        [line((.76, .02), (.28, .04)), curve((.28, .04), (.20, .44), (.30, .47), (.62, .46), (.82, .68), (.62, .96), (.14, .96))],
    ],
    6: [
        [curve((.66, .0), (.36, .28), (.16, .62), (.22, .90), (.50, 1.), (.78, .88), (.80, .66), (.58, .54), (.32, .62),
               (.20, .78))],
        [curve((.80, .06), (.52, .02), (.24, .26), (.12, .62), (.26, .94), (.56, 1.), (.84, .80), (.74, .56), (.46, .52),
               (.18, .70))],
        [curve((.56, .0), (.34, .35), (.22, .72), (.32, .98), (.56, .98), (.66, .80), (.52, .68), (.26, .76))],
        [curve((.74, .03), (.40, .14), (.14, .50), (.20, .88), (.50, 1.), (.82, .84), (.80, .58), (.50, .46), (.20, .60))],
        [line((.40, .0), (.22, .62)), curve((.22, .62), (.20, .88), (.46, 1.), (.76, .88), (.74, .64), (.50, .54), (.22, .66))],
        [curve((.70, .02), (.30, .30), (.14, .70), (.34, .98), (.66, .96), (.82, .74), (.62, .58), (.34, .66), (.22, .88))],
    ],
    7: [
        [line((.12, .05), (.86, .03), (.42, 1.))],
        [line((.14, .04), (.86, .04), (.44, 1.)), line((.38, .50), (.84, .47))],
        [line((.14, .22), (.16, .04), (.86, .03), (.46, 1.))],
        [line((.12, .06), (.86, .03)), curve((.86, .03), (.62, .36), (.48, .66), (.46, 1.))],
        [line((.12, .20), (.15, .04), (.84, .04), (.40, 1.)), line((.36, .52), (.80, .50))],
        [curve((.10, .12), (.30, .04), (.55, .10), (.86, .02)), curve((.86, .02), (.60, .42), (.40, 1.))],
    ],
    8: [
        [curve((.74, .12), (.50, .0), (.24, .12), (.28, .32), (.54, .48), (.80, .68), (.74, .92), (.48, 1.), (.20, .90),
               (.20, .68), (.46, .50), (.74, .34), (.76, .14), (.64, .04))],
        [arc(.5, .24, .27, .24, 90, -270), arc(.5, .74, .34, .27, -90, 270)],
        [curve((.84, .08), (.52, .0), (.24, .14), (.32, .36), (.60, .52), (.78, .74), (.60, .98), (.30, .96), (.20, .76),
               (.44, .54), (.78, .30), (.88, .06))],
        [curve((.62, .06), (.40, .02), (.30, .18), (.42, .38), (.62, .58), (.68, .84), (.48, 1.), (.32, .84), (.40, .60),
               (.60, .38), (.68, .16), (.58, .03))],
        [curve((.62, .06), (.44, .02), (.34, .16), (.46, .34), (.76, .54), (.84, .82), (.50, 1.), (.16, .84), (.22, .56),
               (.50, .36), (.68, .18), (.58, .04))],
        [arc(.52, .25, .22, .25, 60, -300), arc(.48, .74, .30, .26, -80, 285)],
    ],
    9: [
        [arc(.46, .28, .32, .28, -20, -385), line((.78, .10), (.76, 1.))],
        [curve((.78, .18), (.52, .0), (.22, .12), (.20, .40), (.46, .54), (.72, .40), (.80, .16)),
         curve((.80, .16), (.82, .60), (.70, .92), (.42, 1.), (.18, .92))],
        [curve((.82, .08), (.48, .02), (.18, .20), (.28, .46), (.58, .46), (.80, .22), (.82, .06)),
         curve((.82, .06), (.76, .50), (.66, 1.))],
        [arc(.48, .27, .28, .27, 0, -360), line((.76, .27), (.50, 1.))],
        [arc(.50, .20, .22, .20, -10, -370), curve((.72, .16), (.72, .50), (.66, 1.))],
        [curve((.74, .22), (.60, .02), (.28, .04), (.18, .32), (.40, .50), (.70, .36), (.76, .10), (.78, .55), (.74, 1.))],
    ],
}


def sample_stroke(kind, points, n=60):
    """Dense points along the stroke: straight pieces, or a centripetal-like Catmull-Rom spline."""
    p = np.array(points)
    if kind == "line":
        pieces = [np.linspace(a, b, max(4, int(n * np.hypot(*(b - a))))) for a, b in zip(p[:-1], p[1:])]
        return np.concatenate(pieces)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, 1, 16, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:]):
        pieces.append(.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    pieces.append(p[-2:-1])
    return np.concatenate(pieces)


def write_digit(rng, digit, style):
    """Strokes in a box of height 1 about the origin, as [(points, pressure)]."""
    strokes = []
    knots = {}
    for kind, points in STYLES[digit][style]:
        moved = []
        for q in points:
            key = (round(q[0], 3), round(q[1], 3))  # strokes that meet stay joined
            if key not in knots:
                knots[key] = q + rng.normal(0, .018, 2)
            moved.append(knots[key])
        if rng.rand() < .3:  # pen set down early or lifted late
            end = moved[-1] - moved[-2]
            moved[-1] = moved[-1] + end * rng.uniform(-.12, .15)
        strokes.append((kind, moved))
    aspect = rng.uniform(.58, .92)
    slant = rng.normal(.10, .14)
    turn = math.radians(rng.normal(0, 4))
    out = []
    for kind, points in strokes:
        path = sample_stroke(kind, points)
        path = (path - .5) * [aspect, 1.]
        path[:, 0] -= np.clip(slant, -.3, .45) * path[:, 1]
        rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        path = path @ rotation.T
        # The hand trembles slowly: a few random sines along the stroke.
        s = np.linspace(0, 1, len(path))
        for _ in range(2):
            f, phase = rng.uniform(1, 5), rng.uniform(0, 2 * math.pi, 2)
            path = path + rng.uniform(0, .010) * np.stack([np.sin(2 * math.pi * f * s + phase[0]),
                                                           np.sin(2 * math.pi * f * s + phase[1])], 1)
        f, phase = rng.uniform(.4, 1.6), rng.uniform(0, 6.28)
        pressure = 1 + rng.uniform(0, .22) * np.sin(2 * math.pi * f * s + phase)
        out.append((path, pressure))
    return out


def draw_ink(strokes, width, height, scale, centre, thickness, crisp):
    """Coverage 0 … 1 of the ink, drawn four times too large and averaged (crisp: no smoothing, as a pixel pen)."""
    k = 1 if crisp else 4
    canvas = Image.new("L", (width * k, height * k), 0)
    draw = ImageDraw.Draw(canvas)
    for path, pressure in strokes:
        xy = (path * scale + centre) * k
        previous = None
        for (x, y), w in zip(xy, pressure * thickness * k / 2):
            r = max(w, .5)
            if previous is not None:
                steps = int(max(abs(x - previous[0]), abs(y - previous[1])) / max(r * .5, .5)) + 1
                for t in np.linspace(0, 1, steps + 1)[1:]:
                    px, py = previous[0] + (x - previous[0]) * t, previous[1] + (y - previous[1]) * t
                    draw.ellipse([px - r, py - r, px + r, py + r], fill=255)
            previous = (x, y)
    if k > 1:
        canvas = canvas.resize((width, height), Image.BOX)
    return np.asarray(canvas, np.float32) / 255


INKS = [(10, 10, 14), (20, 24, 30), (25, 35, 110), (30, 60, 150), (120, 20, 25), (20, 90, 45), (60, 60, 60), (70, 20, 90)]


def place(rng, width, height, strokes, fill, pen):
    """Pixels per unit and where the origin goes: the whole digit lies inside the picture. `pen` is its width in units."""
    points = np.concatenate([path for path, _ in strokes])
    low, high = points.min(0) - .65 * pen, points.max(0) + .65 * pen
    size = fill * min(height / (high - low)[1], width / (high - low)[0])
    room = np.array([width, height]) - size * (high - low)
    return size, room * (.5 + .5 * rng.uniform(-.92, .92, 2)) - size * low


def paint_picture(rng, digit, style):
    """As a paint program saves it: an even background, ink of one colour."""
    side = int(round(math.exp(rng.uniform(math.log(40), math.log(400)))))
    width, height = int(side * rng.choice([1, 1, 1, .75, 1.3])), side
    strokes = write_digit(rng, digit, style)
    pen = rng.choice([.03, .06, .09, .12, .15]) * rng.uniform(.85, 1.15)
    size, centre = place(rng, width, height, strokes, rng.uniform(.45, .92), pen)
    thickness = max(1., size * pen)
    crisp = rng.rand() < .25
    ink = draw_ink(strokes, width, height, size, centre, thickness, crisp)
    colour = np.array(INKS[rng.randint(len(INKS))] if rng.rand() < .5 else (0, 0, 0), np.float32)
    kind = rng.rand()
    if kind < .12:  # transparent background
        rgba = np.zeros((height, width, 4), np.uint8)
        rgba[..., :3] = colour
        rgba[..., 3] = np.round(ink * 255)
        return Image.fromarray(rgba, "RGBA")
    paper = np.full(3, 255., np.float32) if rng.rand() < .75 else rng.uniform(225, 255, 3).astype(np.float32)
    rgb = paper + ink[..., None] * (colour - paper)
    image = Image.fromarray(np.clip(np.round(rgb), 0, 255).astype(np.uint8), "RGB")
    return image.convert("L") if kind < .35 else image


def photo_picture(rng, digit, style):
    """As a phone photographs paper: uneven light, a shadow, tinted paper, noise, blur; now and then faint ruled lines."""
    side = int(round(math.exp(rng.uniform(math.log(56), math.log(230)))))
    width, height = int(side * rng.choice([1, .75, 1.33])), side
    strokes = write_digit(rng, digit, style)
    pen = rng.uniform(.035, .13)
    size, centre = place(rng, width, height, strokes, rng.uniform(.40, .84), pen)
    thickness = max(1.3, size * pen)
    ink = draw_ink(strokes, width, height, size, centre, thickness, False)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = x / width - .5, y / height - .5
    angle, strength = rng.uniform(0, 2 * math.pi), rng.uniform(0, .42)
    light = 1 + strength * (u * math.cos(angle) + v * math.sin(angle)) - rng.uniform(0, .35) * (u * u + v * v)
    if rng.rand() < .3:  # the soft edge of a shadow
        a, at = rng.uniform(0, 2 * math.pi), rng.uniform(-.45, .45)
        light *= 1 - rng.uniform(.06, .25) / (1 + np.exp(-(u * math.cos(a) + v * math.sin(a) - at) * rng.uniform(8, 30)))
    # The pen covers unevenly.
    grain = np.asarray(Image.fromarray((rng.rand(height // 3 + 2, width // 3 + 2) * 255).astype(np.uint8)).resize(
        (width, height), Image.BICUBIC), np.float32) / 255
    cover = ink * (rng.uniform(.72, 1) - rng.uniform(0, .2) * grain)
    paper = rng.uniform(165, 245) * np.array([1, rng.uniform(.95, 1), rng.uniform(.86, 1)], np.float32)
    sheet = np.ones((height, width, 1), np.float32) * paper
    if rng.rand() < .08:
        pitch, offset = size * rng.uniform(.5, 1.1), rng.uniform(0, size)
        rule = np.maximum(0, 1 - np.abs((y + offset) % pitch - pitch / 2))
        sheet -= rule[..., None] * np.array([22, 14, 6], np.float32)
    colour = np.array(INKS[rng.randint(len(INKS))], np.float32) + rng.uniform(0, 40)
    rgb = (sheet + cover[..., None] * (colour - sheet)) * light[..., None]
    image = Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8), "RGB")
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(.2, .008 * side + .5)))
    noisy = np.asarray(image, np.float32) + rng.normal(0, rng.uniform(.5, 6), (height, width, 1))
    noisy = np.clip(np.round(noisy / 4) * 4, 0, 255).astype(np.uint8)  # 64 levels keep the files small
    image = Image.fromarray(noisy, "RGB")
    return image.convert("L") if rng.rand() < .7 or side > 150 else image


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    each = int(sys.argv[3]) if len(sys.argv) > 3 else PER_DIGIT
    os.makedirs(folder, exist_ok=True)
    for digit in range(10):
        for i in range(each):
            rng = np.random.RandomState([seed, digit, i])  # the legacy generator: its numbers never change
            make = paint_picture if i % 2 == 0 else photo_picture
            style = (i // 2 + i % 2) % len(STYLES[digit])  # every style both painted and photographed
            make(rng, digit, style).save(os.path.join(folder, f"{digit}_{i:02d}.png"), optimize=True)


if __name__ == "__main__":
    main()
