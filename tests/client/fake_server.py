#!/usr/bin/env python3
"""A server for the client's tests: speaks lines as FAKE_SERVER tells it to.

FAKE_SERVER names a function below; FAKE_SERVER_LOG a file that gets every line received,
    after one with the
process id and the command line.
"""
import json
import os
import signal
import sys

JOB = "01JD0000000000000000000J0B"
PROFILE = "01JD00000000000000000PR0F1"
RUN = {
    "profile_id": PROFILE, "job_id": JOB, "outcome": "ok", "exit_code": 0, "program": "orders.py",
    "elapsed_s": 3.456, "peak_memory_mb": 45.25, "samples": 346,
    "top_functions": [{"file": "orders.py", "function": "dedupe", "start_line": 3, "end_line": 9,
                       "cpu_percent": 71.25, "python_percent": 70, "native_percent": 1,
                           "wait_percent": 0.25,
                       "cpu_s": 2.46, "plus_minus_percent": 6.8}],
    "top_lines": [{"file": "orders.py", "line": 7, "cpu_percent": 69.9, "cpu_s": 2.4,
                   "source": "if row not in seen:"}],
    "leaks": [{"file": "orders.py", "line": 12, "likelihood": 0.96, "velocity_mb_s": 1.5}],
    "warnings": ["memory profiling may have changed CPU figures"],
}
PROFILES = [{"profile_id": PROFILE, "created": "2026-11-22T14:00:00Z", "program": "orders.py",
             "outcome": "ok", "elapsed_s": 3.456, "peak_memory_mb": 45.25,
                 "label": "b\u001b[31mad"}]
PROCESSES = [{"role": "store", "index": 0, "state": "ready", "pid": 17, "incarnation": 2,
    "restarts": 1,
              "uptime_s": 1.5, "last_death": "SIGKILL"}]
TOOLS = {
    "profile_script": RUN,
    "profile_code": RUN,
    "get_profile": RUN,
    "get_cpu_hotspots": {"hotspots": [{"file": "orders.py", "line": 99, "cpu_percent": 12.5,
        "source": "x()"}]},
    "list_profiles": {"profiles": PROFILES, "total": 30, "next_cursor": "abc"},
    "server_status": {"version": "9.9", "instance": "I", "processes": PROCESSES},
    "big": {"n": 12345678901234567890, "t": 0.1000},
}


def log(text):
    with open(os.environ["FAKE_SERVER_LOG"], "a", encoding="utf-8") as out:
        out.write(text + "\n")


def receive():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    log(line.rstrip("\n"))
    return json.loads(line)


def send(message):
    sys.stdout.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
    sys.stdout.flush()


def answer(request, structured, is_error=False):
    send({"jsonrpc": "2.0", "id": request["id"],
          "result": {"resultType": "complete", "isError": is_error, "structuredContent": structured,
                     "content": [{"type": "text", "text": json.dumps(structured)}]}})


def notify(method, **params):
    send({"jsonrpc": "2.0", "method": method, "params": params})


def output(text, logger="program.stdout", **more):
    notify("notifications/message", level="info", logger=logger, data={"text": text}, **more)


def check(request):
    meta = request["params"]["_meta"]
    assert meta["io.modelcontextprotocol/protocolVersion"] == "2026-07-28", meta
    assert meta["io.modelcontextprotocol/clientCapabilities"] == {}, meta
    if request["params"]["name"] in ("profile_script", "profile_code", "get_job"):
        assert meta["progressToken"] == request["id"], meta
        assert meta["io.modelcontextprotocol/logLevel"] == "info", meta


def normal():
    while True:
        request = receive()
        check(request)
        name = request["params"]["name"]
        if name.startswith("profile_"):
            notify("notifications/progress", progressToken=request["id"], progress=1,
                message="running, 1 s")
            output("out \u001b[1mbold\u001b[0m, no line end")
            output("err\n", logger="program.stderr")
        answer(request, TOOLS.get(name, {}))


def outcome(extra):
    request = receive()
    answer(request, {**RUN, **extra})
    receive()


def nonzero():
    outcome({"outcome": "nonzero_exit", "exit_code": 3, "stderr_tail": "ValueError: no\n"})


def killed():
    outcome({"outcome": "signal", "signal": "SIGSEGV"})


