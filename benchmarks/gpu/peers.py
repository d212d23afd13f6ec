#!/usr/bin/env python3
"""Times the tasks that gpu_benchmark has measured in PyTorch and PyKeOps, and prints all together.

    peers.py gpu-tasks-TIME.csv [--reference=FILE] [--results=FOLDER] [--repetitions=5]
             [--most-seconds=1] [--budget=240] [--device=cuda]

The first argument is the table that gpu_benchmark wrote: tasks, formulas and sizes come from it. The
data are those of gpu_benchmark (`uniform` below and in data.cc), in the precision of the task and on
the device. Times are medians by events, with the result on the device. Calls that would take longer
than --most-seconds get fewer rows; after --budget seconds what is left is skipped. The table with
ratios is printed, and also written beside the first one. Methods that are not installed are left
out; --device=cpu tries the script where there is no GPU.
"""
import argparse
import csv
import os
import statistics
import time

try:
    import torch
except ImportError as error:
    torch, no_torch = None, str(error)
try:
    import pykeops
    pykeops.set_verbose(False)
    from pykeops.torch import Genred
except Exception as error:  # it fails in many ways where it is not whole
    Genred, no_keops = None, f"{type(error).__name__}: {error}"

NEIGHBOURS = 10
BLOCK_ELEMENTS = 1 << 28  # of a block of PyTorch's matrix
PROBE_ROWS = 16384
MASK = 0xFFFFFFFF


def times(hash, factor):
    """hash * factor modulo 2^32, without an overflow of 64 bits."""
    return ((hash & 0xFFFF) * factor + ((((hash >> 16) * factor) & 0xFFFF) << 16)) & MASK


def uniform(variable, element):
    hash = (times((element + 1) & MASK, 2654435761) + times(variable, 2246822519)) & MASK
    hash = hash ^ (hash >> 16)
    hash = times(hash, 2246822519)
    hash = hash ^ (hash >> 13)
    hash = times(hash, 3266489917)
    hash = hash ^ (hash >> 16)
    return (hash >> 8) * 2.0**-24


class Problem:
    """The data of a task; x and e may be cut to their first rows."""

    def __init__(self, task, device):
        self.task = task
        self.kind = task["kind"]
        self.dimension = int(task["D"])
        self.rows = int(task["M_of_task"])
        self.columns = int(task["N"])
        dtype = torch.float64 if task["precision"] == "float64" else torch.float32
        scale = float(task["scale"])

        def draw(variable, rows, columns, scale):
            element = torch.arange(rows * columns, dtype=torch.int64, device=device)
            values = scale * uniform(variable, element)
            return values.to(dtype).reshape(rows, columns).contiguous()

        self.x = draw(0, self.rows, self.dimension, scale)
        self.y = draw(1, self.columns, self.dimension, scale)
        declared = [each.split("=")[0] for each in task["declarations"].split(";")]
        self.b = draw(2, self.columns, 1, 1) if "b" in declared else None
        self.e = draw(3, self.rows, 1, 1) if "e" in declared else None


def in_torch(problem, x, e):
    """The result of some rows, as one writes it in PyTorch: products of matrices, no loops."""
    y, b = problem.y, problem.b
    if problem.kind == "product_logsumexp":
        return torch.logsumexp(x @ y.T, 1, keepdim=True)
    if problem.kind == "product_softmax":
        return torch.softmax(x @ y.T, 1) @ b
    squares = (y * y).sum(1)
    if problem.kind == "nearest":
        return torch.addmm(squares, x, y.T, alpha=-2).argmin(1, keepdim=True)
    if problem.kind == "k_nearest":
        return torch.addmm(squares, x, y.T, alpha=-2).topk(NEIGHBOURS, 1, largest=False).indices
    distances = torch.addmm(squares, x, y.T, alpha=-2).add_((x * x).sum(1, keepdim=True))
    values = distances.neg_()
    if problem.kind == "gaussian_logsumexp":
        return torch.logsumexp(values, 1, keepdim=True)
    kernel = values.exp_()
    if problem.kind == "gaussian":
        return kernel @ b
    weights = kernel.mul_(b.T)  # gaussian_gradient
    return -2 * e * (x * weights.sum(1, keepdim=True) - weights @ y)


