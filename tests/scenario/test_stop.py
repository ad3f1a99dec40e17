"""Ends: of a worker that hangs, of the input, by signals, of the client, of the supervisor."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

import processes
import programs
from mcp_stdio import modern_meta
from server import SERVER, environment


@pytest.mark.parametrize("role", processes.ROLES)
def test_a_stopped_worker_is_replaced(server, role):
    server.ready()
    server.facts("list_profiles")  # what the front asks the store at its start is answered
    old = server.kill(role, signal.SIGSTOP)
    processes.until(lambda: processes.stopped(old), what="the stop")
    processes.until(lambda: server.tree().get(role, [old])[0] != old, 30, "a new " + role)
    assert not processes.alive(old)
    server.wait_log(r"\b%s\.\d+/\d+ pid %d ended: .*was silent" % (role, old))
    assert server.facts("profile_code", {"code": programs.BUSY, "memory": False})["outcome"] == "ok"


def check_quick_end(server, began, status):
    assert server.wait_exit() == status, server.log()
    assert time.monotonic() - began < 2
    server.check_conversation()
    server.check_gone()


def test_end_of_input_while_idle(server):
    server.facts("list_profiles")
    began = time.monotonic()
    server.close_input()
    check_quick_end(server, began, 0)


def test_end_of_input_at_once(server):
    began = time.monotonic()
    server.close_input()
    check_quick_end(server, began, 0)


def test_answers_before_the_end_of_input_arrive(server):
    """What was asked before the input ended is answered, if it takes no longer than a moment."""
    server.ready()
    requests = [server.call_later("list_profiles") for _ in range(50)]
    server.close_input()
    assert server.wait_exit() == 0
    for request in requests:
        assert server.answer(request)["result"]["structuredContent"]["profiles"] == []


def test_end_of_input_in_the_middle_of_a_run(server, tmp_path):
    held = programs.Held(tmp_path / "held", programs.STUBBORN)
    request = server.call_later("profile_script", held.arguments())
    processes.until(held.runs, what="the program's start")
    began = time.monotonic()
    server.close_input()
    check_quick_end(server, began, 0)
    assert len(server.answers_to(request)) <= 1


@pytest.mark.parametrize(
    "number, status", [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)]
)
def test_signals(server, tmp_path, number, status):
    held = programs.Held(tmp_path / "held", programs.STUBBORN)
    server.call_later("profile_script", held.arguments())
    processes.until(held.runs, what="the program's start")
    began = time.monotonic()
    server.process.send_signal(number)
    check_quick_end(server, began, status)


def test_killed_supervisor_takes_everything_along(server, tmp_path):
    """Processes and programs end; the folders are for the next server to clear."""
    held = programs.Held(tmp_path / "held")
    server.call_later("profile_script", held.arguments())
    processes.until(held.runs, what="the program's start")
    os.kill(server.pid("supervisor"), signal.SIGKILL)
    server.wait_exit()
    processes.until(lambda: not processes.marked(server.mark), what="the end of all processes")


def test_output_that_nobody_reads(tmp_path):
    """A client that closed its end of the answers is gone, though the other pipe is open."""
    mark = "SCENARIO_MARK=unread-%d" % os.getpid()
    with open(tmp_path / "server.log", "wb") as log:
        server = subprocess.Popen(
            [SERVER, "--state", tmp_path / "state"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(mark),
        )
        server.stdout.close()
        server.stdin.write(server_call("list_profiles", {}))
        server.stdin.flush()
        assert server.wait(20) == 0, (tmp_path / "server.log").read_text()
    processes.until(lambda: not processes.marked(mark), what="the end of all processes")


CLIENT = """
import subprocess, sys
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
server.stdin.write(sys.stdin.buffer.read())
server.stdin.flush()
sys.stdout.write("sent"); sys.stdout.flush()
server.wait()
"""


def test_killed_client(tmp_path):
    """A client that dies without a word leaves nothing behind."""
    held = programs.Held(tmp_path / "held", programs.STUBBORN)
    message = server_call("profile_script", held.arguments())
    state = tmp_path / "state"
    mark = "SCENARIO_MARK=client-%d" % os.getpid()
    with open(tmp_path / "client.log", "wb") as log:
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(SERVER), "--state", str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(mark),
        )
        client.stdin.write(message)
        client.stdin.close()
        assert client.stdout.read(4) == b"sent"
        processes.until(held.runs, what="the program's start")
        client.kill()
        client.wait()
    processes.until(lambda: not processes.marked(mark), what="the end of all processes")
    assert not list((state / "instances").iterdir())
    assert not list((state / "jobs").iterdir())


def server_call(tool, arguments):
    return (
        json.dumps(
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": tool, "arguments": arguments, "_meta": modern_meta()},
            }
        ).encode()
        + b"\n"
    )
