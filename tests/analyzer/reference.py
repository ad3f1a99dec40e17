"""An independent reader of Scalene's JSON, to hold the analyzer's figures against.

It shares nothing with the analyzer: Python's json module reads the profile, Python's own parser
(ast) finds functions and their names in the source text that the profile carries, whatever Scalene
says about them.
"""
import ast
import json
import math

CPU = ("n_cpu_percent_python", "n_cpu_percent_c", "n_sys_percent")
SUMMED = CPU + ("n_malloc_mb", "n_gpu_percent", "n_copy_mb_s", "n_mallocs", "n_async_await_percent",
                "n_usage_fraction")
METRICS = SUMMED + ("n_core_utilization", "n_gpu_avg_memory_mb", "n_gpu_peak_memory_mb",
                    "n_peak_mb", "n_avg_mb", "n_python_fraction",
                    "n_async_concurrency_mean", "n_async_concurrency_peak")


def unescape(text):
    for escape, character in (("\\u0026", "&"), ("\\u003c", "<"), ("\\u003e", ">")):
        text = text.replace(escape, character)
    return text


def cpu(metrics):
    return sum(metrics[key] for key in CPU)


class Scopes(ast.NodeVisitor):
    """(start, end, qualified name) of every function and class.

    A function begins at its first decorator where `first_lines` says that its code does."""

    def __init__(self, first_lines):
        self.found = []
        self.first_lines = first_lines
        self.prefix = ""

    def enter(self, node, joint):
        name = self.prefix + node.name
        decorated = min((d.lineno for d in node.decorator_list), default=node.lineno)
        start = decorated if (decorated, node.name) in self.first_lines else node.lineno
        self.found.append((start, node.end_lineno, name))
        outer, self.prefix = self.prefix, name + joint
        self.generic_visit(node)
        self.prefix = outer

    def visit_FunctionDef(self, node):
        self.enter(node, ".<locals>.")

    def visit_AsyncFunctionDef(self, node):
        self.enter(node, ".<locals>.")

    def visit_ClassDef(self, node):
        self.enter(node, ".")


def scopes_of(source, functions=()):
    visitor = Scopes({(f["lineno"], f["line"].rpartition(".")[2]) for f in functions})
    visitor.visit(ast.parse(source))
    return visitor.found


def scope_of(scopes, line, last_line):
    around = [s for s in scopes if s[0] <= line <= s[1]]
    if not around:
        return (1, last_line, "<module>")
    return min(around, key=lambda s: s[1] - s[0])


def sample_count(raw):
    """The larger of two lower bounds."""
    counts = sum(stats.get("count", 0) for _, stats in raw.get("stacks", []))
    times = set()
    for file in raw["files"].values():
        for line in file["lines"]:
            times.update(line.get("cpu_samples_list", []))
    return max(counts, len(times))


def plus_minus(share_percent, samples):
    share = share_percent / 100
    return 200 * math.sqrt(2 * share * max(0.0, 1 - share) / samples)


def kept_mb(line, growth):
    """What a line holds: its peak, or its part of what the run kept, if the run kept most."""
    if growth < 50:
        return line["n_peak_mb"]
    return max(line["n_peak_mb"], line["n_malloc_mb"] * min(growth, 100) / 100)


def severity_of_cpu(share, samples):
    least = share - plus_minus(share, samples)
    return "high" if least >= 30 else "medium" if least >= 10 else "low"


def severity_of_memory(size, peak):
    large, prominent = size >= 100, size >= 0.3 * peak
    return "high" if large and prominent else "medium" if large or prominent else "low"


def late_growth(points):
    """Mean of the last quarter of a timeline less that of the third; None without points."""
    end = max((at for at, _ in points), default=0)

    def mean(begin, stop):
        found = [mb for at, mb in points if begin * end < at <= stop * end]
        return sum(found) / len(found) if found else None

    last, third = mean(0.75, 1), mean(0.5, 0.75)
    return None if last is None or third is None else last - third


def read(text):
    """Everything the tests compare, from the text of a profile."""
    raw = json.loads(text)
    result = {"raw": raw, "lines": {}, "functions": {}, "files": {}, "samples": sample_count(raw)}
    for path, file in raw["files"].items():
        source = "".join(unescape(line["line"]) for line in file["lines"])
        scopes = scopes_of(source, file["functions"])
        last_line = max(line["lineno"] for line in file["lines"])
        shown = [line for line in file["lines"] if any(line.get(key, 0) > 0 for key in METRICS)]
        for line in shown:
            metrics = {key: line.get(key, 0) for key in METRICS}
            start, end, name = scope_of(scopes, line["lineno"], last_line)
            result["lines"][path, line["lineno"]] = {
                "metrics": metrics, "function": name,
                "source": unescape(line["line"]).rstrip("\r\n")}
            function = result["functions"].setdefault(
                (path, name, start, end), {"peak": 0.0, **{key: 0.0 for key in SUMMED}})
            for key in SUMMED:
                function[key] += metrics[key]
            function["peak"] = max(function["peak"], metrics["n_peak_mb"])
        result["files"][path] = {"cpu": sum(cpu(line) for line in shown), "lines": len(shown)}
    lines = [line["metrics"] for line in result["lines"].values()]
    for name, key in zip(("python", "native", "wait"), CPU):
        result[name] = sum(line[key] for line in lines)
    result["allocated_mb"] = sum(line["n_malloc_mb"] for line in lines)
    result["cpu_s"] = raw["elapsed_time_sec"] * (result["python"] + result["native"]) / 100
    return result
