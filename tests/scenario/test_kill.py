"""kill -9 of every process below the supervisor, idle and in the middle of a request: each request
gets one answer, the next one succeeds, the log says why, nothing is left."""

import os
import signal
import time

import pytest

import processes
import programs
from processes import ROLES


def busy(server, label):
    return server.facts(
        "profile_code",
        {"code": programs.BUSY, "script_args": ["0.2"], "memory": False, "label": label},
    )


def check_replaced(server, role, old):
    """The log says how it died, and another process has its place."""
    server.wait_log(r"\b%s\.\d+/\d+ pid %d ended: SIGKILL" % (role, old))
    processes.until(lambda: server.tree().get(role, [old])[0] != old, what="a new " + role)


@pytest.mark.parametrize("role", ROLES)
def test_killed_while_idle(server, role):
    profile = busy(server, "before")
    old = server.kill(role)
    requests = [
        server.call_later("list_profiles"),
        server.call_later("get_cpu_hotspots", {"profile_id": profile["profile_id"]}),
        server.call_later(
            "profile_code", {"code": programs.BUSY, "script_args": ["0.2"], "memory": False}
        ),
    ]
    for request in requests:
        result = server.answer(request)["result"]
        assert not result.get("isError"), result
    check_replaced(server, role, old)
    assert busy(server, "after")["outcome"] == "ok"
    rows = {row["role"]: row for row in server.ready()["processes"]}
    assert rows[role]["incarnation"] == 2
    assert len(server.facts("list_profiles")["profiles"]) == 3


@pytest.mark.parametrize("role", ["store", "analyzer", "front"])
def test_killed_in_the_middle_of_a_read(server, role):
    """The process is stopped, so the request is certainly not answered when it is killed."""
    profile = busy(server, "before")["profile_id"]
    old = server.kill(role, signal.SIGSTOP)
    processes.until(lambda: processes.stopped(old), what="the stop")
    requests = [server.call_later("get_cpu_hotspots", {"profile_id": profile}) for _ in range(5)]
    if role != "front":
        # the front has read all of them: it answers what needs no worker only after them
        server.ask("server/discover")
    os.kill(old, signal.SIGKILL)
    for request in requests:
        assert server.answer(request)["result"]["structuredContent"]["profile_id"] == profile
    check_replaced(server, role, old)
    assert busy(server, "after")["outcome"] == "ok"
    assert all(len(server.answers_to(request)) == 1 for request in requests)


@pytest.mark.parametrize("role", ["store", "analyzer", "front"])
def test_killed_in_the_middle_of_a_run(server, tmp_path, role):
    """The run goes on and is answered; the program ran once."""
    held = programs.Held(tmp_path / "held")
    request = server.call_later("profile_script", held.arguments())
    processes.until(held.runs, what="the program's start")
    old = server.kill(role)
    check_replaced(server, role, old)
    assert not server.answers_to(request)
    held.let_go()
    assert server.answer(request)["result"]["structuredContent"]["outcome"] == "ok"
    assert len(held.runs()) == 1
    assert len(server.facts("list_profiles")["profiles"]) == 1


def test_profiler_killed_in_the_middle_of_a_run(server, tmp_path):
    """The run is lost and says so; it is not repeated; what the program started is gone."""
    held = programs.Held(tmp_path / "held", programs.STUBBORN)
    request = server.call_later("profile_script", held.arguments())
    pid = processes.until(held.runs, what="the program's start")[0]
    profiler = processes.until(lambda: holder(server, pid), what="the program's profiler")
    os.kill(profiler, signal.SIGKILL)
    run = server.answer(request)["result"]["structuredContent"]
    assert run["outcome"] == "lost"
    assert server.facts("get_job", {"job_id": run["job_id"]})["outcome"] == "lost"
    processes.until(lambda: "program" not in server.tree(), what="the end of the program")
    check_replaced(server, "profiler", profiler)
    assert len(held.runs()) == 1
    assert busy(server, "after")["outcome"] == "ok"


def holder(server, pid):
    """The profiler that a program descends from."""
    profilers = server.tree().get("profiler", [])
    while pid > 1 and pid not in profilers:
        pid = processes.parent(pid)
    return pid if pid in profilers else None


def test_all_killed_at_once_in_the_middle_of_a_run(server, tmp_path):
    held = programs.Held(tmp_path / "held")
    request = server.call_later("profile_script", held.arguments())
    processes.until(held.runs, what="the program's start")
    for role in ("front", "store", "analyzer"):
        server.kill(role)
    held.let_go()
    assert server.answer(request)["result"]["structuredContent"]["outcome"] == "ok"
    assert len(held.runs()) == 1


def burst(server, role, kills, requests):
    """Requests of every kind while a process is killed again and again. All are answered before the
    next kill: a request that ends two processes is rightly given up."""
    profile = busy(server, "before")["profile_id"]
    kinds = [
        ("list_profiles", {}),
        ("get_cpu_hotspots", {"profile_id": profile}),
        ("get_profile", {"profile_id": profile}),
        ("server_status", {}),
    ]
    for _ in range(kills):
        sent = [server.call_later(*kinds[number % len(kinds)]) for number in range(requests)]
        old = server.kill(role)
        for request in sent:
            answer = server.answer(request)
            assert not answer["result"].get("isError"), answer
        processes.until(lambda: server.tree().get(role, [old])[0] != old, what="a new " + role)
        if role == "profiler":  # which none of these requests needs: so that it has answered once
            busy(server, "between")


@pytest.mark.parametrize("role", ROLES)
def test_many_requests_and_kills(server, role):
    burst(server, role, 5, 20)


@pytest.mark.soak
@pytest.mark.parametrize("role", ROLES)
def test_very_many_requests_and_kills(start, role):
    """Some incarnations are killed before they answer anything, so the limit has to be far away."""
    burst(start(options=["--restarts", "1000/60"]), role, 200, 20)


def test_a_legacy_session_outlives_the_front(server):
    server.handshake("2025-03-26")
    for _ in range(3):
        server.kill("front")
        assert "structuredContent" not in server.call("list_profiles", era="2025-03-26")


def test_a_line_torn_by_the_kill(server):
    """Half of a request was read when the front died; the other half comes afterwards."""
    line = (
        b'{"jsonrpc":"2.0","id":"torn","method":"server/discover","params":{"_meta":{'
        b'"io.modelcontextprotocol/protocolVersion":"2026-07-28",'
        b'"io.modelcontextprotocol/clientCapabilities":{}}}}\n'
    )
    server.ask("server/discover")
    for cut in (1, 40, len(line) - 1):
        old = server.pid("front")
        server.send_bytes(line.replace(b"torn", b"torn%d" % cut)[:cut])
        os.kill(old, signal.SIGKILL)
        check_replaced(server, "front", old)
        server.send_bytes(line.replace(b"torn", b"torn%d" % cut)[cut:])
        assert server.answer("torn%d" % cut)["result"]


def test_recovery_time(server):
    """Not a benchmark: that a killed process does not cost seconds."""
    busy(server, "before")
    for role in ROLES:
        server.kill(role)
        began = time.monotonic()
        server.facts("list_profiles")
        assert time.monotonic() - began < 3, role
