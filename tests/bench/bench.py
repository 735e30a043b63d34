#!/usr/bin/python3
"""bench.py LIBRARY OUT.tsv [NAME...]: the book's fast parts beside their peers.

Ours and the peers are called in turn, in one process that measures the limits
too; a time is the median of the rounds.  All is measured again on another BLAS,
and a peer's best counts.  Without NAMEs every case is run, else those that
begin so.

What is measured is in cases.py.
"""
import ctypes
import ctypes.util
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time


numpy, torch = (importlib.util.find_spec(name) and importlib.import_module(name)
                for name in ("numpy", "torch"))
ROUNDS, FEW = 15, 5  # few where a call takes long
COLUMNS = ("name", "threads", "unit", "ours", "peer", "best peer", "ratio",
           "limit", "share [%]")
# A peer's temporary arrays keep their memory: fresh pages are not its work.
KEEP = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32),
        "MALLOC_TRIM_THRESHOLD_": str(1 << 34)}
BLIS = "/usr/lib/x86_64-linux-gnu/blis-openmp/libblas.so.3"


class Bench:
    """The library, the limits, and the results so far."""

    def __init__(self, path, only, setup, count):
        self.path, self.ours = path, ctypes.CDLL(path)
        self.ours.most_flops.restype = ctypes.c_double
        self.ours.most_bytes.restype = ctypes.c_double
        self.ours.farthest.restype = ctypes.c_double
        self.only, self.setup, self.count = only, setup, count
        self.openblas = None
        if not setup and ctypes.util.find_library("openblas"):
            self.openblas = ctypes.CDLL("libopenblas.so.0")
        self.most = os.cpu_count()
        self.bandwidth = {}

    def use_threads(self, count):
        """The same number of threads for ours and for every peer."""
        self.ours.use_threads(count)
        if torch:
            torch.set_num_threads(count)
        if self.openblas:
            self.openblas.openblas_set_num_threads(count)

    def floats(self, n, normal=True):
        """An array of n floats, aligned, for ctypes."""
        raw = ctypes.create_string_buffer(4 * n + 64)
        array = (ctypes.c_float * n).from_buffer(raw,
                                                 -ctypes.addressof(raw) % 64)
        if normal:
            self.ours.fill_normals(ctypes.c_int64(n), array)
        return array

    def tensor(self, array, *shape):
        return torch.frombuffer(array, dtype=torch.float32).reshape(shape)

    def matrix(self, array, *shape):
        return numpy.frombuffer(array, dtype=numpy.float32).reshape(shape)

    def seconds_of(self, flops=0, bytes=0, threads=1):
        """The least time that peak and memory allow for this much work."""
        peak = self.ours.most_flops(threads)
        if bytes and threads not in self.bandwidth:
            self.bandwidth[threads] = self.ours.most_bytes(threads)
        return max(flops / peak,
                   bytes / self.bandwidth[threads] if bytes else 0)

    def wants(self, name, threads):
        """Is the case asked for, and can it run in this process?"""
        return (self.count in (0, threads) and
                (not self.only or any(map(name.startswith, self.only))))

    def case(self, name, threads, ours, peers, work, unit, limit, same=None):
        """One line.  `ours` and the values of `peers` are called without
        arguments; `work` per second is what is shown, or milliseconds if it is
        None; `limit` gives the least time; `same`: our output, the peers', and
        by how much they may differ."""
        if not self.wants(name, threads):
            return
        self.use_threads(threads)
        calls = {"": ours, **peers}
        for call in calls.values():
            call()
        for output in same[1] if same else []:
            off = self.ours.farthest(ctypes.c_int64(len(output)), same[0],
                                     output)
            if not off <= same[2]:
                sys.exit(f"bench: {name}: ours and a peer differ by {off:g}")
        self.report(name, threads, unit, measure(calls, threads),
                    (lambda t: work / t) if work else (lambda t: 1e3 * t),
                    limit())

    def report(self, name, threads, unit, times, show, least):
        """One line from the times of ours, by the name "", and of the peers."""
        mine = times.pop("")
        peer = min(times, key=times.get) if times else ""
        blas = self.setup if peer in ("torch", "numpy") else ""
        print(json.dumps(dict(zip(COLUMNS, (
            name, threads, unit, show(mine),
            show(times[peer]) if peer else None, peer + blas,
            times[peer] / mine if peer else None, show(least),
            100 * least / mine)))), flush=True)


def measure(calls, threads):
    """The median time of each, called in turn, after a call to wake it."""
    repeat, times, rounds = {}, {k: [] for k in calls}, ROUNDS
    for k, call in calls.items():
        start = time.perf_counter()
        call()
        once = time.perf_counter() - start
        repeat[k] = int(2e-3 / once) + 1
        rounds = FEW if once > 0.3 else rounds
    for _ in range(rounds):
        for k, call in calls.items():
            if threads > 1:
                time.sleep(0.02)  # the last one's threads go to sleep
            call()
            start = time.perf_counter()
            for _ in range(repeat[k]):
                call()
            times[k].append((time.perf_counter() - start) / repeat[k])
    return {k: statistics.median(t) for k, t in times.items()}


def run_cases(path, only, setup, count):
    bench = Bench(path, only, setup, count)
    for case in importlib.import_module("cases").CASES:
        case(bench)


def text(x):
    if isinstance(x, float):
        return f"{x:.3g}" if x < 100 else f"{x:.0f}"
    return "-" if x is None else str(x)


def main(path, out, *only):
    """Runs every setup in a process of its own and keeps the peer's best."""
    setups = [("", 0, {})]
    if (torch or numpy) and os.path.exists(BLIS):
        # Its number of threads is read once, at the start.
        setups += [(" on BLIS", n, {"LD_PRELOAD": BLIS,
                                    "BLIS_NUM_THREADS": str(n)})
                   for n in sorted({1, os.cpu_count()})]
    lines = {}
    for setup, count, environment in setups:
        child = subprocess.run(
            [sys.executable, __file__, "--cases", setup, str(count), path,
             *only],
            env={**os.environ, **KEEP, **environment}, stdout=subprocess.PIPE)
        if child.returncode:
            sys.exit(child.returncode)
        for line in map(json.loads, child.stdout.splitlines()):
            key = line["name"], line["threads"]
            old = lines.setdefault(key, line)
            if line["peer"] and line["ratio"] < (old["ratio"] or 1e9):
                lines[key] = line
    table = [[line[c] for c in COLUMNS] for line in lines.values()]
    with open(out, "w") as file:
        for row in [COLUMNS, *table]:
            print(*("-" if x is None else x for x in row), sep="\t", file=file)
    table = [COLUMNS] + [[text(x) for x in row] for row in table]
    widths = [max(map(len, column)) for column in zip(*table)]
    for row in table:
        print("  ".join(x.ljust(w) if i in (0, 2, 5) else x.rjust(w)
                        for i, (x, w) in enumerate(zip(row, widths))).rstrip())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--cases"]:
        run_cases(sys.argv[4], sys.argv[5:], sys.argv[2], int(sys.argv[3]))
    elif len(sys.argv) < 3:
        sys.exit(__doc__)
    else:
        main(*sys.argv[1:])
