"""What the generators of random models (onnx_random.py, tflite_random.py) share: draws, and the run over numbered cases."""
import collections
import json
import os
import re
import sys


class Draws:
    """Draws from self.r, a numpy Generator."""

    def pick(self, *choices):
        return choices[int(self.r.integers(len(choices)))]

    def some(self, low, high):
        return int(self.r.integers(low, high + 1))

    def chance(self, p):
        return bool(self.r.random() < p)


def survey(options, case, peer):
    """Runs case(k), which gives (kind, operators, title, what was said), for options.count numbers from options.first on, prints what is wrong
    and a summary, and ends the program: 1 where a kind was WRONG or CRASH. `peer` can end the process it runs in: each stretch of cases has
    its own."""
    count, reasons, of = collections.Counter(), collections.Counter(), collections.Counter()
    n, end = options.first, options.first + options.count
    while n < end:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            with os.fdopen(writing, "w") as out:
                for k in range(n, end):
                    print(json.dumps([k, *case(k)]), file=out, flush=True)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as lines:
            for line in lines:
                k, kind, operators, title, words = json.loads(line)
                n = k + 1
                count[kind] += 1
                of.update(operators)
                if kind == "refused":
                    words = re.sub(r" in /\S*", "", re.sub(r'"[^"]*"', '""', words.split("error: ")[-1]))
                    reasons[re.sub(r"[0-9]+", "#", words)[:110]] += 1
                if kind in ("WRONG", "CRASH"):
                    print(f"{k} {title} {' '.join(operators)}: {kind} {words[:400]}", flush=True)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            count[f"{peer} ends"] += 1
            n += 1
    for reason, times in reasons.most_common(60):
        print(f"{times:5}  {reason}")
    print(", ".join(f"{k} {v}" for k, v in sorted(of.items())))
    print(", ".join(f"{k} {v}" for k, v in count.most_common()))
    sys.exit(1 if count["WRONG"] or count["CRASH"] else 0)
