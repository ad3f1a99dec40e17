"""The tools that read one stored profile: on fresh runs, against the schemas that tools/list gives,
and with every argument wrong in every way."""

import json

import jsonschema
import pytest

import programs
from server import Server

# A list is searched again and again: enough samples for advice, and a pattern for it.
MEMBERSHIP = """
def unique(rows):
    seen = []
    for row in rows:
        if row not in seen:
            seen.append(row)
    return len(seen)

print(unique([number % 9000 for number in range(40000)]))
"""

# Keeps about 120 MiB, allocated on one line.
KEEPER = """
kept = []

def keep(count):
    for number in range(count):
        kept.append(bytes(1 << 20))

keep(120)
small = [str(number) for number in range(200000)]
print(len(kept) * sum(range(3000000)) % len(small))
"""

# tool: arguments beside profile_id
READING = {
    "get_profile": {},
    "get_cpu_hotspots": {},
    "get_memory_hotspots": {},
    "get_gpu_hotspots": {},
    "get_bottlenecks": {},
    "get_memory_leaks": {},
    "get_function_summary": {},
    "get_file_details": {"filename": "{file}"},
    "get_recommendations": {},
    "analyze_profile": {},
    "analyze": {},
}
METRIC_TYPES = (
    "all cpu memory gpu bottlenecks leaks file functions recommendations"  # as the seed has them
).split()


class Reading:
    """A server that lists all tools, with one CPU and one memory profile."""

    def __init__(self, home):
        self.server = Server(home / "server", options=["--toolset", "all"])
        self.tools = {t["name"]: t for t in self.server.ask("tools/list")["result"]["tools"]}
        self.runs = {
            "membership.py": self.profile(home, "membership.py", MEMBERSHIP, False),
            "keeper.py": self.profile(home, "keeper.py", KEEPER, True),
        }

    def profile(self, home, name, text, memory):
        script = programs.write(home, name, text)
        run = self.server.facts("profile_script", {"script_path": script, "memory": memory})
        assert run["outcome"] == "ok", run
        return run

    def arguments(self, tool, file):
        """Good arguments of a tool for one of the profiles."""
        more = {key: value.format(file=file) for key, value in READING[tool].items()}
        return {"profile_id": self.runs[file]["profile_id"], **more}

    def facts(self, tool, file, **more):
        """A tool's answer, which has to be what its outputSchema says, twice."""
        result = self.server.call(tool, {**self.arguments(tool, file), **more})
        assert not result.get("isError"), result
        answer = result["structuredContent"]
        jsonschema.validate(answer, self.tools[tool]["outputSchema"])
        assert json.loads(result["content"][0]["text"]) == answer
        assert answer["profile_id"] == self.runs[file]["profile_id"]
        return answer


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    made = None
    try:
        made = Reading(tmp_path_factory.mktemp("reading"))
        yield made
        made.server.stop()
    finally:
        if made:
            made.server.destroy()


def size(value):
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


# --- the list


@pytest.mark.parametrize("toolset, most, most_with_output", [
    ("default", 13000, 24000), ("core", 8000, 12000)])
def test_size_of_the_list(start, toolset, most, most_with_output):
    tools = start(options=["--toolset", toolset]).ask("tools/list")["result"]["tools"]
    inputs = [{key: t[key] for key in ("name", "description", "inputSchema")} for t in tools]
    outputs = [{**i, "outputSchema": t["outputSchema"]} for i, t in zip(inputs, tools)]
    assert size(inputs) <= most
    assert size(outputs) <= most_with_output
    assert ("analyze" in [t["name"] for t in tools]) == (toolset == "core")
    if toolset == "default":
        assert set(READING) - {"analyze"} <= {t["name"] for t in tools}


