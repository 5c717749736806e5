#!/usr/bin/env python3
"""The lossless table: what `thimble squeeze` takes out of the four int8 models of MLPerf Tiny, and what it cannot.

    studies/squeeze_mlperf_tiny.py [--preset ci] [--out DIR] [--program thimble]

Each model is squeezed to a .tflite that stock runtimes run, and to a packed .thim; each result is run beside the original
on 1,000 random inputs (20 with --preset ci) and written only if every output is identical, bit for bit. Writes
DIR/results.md, DIR/results.json and DIR/models. Exit status 5 if a limit stated below is missed. Standard library only.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys

REPO = pathlib.Path(__file__).resolve().parent.parent
MODELS = REPO / "tests/models/mlperf-tiny"


# Name, file, and what the results may be at most.
TASKS = [
    ("visual wake words", "vww_96_int8", {"bytes": 100_000, "packed": 55_000, "macs": 4_300_000}),
    ("keyword spotting", "kws_ref_model", {"bytes": 0.70 * 53_936}),
    ("ResNet-8", "pretrainedResnet_quant", {"bytes": 0.90 * 98_496}),
    ("anomaly detection", "ad01_int8", {"bytes": 276_976}),
]
PARTS = {
    "data": "weights", "scales": "scales", "zero_points": "zero points", "min_max": "min and max", "names": "names", "shapes": "shapes",
    "metadata": "metadata", "attached": "attached files", "duplicate_buffers": "buffers stored twice",
    "unused_buffers": "buffers that nothing reads", "structure": "tables and operators",
}


def squeezed(program, model, out, runs):
    done = subprocess.run([program, "squeeze", model, "-o", out, "--verify", str(runs), "--threads", "1", "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr, file=sys.stderr)
        sys.exit(done.returncode)
    return json.loads(done.stdout)


def measure(task, file, limits, program, out, runs):
    model = MODELS / f"{file}.tflite"
    flat = squeezed(program, model, out / f"models/{file}.tflite", runs)
    packed = squeezed(program, model, out / f"models/{file}.thim", runs)
    row = {
        "task": task, "file": f"{file}.tflite", "bytes_before": flat["bytes_before"], "bytes": flat["bytes"], "packed": packed["bytes"],
        "macs_before": flat["macs_before"], "macs": flat["macs"], "channels_removed": flat["channels_removed"],
        "runs": min(flat["proof"]["runs"], packed["proof"]["runs"]), "parts": flat["parts"],
        "layers": [l for l in flat["layers"] if l["constant"] + l["unread"] > 0],
    }
    row["missed"] = [f"{key} {row[key]:,}, at most {limit:,.0f}" for key, limit in limits.items() if row[key] > limit]
    return row


def table(rows):
    lines = [
        "| model | bytes | squeezed `.tflite` | packed `.thim` | multiply-accumulates | identical outputs |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for r in rows:
        less = 1 - r["bytes"] / r["bytes_before"]
        macs = f"{r['macs_before']:,}" + (f" → {r['macs']:,}" if r["macs"] != r["macs_before"] else "")
        lines.append(f"| {r['task']}, `{r['file']}` | {r['bytes_before']:,} | {r['bytes']:,} (−{less:.1%}) | {r['packed']:,} | {macs} | {r['runs']:,} inputs |")
    lines += ["", "What went, in bytes of the `.tflite` before → after, and why the rest stays:", ""]
    lines += ["| part | " + " | ".join(r["task"] for r in rows) + " | what is left |", "|---|" + "--:|" * len(rows) + "---|"]
    for part, name in PARTS.items():
        cells = [next(p for p in r["parts"] if p["part"] == part) for r in rows]
        if any(c["before"] for c in cells):
            whys = sorted({c["why"].removeprefix("what is left ") for c in cells if c["why"]} - {"gone"}) or ["nothing"]
            numbers = " | ".join(f"{c['before']:,} → {c['after']:,}" if c["before"] != c["after"] else f"{c['after']:,}" for c in cells)
            lines.append(f"| {name} | {numbers} | {'; '.join(whys)} |")
    for r in rows:
        constant, unread = (sum(l[k] for l in r["layers"]) for k in ("constant", "unread"))
        name = r["task"][0].upper() + r["task"][1:]
        if r["channels_removed"]:
            lines += ["", f"{name}: {r['channels_removed']} channels went. {constant} hold one number for every input, which moved into biases; whatever "
                      f"reads the other {unread} multiplies them by zero. Channels of those layers: "
                      + ", ".join(f"{l['before']} → {l['after']}" for l in r["layers"]) + "."]
        else:
            lines += ["", f"{name}: no channel is constant or multiplied by zero, so all multiply-accumulates stay."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=["full", "ci"], default="full", help="ci: 20 inputs in place of 1,000")
    parser.add_argument("--out", default="out/squeeze_mlperf_tiny", metavar="DIR")
    parser.add_argument("--program", default="", help="default: thimble in PATH, then build/release/thimble")
    options = parser.parse_args()
    program = options.program or shutil.which("thimble") or str(REPO / "build/release/thimble")
    if not shutil.which(program):
        print(f"squeeze_mlperf_tiny: {program} is not there: build it with make build, or name it with --program", file=sys.stderr)
        return 2
    out, runs = pathlib.Path(options.out), 20 if options.preset == "ci" else 1000
    (out / "models").mkdir(parents=True, exist_ok=True)
    rows = [measure(*task, program, out, runs) for task in TASKS]
    text = table(rows)
    (out / "results.md").write_text(text)
    (out / "results.json").write_text(json.dumps({"schema": "thimble.squeeze_mlperf_tiny/1", "models": rows}, indent=1) + "\n")
    print(text)
    for row in rows:
        for what in row["missed"]:
            print(f"missed: {row['task']}: {what}", file=sys.stderr)
    return 5 if any(row["missed"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
