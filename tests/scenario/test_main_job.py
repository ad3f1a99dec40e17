"""The main job: profile, wait, cancel, read, and find everything again after a restart."""

import ctypes
import ctypes.util
import json
import os
import sqlite3
import subprocess

import pytest

import processes
import programs
from server import PYTHON

ID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def check_run(run):
    """What every finished run says of itself."""
    for key in ("profile_id", "job_id"):
        assert len(run[key]) == 26 and set(run[key]) <= set(ID)
    assert run["elapsed_s"] > 0 and run["wall_s"] >= run["elapsed_s"]
    assert run["max_rss_mb"] > 5 and run["samples"] > 0
    assert all(isinstance(warning, str) for warning in run.get("warnings", []))
    for item in run["top_lines"] + run["top_functions"]:
        parts = item["python_percent"] + item["native_percent"] + item["wait_percent"]
        assert item["cpu_percent"] == pytest.approx(parts, abs=0.05)


def test_profile_script(server, tmp_path):
    script = programs.write(tmp_path, "busy.py", programs.BUSY)
    result = server.call(
        "profile_script",
        {
            "script_path": script,
            "script_args": ["0.8", "two words", "--memory"],
            "memory": False,
            "label": "first",
        },
    )
    run = result["structuredContent"]
    assert json.loads(result["content"][0]["text"]) == run
    assert not result.get("isError")
    assert (run["outcome"], run["exit_code"]) == ("ok", 0)
    assert run["stdout_tail"].split("\n")[0] == "done two words --memory"
    assert run["peak_memory_mb"] is None
    check_run(run)
    assert run["top_functions"][0]["function"] == "spin"
    assert run["top_functions"][0]["file"].endswith("busy.py")
    assert 0.5 < run["elapsed_s"] < 20

    spots = server.facts("get_cpu_hotspots", {"profile_id": run["profile_id"], "top_n": 2})
    assert len(spots["hotspots"]) == 2
    assert 4 <= spots["hotspots"][0]["line"] <= 10
    assert spots["hotspots"][0]["cpu_percent"] >= spots["hotspots"][1]["cpu_percent"]

    profile = server.facts("get_profile", {"profile_id": run["profile_id"]})
    assert profile["label"] == "first" and profile["outcome"] == "ok"
    assert profile["elapsed_s"] == run["elapsed_s"]

    rows = server.facts("list_profiles")["profiles"]
    assert [row["profile_id"] for row in rows] == [run["profile_id"]]
    assert server.facts("list_profiles", {"search": "FIRST"})["profiles"] == rows
    assert server.facts("list_profiles", {"search": "%"})["profiles"] == []


def test_profile_code(server):
    run = server.facts(
        "profile_code", {"code": programs.BUSY, "script_args": ["0.5", "snippet"], "memory": False}
    )
    assert run["outcome"] == "ok"
    assert run["stdout_tail"].strip() == "done snippet"
    check_run(run)


def test_memory(server, tmp_path):
    script = programs.write(
        tmp_path,
        "big.py",
        "kept = [bytes(1 << 20) for _ in range(120)]\n"
        "print(sum(len(piece) for piece in kept) * sum(range(2000000)) % 7)\n",
    )
    run = server.facts("profile_script", {"script_path": script})
    assert run["outcome"] == "ok"
    assert 110 < run["peak_memory_mb"] < 160
    assert run["max_rss_mb"] > 110


def test_a_job_goes_on_while_nobody_waits(server, tmp_path):
    held = programs.Held(tmp_path / "held")
    job = server.facts("profile_script", held.arguments(wait_s=0))
    assert "outcome" not in job and job["state"] in ("queued", "running")
    assert len(job["job_id"]) == 26 and "get_job" in job["next"]
    processes.until(held.runs, what="the program's start")
    again = server.facts("get_job", {"job_id": job["job_id"], "wait_s": 0.2})
    assert again["state"] == "running"
    waiting = server.call_later("get_job", {"job_id": job["job_id"]})
    held.let_go()
    run = server.answer(waiting)["result"]["structuredContent"]
    assert run["outcome"] == "ok" and run["job_id"] == job["job_id"]
    assert server.facts("get_job", {"job_id": job["job_id"]}) == run
    assert len(held.runs()) == 1


def test_cancel_job_stops_the_whole_tree(server, tmp_path):
    held = programs.Held(tmp_path / "held", programs.STUBBORN)
    job = server.facts("profile_script", held.arguments(wait_s=0))
    processes.until(held.runs, what="the program's start")
    assert len(server.tree()["program"]) >= 2
    run = server.facts("cancel_job", {"job_id": job["job_id"]})
    assert run["outcome"] == "cancelled"
    assert "program" not in server.tree()
    assert server.facts("cancel_job", {"job_id": job["job_id"]}) == run