def slow():
    request = receive()
    answer(request, {"job_id": JOB, "state": "queued", "next": "call get_job"})
    request = receive()
    assert request["params"]["name"] == "get_job", request
    assert request["params"]["arguments"]["job_id"] == JOB, request
    check(request)
    output("late\n")
    answer(request, RUN)
    receive()


def lost():
    answer(receive(), {"job_id": JOB, "state": "lost"})
    receive()


def refused(error):
    request = receive()
    answer(request, {"error": error, "message": "no such \u001b]0;title\u0007thing",
        "hint": "call list_profiles"}, True)
    receive()


def not_found():
    refused("not_found")


def busy():
    refused("busy")


def rpc_error():
    send({"jsonrpc": "2.0", "id": receive()["id"], "error": {"code": -32602,
        "message": "unknown tool"}})
    receive()


def unstructured():
    send({"jsonrpc": "2.0", "id": receive()["id"],
          "result": {"resultType": "complete", "content": [{"type": "text", "text": "plain words"}],
              "isError": True}})
    receive()


def input_required():
    send({"jsonrpc": "2.0", "id": receive()["id"], "result": {"resultType": "input_required",
        "inputRequests": {}}})
    receive()


def order():
    request = receive()
    send({"jsonrpc": "2.0", "id": 999, "result": {"structuredContent": {"outcome": "wrong"}}})
    send("")
    send({"jsonrpc": "2.0", "id": 998, "error": {"code": 1, "message": "wrong"}})
    notify("notifications/progress", progressToken=999, progress=1, message="wrong")
    notify("notifications/progress", progressToken="x", progress=[])
    notify("notifications/message", level="info")
    notify("notifications/unknown", any=1)
    answer(request, RUN)
    receive()


def crlf():
    request = receive()
    sys.stdout.write("\r\n")
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": request["id"],
                                 "result": {"resultType": "complete", "structuredContent": RUN,
                                     "content": []}}) + "\r\n")
    sys.stdout.flush()
    receive()


def wrong_line(line):
    receive()
    send(line)
    while True:
        receive()


def garbage():
    wrong_line("Traceback (most recent call last):")


def no_version():
    wrong_line('{"id":1,"result":{}}')


def both():
    wrong_line('{"jsonrpc":"2.0","id":1,"result":{},"error":{}}')


def a_request():
    wrong_line('{"jsonrpc":"2.0","id":7,"method":"roots/list"}')


def text_id():
    wrong_line('{"jsonrpc":"2.0","id":"1","result":{}}')


def deep():
    wrong_line('{"jsonrpc":"2.0","id":1,"result":' + '{"a":' * 80 + "1" + "}" * 80 + "}")


def unread():
    wrong_line('{"jsonrpc":"2.0","error":{"code":-32700,"message":"parse error"}}')


def huge():
    receive()
    piece = "x" * 65536
    for _ in range(17 * 16 + 4):
        sys.stdout.write(piece)
    sys.stdout.flush()
    receive()


def eof():
    receive()
    sys.stdout.write('{"jsonrpc":"2.0","id":1,"resu')
    sys.stdout.flush()
    sys.stderr.write("the reason\u001b[31m stands here\n")
    sys.stderr.flush()
    os._exit(8)


def cannot_start():
    for i in range(25):
        sys.stderr.write(f"line {i}\n")
    sys.stderr.flush()
    os._exit(4)


def crash():
    receive()
    os.kill(os.getpid(), signal.SIGSEGV)


def bad_end():
    answer(receive(), RUN)
    sys.stdin.read()
    os._exit(7)


def cancel():
    request = receive()
    notify("notifications/progress", progressToken=request["id"], progress=1,
           _meta={"example.org/job_id": JOB})
    output("ready\n")
    cancelled = receive()
    assert cancelled["method"] == "notifications/cancelled", cancelled
    assert cancelled["params"]["requestId"] == request["id"], cancelled
    request = receive()
    assert request["params"]["name"] == "cancel_job", request
    answer(request, {**RUN, "outcome": "cancelled"})
    receive()


def cancel_unknown_job():
    receive()
    output("ready\n")
    receive()
    receive()


def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    receive()
    output("ready\n")
    while True:
        signal.pause()


def flood():
    receive()
    for _ in range(40):
        output("y" * 50000 + "\n")
    receive()
    sys.stdin.read()


def echo():
    request = receive()
    answer(request, {"outcome": "ok", "got": request["params"]["arguments"]})
    receive()


log(f"{os.getpid()} {json.dumps(sys.argv[1:])}")
globals()[os.environ["FAKE_SERVER"]]()