def test_schemas(reading):
    for name, tool in reading.tools.items():
        for key in ("inputSchema", "outputSchema"):
            jsonschema.Draft202012Validator.check_schema(tool[key])
            assert tool[key]["type"] == "object"
            assert not {"oneOf", "anyOf", "allOf"} & set(tool[key])
        hints = {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
        assert hints <= set(tool["annotations"]), name
        if name in READING:
            assert tool["annotations"]["readOnlyHint"] is True


def test_defaults_are_those_that_users_know(reading):
    for name in ("analyze", "analyze_profile"):
        properties = reading.tools[name]["inputSchema"]["properties"]
        known = {"metric_type": "all", "top_n": 10, "cpu_threshold": 5, "memory_threshold_mb": 10}
        assert {key: properties[key]["default"] for key in known} == known
        assert properties["metric_type"]["enum"] == METRIC_TYPES
        assert "default" not in properties["filename"]


# --- answers


@pytest.mark.parametrize("file", ["membership.py", "keeper.py"])
@pytest.mark.parametrize("tool", READING)
def test_answers_fit_their_schemas_and_are_small(reading, tool, file):
    assert size(reading.facts(tool, file)) < 3000


@pytest.mark.parametrize("file", ["membership.py", "keeper.py"])
@pytest.mark.parametrize("metric_type", METRIC_TYPES)
def test_analyze(reading, metric_type, file):
    """The alias and the tool say the same, and the same as the tool of that kind."""
    more = {"metric_type": metric_type, **({"filename": file} if metric_type == "file" else {})}
    answer = reading.facts("analyze", file, **more)
    assert answer == reading.facts("analyze_profile", file, **more)
    tools = {
        "cpu": "get_cpu_hotspots",
        "memory": "get_memory_hotspots",
        "gpu": "get_gpu_hotspots",
        "bottlenecks": "get_bottlenecks",
        "leaks": "get_memory_leaks",
        "file": "get_file_details",
        "functions": "get_function_summary",
        "recommendations": "get_recommendations",
    }
    if metric_type in tools:
        assert answer == reading.facts(tools[metric_type], file, top_n=10)


def test_what_the_cpu_profile_says(reading):
    file = "membership.py"
    spots = reading.facts("get_cpu_hotspots", file)
    assert spots["samples"] >= 20 and 2 <= spots["hotspots"][0]["line"] <= 6
    worst = reading.facts("get_bottlenecks", file)["bottlenecks"][0]
    assert (worst["severity"], worst["kind"], worst["function"]) == ("high", "cpu", "unique")
    first = reading.facts("get_function_summary", file)["functions"][0]
    assert first["function"] == "unique" and first["cpu_percent"] > 60
    advice = reading.facts("get_recommendations", file)
    if spots["samples"] < 100:
        assert not advice["recommendations"] and advice["withheld"]
    else:
        rules = {item["rule"]: item for item in advice["recommendations"]}
        assert rules["R7"]["line"] == 5 and "set" in rules["R7"]["advice"]
        assert rules["R7"]["source"] == "if row not in seen:"
    for tool, key in (("get_memory_hotspots", "hotspots"), ("get_memory_leaks", "leaks")):
        answer = reading.facts(tool, file)
        assert answer[key] == []
        assert any("memory true" in warning for warning in answer["warnings"])
    gpu = reading.facts("get_gpu_hotspots", file)
    assert gpu["gpu"] or any("gpu true" in warning for warning in gpu["warnings"])


def test_what_the_memory_profile_says(reading):
    """A line that keeps 120 MiB, one at a time, is no small matter."""
    file = "keeper.py"
    answer = reading.facts("get_memory_hotspots", file)
    by_line = {spot["line"]: spot for spot in answer["hotspots"]}
    assert by_line[6]["allocated_mb"] == pytest.approx(120, abs=12)
    assert answer["peak_memory_mb"] > 110
    rows = reading.facts("get_bottlenecks", file, top_n=100)["bottlenecks"]
    memory = [row for row in rows if row["kind"] == "memory" and row["line"] == 6]
    assert memory and memory[0]["severity"] == "high", rows
    leaks = reading.facts("get_memory_leaks", file)
    assert leaks["growth_rate_percent"] > 80 and leaks["warnings"]
    details = reading.facts("get_file_details", file)
    kept = next(line for line in details["lines"] if line["line"] == 6)
    assert kept["source"] == "        kept.append(bytes(1 << 20))"
    assert kept["allocated_mb"] == by_line[6]["allocated_mb"]


def test_thresholds_say_what_they_hide(reading):
    file = "membership.py"
    every = reading.facts("get_bottlenecks", file, cpu_threshold=0, memory_threshold_mb=0)
    none = reading.facts("get_bottlenecks", file, cpu_threshold=100, top_n=1000)
    functions = [row for row in every["bottlenecks"] if row["kind"] == "cpu"]
    assert every["left_out"] == {"functions": 0, "lines": 0} and functions
    shown = len(none["bottlenecks"])
    assert shown <= 1 and none["left_out"]["functions"] == len(functions) - shown
    assert none["thresholds"] == {"cpu_percent": 100, "memory_mb": 10}


LISTS = {
    "get_cpu_hotspots": "hotspots",
    "get_memory_hotspots": "hotspots",
    "get_function_summary": "functions",
    "get_bottlenecks": "bottlenecks",
    "get_file_details": "lines",
}


@pytest.mark.parametrize("tool", LISTS)
def test_pages(reading, tool):
    """All pages are the whole list, and a cursor of one list is refused by another."""
    file, key = "keeper.py", LISTS[tool]
    whole = reading.facts(tool, file, top_n=1000)[key]
    assert len(whole) > 1
    answer, cursor = reading.facts(tool, file, top_n=1), None
    pages = list(answer[key])
    while "next_cursor" in answer:
        cursor = answer["next_cursor"]
        answer = reading.facts(tool, file, top_n=1, cursor=cursor)
        pages += answer[key]
        assert len(pages) <= len(whole)
    assert pages == whole
    other = {**reading.arguments(tool, "membership.py"), "cursor": cursor}
    error = reading.server.refusal(tool, other)
    assert error["error"] == "invalid_argument" and "'cursor'" in error["message"]


def test_a_cursor_of_analyze_goes_on_in_the_other_tool(reading):
    first = reading.facts("analyze", "keeper.py", metric_type="cpu", top_n=1)
    second = reading.facts("get_cpu_hotspots", "keeper.py", top_n=1, cursor=first["next_cursor"])
    both = reading.facts("get_cpu_hotspots", "keeper.py", top_n=2)["hotspots"]
    assert first["hotspots"] + second["hotspots"] == both


def test_analyze_of_one_file_needs_its_name(reading):
    arguments = {**reading.arguments("analyze", "keeper.py"), "metric_type": "file"}
    error = reading.server.refusal("analyze", arguments)
    assert error["error"] == "invalid_argument" and "'filename'" in error["message"]
    assert error["hint"]


# --- bad arguments

OTHER_TYPES = {
    "string": [7, True, [], {}, ["a"]],
    "integer": ["7", "", True, [], {}, 1.5],
    "number": ["7", "", True, [], {}],
}
MISSING = object()


def bad_values(schema, required):
    """What a property must not be, from its schema."""
    yield from OTHER_TYPES[schema["type"]]
    if required:
        yield MISSING
        yield None
    if "minimum" in schema:
        yield schema["minimum"] - 1
        yield -1e300 if schema["type"] == "number" else -(10**30)
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if schema["type"] != "string":
        yield 1e300
    elif "enum" in schema:
        yield from ("", "none of them", schema["enum"][0].upper())
    else:
        yield from ("", "\u00fc" * 5000, "x" * (1 << 20), "nowhere/../\u202e.py")


def bad_calls(tools):
    for tool in READING:
        schema = tools[tool]["inputSchema"]
        for name, property_schema in schema["properties"].items():
            for value in bad_values(property_schema, name in schema.get("required", ())):
                yield tool, name, value
        for name in ("frobnicate", "script_path", "topN", "Profile_id", "x" * 10000, ""):
            yield tool, name, 1


def test_every_argument_wrong_in_every_way(reading):
    """One answer each, which names the argument, and then the server goes on."""
    calls = list(bad_calls(reading.tools))
    assert len(calls) > 300
    for tool, name, value in calls:
        arguments = reading.arguments(tool, "keeper.py")
        arguments[name] = value
        if value is MISSING:
            del arguments[name]
        error = reading.server.refusal(tool, arguments)
        case = (tool, name[:20], str(value)[:40], error)
        expected = {"invalid_argument"} | ({"not_found"} if name == "filename" else set())
        assert error["error"] in expected, case
        assert name[:20] in error["message"], case
        assert error["hint"] and size(error) < 3000, case
    assert reading.facts("get_cpu_hotspots", "keeper.py")["hotspots"]


def test_null_means_not_given(reading):
    for tool in READING:
        schema = reading.tools[tool]["inputSchema"]
        nulls = {name: None for name in schema["properties"] if name not in schema["required"]}
        assert reading.facts(tool, "keeper.py", **nulls) == reading.facts(tool, "keeper.py")