def test_jobs_wait_their_turn(start, tmp_path):
    server = start(options=["--profilers", "1"])
    held = programs.Held(tmp_path / "held")
    first = server.facts("profile_script", held.arguments(wait_s=0))
    second = server.facts("profile_code", {"code": "print(2)", "memory": False, "wait_s": 0})
    assert second["state"] == "queued"
    processes.until(held.runs, what="the program's start")
    held.let_go()
    for job in (first, second):
        assert "outcome" in server.facts("get_job", {"job_id": job["job_id"]})


def test_timeout_and_duration(server, tmp_path):
    held = programs.Held(tmp_path / "held")
    run = server.facts("profile_script", held.arguments(timeout=1.5))
    assert run["outcome"] == "timeout"
    run = server.facts("profile_script", held.arguments(duration=1.5))
    assert run["outcome"] == "ok"
    check_run(run)
    assert len(held.runs()) == 2 and "program" not in server.tree()


def test_profiles_survive_a_restart_of_everything(start, tmp_path):
    script = programs.write(tmp_path, "ranked.py", programs.RANKED)
    first = start("first")
    run = first.facts("profile_script", {"script_path": script, "memory": False})
    questions = [
        ("get_cpu_hotspots", {"profile_id": run["profile_id"]}),
        ("get_profile", {"profile_id": run["profile_id"]}),
        ("get_job", {"job_id": run["job_id"]}),
        ("list_profiles", {}),
    ]
    answers = [first.facts(*question) for question in questions]
    first.stop()
    second = start("second", state=first.state)
    assert [second.facts(*question) for question in questions] == answers


# --- figures


def unpack(data, size):
    """Undoes zstd."""
    library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(size)
    done = library.ZSTD_decompress(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data)))
    assert done == size
    return out.raw


def stored_json(state, profile_id):
    """Scalene's JSON as the store keeps it."""
    database = sqlite3.connect("file:%s?mode=ro" % (state / "scalene-mcp.db"), uri=True)
    with database:
        size, data = database.execute(
            "SELECT b.size, b.zstd FROM blobs b JOIN profiles p ON p.raw_sha256 = b.sha256"
            " WHERE p.id = ?",
            (profile_id,),
        ).fetchone()
    database.close()
    return json.loads(unpack(data, size))


def line_shares(raw):
    """{(file, line): share of all samples in percent}, from Scalene's JSON alone."""
    shares = {}
    for name, file in raw["files"].items():
        for line in file["lines"]:
            share = line["n_cpu_percent_python"] + line["n_cpu_percent_c"] + line["n_sys_percent"]
            if share > 0:
                shares[os.path.basename(name), line["lineno"]] = share
    return shares


@pytest.mark.parametrize("memory", [False, True])
def test_figures_are_those_of_the_raw_json(server, tmp_path, memory):
    script = programs.write(tmp_path, "ranked.py", programs.RANKED)
    run = server.facts("profile_script", {"script_path": script, "memory": memory})
    raw = stored_json(server.state, run["profile_id"])
    assert run["elapsed_s"] == raw["elapsed_time_sec"]
    assert run["peak_memory_mb"] == (raw["max_footprint_mb"] if memory else None)
    assert run["samples"] == sum(stats["count"] for _, stats in raw["stacks"])
    shares = line_shares(raw)
    spots = server.facts("get_cpu_hotspots", {"profile_id": run["profile_id"], "top_n": 100})
    ours = {
        (os.path.basename(spot["file"]), spot["line"]): spot["cpu_percent"]
        for spot in spots["hotspots"]
    }
    assert set(ours) == {line for line, share in shares.items() if share >= 0.005}
    for line, share in ours.items():
        assert share == pytest.approx(shares[line], abs=0.006)
    order = [spot["cpu_percent"] for spot in spots["hotspots"]]
    assert order == sorted(order, reverse=True)
    assert run["top_functions"][0]["function"] == "heavy"


def test_a_plain_scalene_run_says_the_same(server, tmp_path):
    """Shares of a run of our own and of a plain one agree within what sampling allows."""
    script = programs.write(tmp_path, "ranked.py", programs.RANKED)
    subprocess.run(
        [
            PYTHON,
            "-m",
            "scalene",
            "run",
            "--cpu-only",
            "-o",
            tmp_path / "plain.json",
            "---",
            script,
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with open(tmp_path / "plain.json") as file:
        plain = line_shares(json.load(file))
    run = server.facts("profile_script", {"script_path": script, "memory": False})
    ours = line_shares(stored_json(server.state, run["profile_id"]))

    def heavy(shares):
        return sum(share for (_, line), share in shares.items() if 9 <= line <= 13)

    assert heavy(ours) == pytest.approx(heavy(plain), abs=25)
    assert heavy(ours) > 50 and heavy(plain) > 50
