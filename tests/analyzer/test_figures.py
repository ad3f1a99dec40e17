"""Our figures of real profiles against an independent reader of the same JSON (reference.py)."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import reference  # noqa: E402

BUILD = pathlib.Path(os.environ.get("SCALENE_MCP_BUILD", HERE / "../../build"))
DUMP = BUILD / "tests/analyzer/analyzer_dump"
FIXTURES = sorted((HERE / "../fixtures").resolve().glob("*.json"))


def dump(path):
    done = subprocess.run([str(DUMP), str(path)], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.fixture(params=FIXTURES, ids=lambda path: path.stem)
def both(request):
    return dump(request.param), reference.read(request.param.read_text(encoding="utf-8"))


def near(expected):
    return pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_there_are_fixtures():
    assert len(FIXTURES) >= 9


def test_exact_totals(both):
    ours, theirs = both
    raw = theirs["raw"]
    assert ours["outcome"] == "ok"
    for answer in (ours, ours["summary"], ours["cpu_hotspots"], ours["profile"]):
        assert answer["elapsed_s"] == raw["elapsed_time_sec"]
        assert answer["peak_memory_mb"] == (raw["max_footprint_mb"] if raw["memory"] else None)


def test_sums(both):
    ours, theirs = both
    assert ours["summary"]["samples"] == theirs["samples"]
    assert ours["figures"]["python_percent"] == near(theirs["python"])
    assert ours["figures"]["native_percent"] == near(theirs["native"])
    assert ours["figures"]["wait_percent"] == near(theirs["wait"])
    assert ours["figures"]["allocated_mb"] == near(theirs["allocated_mb"])
    assert ours["figures"]["cpu_s"] == near(theirs["cpu_s"])
    assert ours["summary"]["cpu_s"] == pytest.approx(theirs["cpu_s"], abs=0.0006)


def test_every_line(both):
    ours, theirs = both
    assert len(ours["figures"]["lines"]) == len(theirs["lines"])
    for line in ours["figures"]["lines"]:
        expected = theirs["lines"][line["path"], line["line"]]
        assert line["source"] == expected["source"][:400]
        assert line["function"] == expected["function"]
        for key in reference.METRICS:
            assert line[key] == near(expected["metrics"][key]), (line["line"], key)


def test_every_function(both):
    ours, theirs = both
    assert len(ours["figures"]["functions"]) == len(theirs["functions"])
    for function in ours["figures"]["functions"]:
        key = (function["path"], function["function"], function["start"], function["end"])
        expected = theirs["functions"][key]
        for metric in reference.SUMMED:
            assert function[metric] == near(expected[metric]), (key, metric)
        assert function["n_peak_mb"] == near(expected["peak"])


def test_every_file(both):
    ours, theirs = both
    directory = theirs["raw"]["filename"]
    for file in ours["figures"]["files"]:
        assert file["cpu_percent"] == near(theirs["files"][file["path"]]["cpu"])
        assert file["lines"] == theirs["files"][file["path"]]["lines"]
        assert os.path.join(directory, file["name"]) == file["path"]


def test_stacks(both):
    ours, theirs = both
    expected = sorted((stats["count"], frames) for frames, stats in theirs["raw"]["stacks"])
    found = sorted((stack[0], [f"{file} {function}:{line};" for file, function, line in stack[1:]])
                   for stack in ours["figures"]["stacks"])
    assert found == expected


def test_hotspots(both):
    ours, theirs = both
    lines = {key: reference.cpu(line["metrics"]) for key, line in theirs["lines"].items()}
    expected = sorted((share for share in lines.values() if share > 0), reverse=True)
    spots = ours["cpu_hotspots"]["hotspots"]
    found = [spot["cpu_percent"] for spot in spots]
    assert found == [pytest.approx(share, abs=0.0051) for share in expected]
    for spot in spots:
        path = os.path.join(theirs["raw"]["filename"], spot["file"])
        line = theirs["lines"][path, spot["line"]]
        share = lines[path, spot["line"]]
        metrics = line["metrics"]
        assert spot["cpu_percent"] == pytest.approx(share, abs=0.0051)
        assert spot["python_percent"] == pytest.approx(metrics["n_cpu_percent_python"], abs=0.0051)
        assert spot["native_percent"] == pytest.approx(metrics["n_cpu_percent_c"], abs=0.0051)
        assert spot["wait_percent"] == pytest.approx(metrics["n_sys_percent"], abs=0.0051)
        assert spot["cpu_s"] == pytest.approx(share / 100 * theirs["cpu_s"], abs=0.00051)
        assert spot["plus_minus_percent"] == pytest.approx(
            reference.plus_minus(share, theirs["samples"]), abs=0.0051)
        assert spot["function"] == line["function"]
        assert spot["source"] == line["source"].strip()[:120]
        begins = any(key[1] == line["function"] and key[2] == spot["line"] and key[0] == path
                     for key in theirs["functions"])
        is_def = begins and line["source"].lstrip().startswith(("def ", "async def ", "@"))
        assert ("note" in spot) == is_def


def test_top_is_the_head_of_all(both):
    ours, theirs = both
    lines = ours["cpu_hotspots"]["hotspots"]
    for line, spot in zip(ours["summary"]["top_lines"], lines):
        assert line == {key: value for key, value in spot.items() if key != "function"}
    functions = sorted((reference.cpu(f) for f in theirs["functions"].values()), reverse=True)
    top = [f["cpu_percent"] for f in ours["summary"]["top_functions"]]
    assert top and top == [pytest.approx(share, abs=0.0051) for share in functions[:len(top)]]
    assert ours["profile"]["top_functions"] == ours["summary"]["top_functions"]


def test_leaks(both):
    ours, theirs = both
    expected = [(int(line), leak["likelihood"]) for file in theirs["raw"]["files"].values()
                for line, leak in file["leaks"].items()]
    found = [(leak["line"], leak["likelihood"]) for leak in ours["summary"].get("leaks", [])]
    assert found == [(line, pytest.approx(likelihood, abs=0.0006)) for line, likelihood in expected]


def lines_of(theirs):
    """{(name as shown, line): figures}"""
    directory = theirs["raw"]["filename"]
    return {(os.path.relpath(path, directory), line): entry["metrics"]
            for (path, line), entry in theirs["lines"].items()}


def test_memory_hotspots(both):
    ours, theirs = both
    answer, raw = ours["memory_hotspots"], theirs["raw"]
    lines = {key: m for key, m in lines_of(theirs).items()
             if m["n_peak_mb"] + m["n_malloc_mb"] + m["n_copy_mb_s"] > 0}
    assert {(spot["file"], spot["line"]) for spot in answer["hotspots"]} == set(lines)
    peaks = [spot["peak_mb"] for spot in answer["hotspots"]]
    assert peaks == sorted(peaks, reverse=True)
    for spot in answer["hotspots"]:
        metrics = lines[spot["file"], spot["line"]]
        assert spot["peak_mb"] == pytest.approx(metrics["n_peak_mb"], abs=0.0051)
        assert spot["allocated_mb"] == pytest.approx(metrics["n_malloc_mb"], abs=0.0051)
        assert spot["average_mb"] == pytest.approx(metrics["n_avg_mb"], abs=0.0051)
        assert spot["copy_mb_s"] == pytest.approx(metrics["n_copy_mb_s"], abs=0.0051)
        assert ("python_fraction" in spot) == (metrics["n_malloc_mb"] > 0)
    rate = answer["growth_rate_percent"]
    assert rate == (pytest.approx(raw["growth_rate"], abs=0.0051) if raw["memory"] else None)
    assert any("memory true" in warning for warning in answer["warnings"]) != raw["memory"]


def test_leak_view(both):
    ours, theirs = both
    raw, answer = theirs["raw"], ours["leaks"]
    expected = sorted((-leak["likelihood"], os.path.relpath(path, raw["filename"]), int(line),
                       leak["velocity_mb_s"]) for path, file in raw["files"].items()
                      for line, leak in file["leaks"].items())
    assert [(leak["file"], leak["line"]) for leak in answer["leaks"]] == [e[1:3] for e in expected]
    for leak, (likelihood, _, _, velocity) in zip(answer["leaks"], expected):
        assert leak["likelihood"] == pytest.approx(-likelihood, abs=0.00051)
        assert leak["velocity_mb_s"] == pytest.approx(velocity, abs=0.0051)
    late = reference.late_growth(raw["samples"])
    assert answer["late_growth_mb"] == (None if late is None else pytest.approx(late, abs=0.0051))


def test_function_view(both):
    ours, theirs = both
    directory = theirs["raw"]["filename"]
    expected = {(os.path.relpath(path, directory), name, start, end): figures
                for (path, name, start, end), figures in theirs["functions"].items()
                if reference.cpu(figures) + figures["peak"] + figures["n_malloc_mb"]
                + figures["n_copy_mb_s"] > 0}
    found = {(f["file"], f["function"], f["start_line"], f["end_line"]): f
             for f in ours["functions"]["functions"]}
    assert set(found) == set(expected)
    for key, function in found.items():
        share = reference.cpu(expected[key])
        assert function["cpu_percent"] == pytest.approx(share, abs=0.0051)
        assert function["cpu_s"] == pytest.approx(share / 100 * theirs["cpu_s"], abs=0.00051)
        if theirs["raw"]["memory"]:
            assert function["peak_mb"] == pytest.approx(expected[key]["peak"], abs=0.0051)
            assert function["allocated_mb"] == pytest.approx(
                expected[key]["n_malloc_mb"], abs=0.0051)
    shares = [f["cpu_percent"] for f in ours["functions"]["functions"]]
    assert shares == sorted(shares, reverse=True)


FILE_FIGURES = {"python_percent": "n_cpu_percent_python", "native_percent": "n_cpu_percent_c",
                "wait_percent": "n_sys_percent", "gpu_percent": "n_gpu_percent",
                "peak_mb": "n_peak_mb", "allocated_mb": "n_malloc_mb", "copy_mb_s": "n_copy_mb_s",
                "await_percent": "n_async_await_percent"}


def test_file_details(both):
    ours, theirs = both
    assert set(ours["file_details"]) == set(theirs["raw"]["files"])
    for path, answer in ours["file_details"].items():
        source = {line["lineno"]: reference.unescape(line["line"]).rstrip("\r\n")
                  for line in theirs["raw"]["files"][path]["lines"]}
        figures = {line: entry for (file, line), entry in theirs["lines"].items() if file == path}
        near = {number for number, text in source.items()
                if text.strip() and any(abs(number - line) <= 2 for line in figures)}
        assert [line["line"] for line in answer["lines"]] == sorted(near | set(figures))
        assert answer["last_line"] == max(source)
        assert answer["lines_with_figures"] == len(figures)
        for line in answer["lines"]:
            assert line["source"] == source[line["line"]].encode()[:120].decode(errors="ignore")
            if line["line"] not in figures:
                assert set(line) == {"line", "source"}
                continue
            entry = figures[line["line"]]
            assert line["function"] == entry["function"]
            for ours_key, theirs_key in FILE_FIGURES.items():
                value = entry["metrics"][theirs_key]
                assert (ours_key in line) == (value > 0)
                assert line.get(ours_key, 0) == pytest.approx(value, abs=0.0051)


def test_bottlenecks(both):
    ours, theirs = both
    raw, answer = theirs["raw"], ours["bottlenecks"]
    directory = raw["filename"]
    expected, hidden = set(), 0
    for (path, name, _, _), figures in theirs["functions"].items():
        share = reference.cpu(figures)
        if share >= 5:
            expected.add((os.path.relpath(path, directory), name, "cpu",
                          reference.severity_of_cpu(share, theirs["samples"])))
        hidden += 0 < share < 5
    memory, small = set(), 0
    for (file, line), metrics in lines_of(theirs).items():
        size = reference.kept_mb(metrics, raw["growth_rate"])
        if size >= 10:
            memory.add((file, line, "memory",
                        reference.severity_of_memory(size, raw["max_footprint_mb"])))
        small += 0 < size < 10
    rows = answer["bottlenecks"]
    assert {(row["file"], row["function"], row["kind"], row["severity"])
            for row in rows if row["kind"] == "cpu"} == expected
    assert {(row["file"], row["line"], row["kind"], row["severity"])
            for row in rows if row["kind"] == "memory"} == memory
    order = [("high", "medium", "low").index(row["severity"]) for row in rows]
    assert order == sorted(order) and len(rows) == len(expected) + len(memory)
    assert answer["left_out"] == {"functions": hidden, "lines": small}


def test_recommendations_are_bounded(both):
    ours, theirs = both
    answer = ours["recommendations"]
    few = theirs["samples"] < 100
    assert any("CPU advice" in text for text in answer["withheld"]) == few
    for item in answer["recommendations"]:
        if item["rule"] == "none":
            assert item["advice"] == "hot, no known pattern" and not few
        elif "speedup_at_most" in item:
            assert not few
            assert item["speedup_at_most"] == pytest.approx(
                1 / (1 - item["cpu_percent"] / 100), abs=0.0051)
        else:
            assert item["rule"] in ("R16", "R24")


def test_overview_repeats_the_lists(both):
    ours, _ = both
    overview = ours["overview"]
    lines = ours["cpu_hotspots"]["hotspots"]
    for line, spot in zip(overview["hotspots"], lines):
        assert line == {key: value for key, value in spot.items() if key != "function"}
    assert len(overview["bottlenecks"]) == len(ours["bottlenecks"]["bottlenecks"])
    assert len(overview["recommendations"]) == len(ours["recommendations"]["recommendations"])
    assert len(overview.get("leaks", [])) == len(ours["leaks"]["leaks"])


def test_few_samples_are_said(both):
    ours, theirs = both
    said = any("too few samples" in warning for warning in ours["summary"]["warnings"])
    assert said == (theirs["samples"] < 100)


def test_summary_is_small(both):
    ours, _ = both
    assert len(json.dumps(ours["summary"], separators=(",", ":"), ensure_ascii=False)) < 2800


def escape(line):
    return line.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def as_legacy_profile(path, source):
    """A profile without function extents, as of Scalene 1.5; every line with text has a figure."""
    lines = [{"lineno": number, "line": escape(line),
              "n_cpu_percent_python": 0.001 if line.strip() else 0}
             for number, line in enumerate(source.splitlines(keepends=True), start=1)]
    file = {"lines": lines, "functions": [], "leaks": {}}
    return {"program": path, "elapsed_time_sec": 1.0, "files": {path: file}}


LIBRARY = ("argparse", "ast", "asyncio.base_events", "collections", "dataclasses", "difflib",
           "email.message", "enum", "functools", "inspect", "logging", "pathlib", "subprocess",
           "textwrap", "threading", "typing", "unittest.mock", "zipfile")


@pytest.mark.parametrize("name", LIBRARY)
def test_functions_by_indentation(name, tmp_path):
    """Extents inferred for old profiles, against Python's parser, on the standard library."""
    __import__(name)
    path = sys.modules[name].__file__
    source = pathlib.Path(path).read_text(encoding="utf-8")
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps(as_legacy_profile(path, source), sort_keys=True, indent=4))
    ours = dump(profile)
    scopes = reference.scopes_of(source)
    code = code_lines(source)
    wrong = [(line["line"], line["function"], expected) for line in ours["figures"]["lines"]
             for expected in [reference.scope_of(scopes, line["line"], 1)[2]]
             if line["line"] in code and line["function"] != expected]
    assert wrong == []


def code_lines(source):
    """Lines that hold code. A comment below a function's last line belongs to it or not."""
    return {number for number, line in enumerate(source.splitlines(), start=1)
            if not line.lstrip().startswith("#")}