class Torch:
    def __init__(self, name, tf32):
        self.name = name
        self.tf32 = tf32

    def missing(self, task, device):
        if self.tf32 and (task["precision"] == "float64" or device == "cpu"):
            return "no TF32"
        return None

    def function(self, problem):
        def call(rows):
            torch.backends.cuda.matmul.allow_tf32 = self.tf32
            block = max(1, min(rows, BLOCK_ELEMENTS // problem.columns))
            parts = []
            for first in range(0, rows, block):
                last = min(rows, first + block)
                e = None if problem.e is None else problem.e[first:last]
                parts.append(in_torch(problem, problem.x[first:last], e))
            return torch.cat(parts)

        return call


class KeOps:
    name = "PyKeOps"

    def missing(self, task, device):
        return None if Genred else "not to be imported: " + no_keops

    def function(self, problem):
        task = problem.task
        more = {}
        if task["kind"] == "k_nearest":
            more["opt_arg"] = NEIGHBOURS
        if task["second"]:
            more["formula2"] = task["second"]
        made = Genred(task["formula"], task["declarations"].split(";"),
                      reduction_op=task["reduction"], axis=1, **more)

        def call(rows):
            arguments = [problem.x[:rows], problem.y]
            if problem.b is not None:
                arguments.append(problem.b)
            if problem.e is not None:
                arguments.append(problem.e[:rows])
            return made(*arguments)

        return call


class Clock:
    """Seconds of a call on the device."""

    def __init__(self, device):
        self.cuda = device != "cpu"

    def seconds(self, call, rows):
        if not self.cuda:
            start = time.perf_counter()
            result = call(rows)
            return time.perf_counter() - start, result
        before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        before.record()
        result = call(rows)
        after.record()
        after.synchronize()
        return before.elapsed_time(after) / 1e3, result


def relative_error(problem, result, reference):
    """As gpu_benchmark measures it, over the reference rows that there are."""
    most, largest = 0.0, 0.0
    for row, values in reference.items():
        if row >= len(result):
            continue
        if problem.kind in ("nearest", "k_nearest"):
            chosen = problem.y[result[row].long().flatten()].double()
            found = ((problem.x[row].double() - chosen) ** 2).sum(1).tolist()
        else:
            found = result[row].double().tolist()
        most = max([most] + [abs(a - b) for a, b in zip(found, values)])
        largest = max([largest] + [abs(b) for b in values])
    return most / largest if largest else float("nan")


def measure(method, problem, options, reference):
    clock = Clock(options.device)
    call = method.function(problem)
    few = min(problem.rows, PROBE_ROWS)
    start = time.perf_counter()
    clock.seconds(call, few)
    first = time.perf_counter() - start
    estimate = clock.seconds(call, few)[0] * problem.rows / few
    rows = problem.rows
    if estimate > options.most_seconds:
        rows = max(few, int(rows * options.most_seconds / 2 / estimate))
    clock.seconds(call, rows)
    timed = [clock.seconds(call, rows) for _ in range(options.repetitions)]
    seconds = statistics.median(each[0] for each in timed)
    return {
        "M": rows,
        "first_ms": 1e3 * first,
        "ms": 1e3 * seconds,
        "pairs_per_second": rows * problem.columns / seconds,
        "relative_error": relative_error(problem, timed[-1][1], reference),
    }


def own_line(line):
    """A line of gpu_benchmark in the words of the common table."""
    rate = float(line["pairs_per_second"])
    device, call = float(line["device_ms"]), float(line["call_ms"])
    return {
        "task": line["task"], "method": "kernelops, " + line["variant"], "M": line["M"],
        "N": line["N"], "first_ms": float(line["first_ms"]), "ms": device, "call_ms": call,
        "pairs_per_second": rate, "of_limit": float(line["of_limit"]),
        "goal_met": line["goal_met"], "relative_error": float(line["relative_error"]),
        "failure": line["failure"], "device": line["device"], "date": line["date"],
    }


COLUMNS = ["task", "method", "M", "N", "first_ms", "ms", "call_ms", "pairs_per_second", "of_limit",
           "goal_met", "relative_error", "times_by_device", "times_by_call", "over_keops", "failure",
           "device", "date"]


def add_ratios(own, peer):
    """How many times our kernels, and our whole calls, are faster than a peer."""
    if own["ms"] and peer.get("pairs_per_second"):
        ratio = own["pairs_per_second"] / peer["pairs_per_second"]
        peer["times_by_device"] = ratio
        peer["times_by_call"] = ratio * own["ms"] / own["call_ms"]


def show(line):
    def number(name, width, form):
        value = line.get(name)
        return f"{value:{width}{form}}" if isinstance(value, (int, float)) else " " * width

    print(f"{line['task']:<25.25} {line['method']:<24.24} {line['M']:>9}", number("ms", 10, ".3f"),
          number("pairs_per_second", 9, ".3g"), number("of_limit", 7, ".3f"),
          number("relative_error", 8, ".1e"), number("times_by_device", 9, ".2f"),
          number("times_by_call", 9, ".2f"), number("over_keops", 7, ".1f"),
          line.get("failure", "")[:90], flush=True)


def reasons(method, task, options, start):
    if torch is None:
        return "PyTorch is not to be imported: " + no_torch
    if options.device != "cpu" and not torch.cuda.is_available():
        return "PyTorch finds no GPU"
    if time.perf_counter() - start > options.budget:
        return "skipped: the time is over"
    return method.missing(task, options.device)


def read_reference(path):
    out = {}
    if path:
        with open(path, newline="") as file:
            for line in csv.DictReader(file):
                rows = out.setdefault(line["task"], {})
                rows.setdefault(int(line["row"]), []).append(float(line["value"]))
    return out


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks")
    parser.add_argument("--reference", default="")
    parser.add_argument("--results", default="")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--most-seconds", type=float, default=1)
    parser.add_argument("--budget", type=float, default=240)
    parser.add_argument("--device", default="cuda")
    return parser.parse_args()


def main():
    options = read_options()
    start = time.perf_counter()
    reference = read_reference(options.reference)
    with open(options.tasks, newline="") as file:
        own = list(csv.DictReader(file))
    folder = options.results or os.path.dirname(options.tasks) or "."
    path = os.path.join(folder, os.path.basename(options.tasks).replace("-tasks-", "-peers-"))
    methods = [KeOps(), Torch("PyTorch", False), Torch("PyTorch, TF32", True)]
    print(f"{'task':<25} {'method':<24} {'M':>9} {'ms':>10} {'pairs/s':>9} {'of limit':>8} "
          f"{'error':>7} {'by device':>9} {'by call':>9} {'goal':>7}")
    with open(path, "w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore")
        table.writeheader()

        def add(line):
            table.writerow(line)
            file.flush()
            show(line)

        for name in dict.fromkeys(line["task"] for line in own):
            same = [line for line in own if line["task"] == name]
            variants = [own_line(line) for line in same]
            for line in variants:
                add(line)
            task = same[0]
            problem = None
            for method in methods:
                peer = {"task": name, "method": method.name, "M": task["M_of_task"],
                        "N": task["N"], "device": task["device"], "date": task["date"]}
                why_not = reasons(method, task, options, start)
                try:
                    if why_not is None:
                        problem = problem or Problem(task, options.device)
                        peer.update(measure(method, problem, options, reference.get(name, {})))
                except Exception as error:  # out of memory, or a compiler that fails
                    why_not = f"{type(error).__name__}: {error}".replace("\n", " ")
                peer["failure"] = why_not or ""
                for variant, measured in zip(variants, same):
                    line = dict(peer)
                    if len(variants) > 1:
                        line["method"] += " / " + measured["variant"]
                    if method.name == "PyKeOps":
                        line["over_keops"] = float(measured["over_keops"])
                    add_ratios(variant, line)
                    add(line)
    print("written:", path)


main()
