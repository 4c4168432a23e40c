"""Runs the work of the lesson in `support` and in its peers, in turns, and writes the medians to RESULTS.md:
python compare.py [--rounds N] [--csv FILE]. Without a file it takes the built-in synthetic set.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LIBRARIES = ["support", "Keras", "burn", "candle", "ndarray", "pandas", "scikit-learn"]
ROWS = {
    "epoch_bare_1t": "one bare epoch, one thread",
    "epoch_bare_1t_shortest": "the shortest of them",
    "epoch_bare": "one bare epoch, all threads",
    "epoch_full": "one epoch with 11 metrics on training and validation set",
    "resampled_epoch_278": "an oversampled epoch of 278 batches",
    "short_epoch_20": "an oversampled epoch of 20 batches",
    "predict_all": "predict the training set",
    "load_csv": "load the CSV",
    "curves": "ROC and precision-recall curve",
}


def run(command, folder=ROOT, **variables):
    """The last line that a program prints, as JSON."""
    environment = os.environ | variables
    done = subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def one_round(file):
    """What each library took for each kind of work, and the losses of its bare epochs."""
    ours = run(["cargo", "run", "--quiet", "--release", "-p", "support", "--example", "timing", "--", "--csv", file])
    one = run(["cargo", "run", "--quiet", "--release", "--", file], HERE, RAYON_NUM_THREADS="1")
    all_threads = run(["cargo", "run", "--quiet", "--release", "--", file], HERE)
    python = run([sys.executable, "keras_lesson.py", file], HERE)
    for library, values in one.items():
        shortest = {"epoch_bare_1t_shortest": values["shortest"]}
        yield library, {"epoch_bare_1t": values["epoch_bare"], "losses": values["losses"]} | shortest
    for library, values in all_threads.items():
        yield library, {"epoch_bare": values["epoch_bare"]}
    yield from python.items()
    # Bare epochs are compared where they run in turns.
    yield "support", {work: time for work, time in ours.items() if not work.startswith("epoch_bare")}


def medians(file, rounds):
    """{work: {library: milliseconds}}, and the losses of each library in the last round."""
    times, losses = defaultdict(lambda: defaultdict(list)), {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for library, values in one_round(file):
            losses |= {library: values["losses"]} if "losses" in values else {}
            for work in ROWS.keys() & values.keys():
                times[work][library].append(values[work])
    result = {work: {library: statistics.median(runs) for library, runs in times[work].items()} for work in times}
    return result, losses


def milliseconds(value):
    return f"{value / 1e3:.1f} s" if value >= 1e4 else f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms"


def table(result):
    """Markdown: each peer's time, and how many times ours it is."""
    yield "| | " + " | ".join(LIBRARIES) + " |"
    yield "|---" + "|---:" * len(LIBRARIES) + "|"
    for work, name in ROWS.items():
        cells = []
        for library in LIBRARIES:
            time, ours = (result.get(work, {}).get(key) for key in (library, "support"))
            ratio = f" ({time / ours:.1f}×)" if time and ours and library != "support" else ""
            cells.append(milliseconds(time) + ratio if time else "")
        yield f"| {name} | " + " | ".join(cells) + " |"


def versions():
    lock = tomllib.loads((HERE / "Cargo.lock").read_text())
    crates = {package["name"]: package["version"] for package in lock["package"] if package["name"] != "ndarray"}
    manifest = tomllib.loads((HERE / "Cargo.toml").read_text())
    rustc = subprocess.run(["rustc", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[1]
    names = [("Rust", rustc), ("burn", crates["burn"] + " (flex backend)"), ("candle", crates["candle-core"])]
    names += [("ndarray", manifest["dependencies"]["ndarray"]), ("Python", platform.python_version())]
    names += [("Keras", version("keras")), ("TensorFlow", version("tensorflow-cpu"))]
    names += [(name, version(name)) for name in ("pandas", "scikit-learn", "numpy")]
    return ", ".join(" ".join(name) for name in names)


def machine():
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{models[0].split(':')[1].strip()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def report(result, losses, rounds):
    yield "# Times beside those of other libraries\n"
    rounds = "one round" if rounds == 1 else f"{rounds} rounds"
    yield f"Written by `compare.py`: medians of {rounds}, in brackets the ratio to `support`. [README](README.md) says"
    yield "what is measured.\n"
    yield from table(result)
    load = os.getloadavg()[1] / os.cpu_count()
    busy = f" The machine was busy with other work too (load average {load:.1f} for each core)." if load > 1.5 else ""
    yield f"\n{machine()}. {versions()}.{busy}\n"
    yield "The mean loss of the first bare epochs on the training set, with dropout on:\n"
    shown = 6
    yield "| | " + " | ".join(f"epoch {epoch + 1}" for epoch in range(shown)) + " |"
    yield "|---" + "|---:" * shown + "|"
    for library in (library for library in LIBRARIES if library in losses):
        yield f"| {library} | " + " | ".join(f"{loss:.5f}" for loss in losses[library][:shown]) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--csv", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = arguments.csv and arguments.csv.resolve()
        if file is None:
            file = Path(folder) / "creditcard.csv"
            example = ["cargo", "run", "--release", "-p", "support", "--example", "synthetic_csv", "--", file]
            subprocess.run(example, cwd=ROOT, check=True, stdout=sys.stderr)
        lines = report(*medians(file, arguments.rounds), arguments.rounds)
        (HERE / "RESULTS.md").write_text("\n".join(lines) + "\n")
    print((HERE / "RESULTS.md").read_text())


main()
