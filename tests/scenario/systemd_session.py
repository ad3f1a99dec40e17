"""Runs beside a real systemd (in_systemd.sh): installs the service, uses it over its socket, kills
what can be killed, stops it. The first failed assertion ends it with a traceback.

    systemd_session.py BUILD VENV
"""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import processes
from mcp_stdio import MODERN, modern_meta

SOCKET = "/run/scalene-mcp/mcp.sock"
UNIT = "scalene-mcp.service"
VENV = "/usr/local/lib/scalene-venv"


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(SOCKET)


def post(method, params=None):
    """The answer to one MCP request over HTTP."""
    params = {**(params or {}), "_meta": modern_meta()}
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": MODERN,
        "Mcp-Method": method,
    }
    if "name" in params:
        headers["Mcp-Name"] = params["name"]
    connection = UnixConnection("localhost")
    connection.request(
        "POST",
        "/mcp",
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}),
        headers,
    )
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    assert response.status == 200, (response.status, body)
    if response.getheader("Content-Type", "").startswith("text/event-stream"):
        data = [line[5:] for line in body.splitlines() if line.startswith("data:")]
        return json.loads(data[-1])
    return json.loads(body)


def facts(tool, arguments=None):
    result = post("tools/call", {"name": tool, "arguments": arguments or {}})["result"]
    assert not result.get("isError"), result
    return result["structuredContent"]


def systemctl(*arguments):
    return subprocess.run(
        ["systemctl", *arguments], check=True, capture_output=True, text=True
    ).stdout


def shows(key):
    return systemctl("show", "-P", key, UNIT).strip()


def service_tree():
    """{executable: [pid]} of the unit's control group."""
    tree = {}
    listed = pathlib.Path("/sys/fs/cgroup" + shows("ControlGroup"))
    for file in listed.rglob("cgroup.procs"):
        for pid in map(int, file.read_text().split()):
            tree.setdefault(processes.executable(pid), []).append(pid)
    return tree


def install(build, venv):
    subprocess.run(["cmake", "--install", build], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["systemd-sysusers"], check=True)
    os.makedirs(VENV)
    subprocess.run(["mount", "--bind", venv, VENV], check=True)
    pathlib.Path("/etc/default").mkdir(exist_ok=True)
    pathlib.Path("/etc/default/scalene-mcp").write_text(
        "SCALENE_PYTHON_EXECUTABLE=%s/bin/python\n" % VENV
    )
    systemctl("daemon-reload")


def profile():
    code = "total = 0\nfor number in range(9000000):\n    total += number\nprint(total)\n"
    run = facts("profile_code", {"code": code, "memory": False})
    assert run["outcome"] == "ok" and run["top_lines"], run
    return run["profile_id"]


def check_running():
    systemctl("start", UNIT)  # returns when the service has said that it is ready
    assert shows("ActiveState") == "active" and shows("SubState") == "running"
    assert shows("User") == "scalene-mcp"
    assert os.stat(SOCKET).st_mode & 0o777 == 0o600
    assert post("server/discover")["result"]["supportedVersions"][0] == MODERN
    return profile()


def check_worker_killed():
    for role in processes.ROLES:
        os.kill(service_tree()["scalene-mcp-" + role][0], signal.SIGKILL)
        profile()
    assert shows("NRestarts") == "0" and shows("ActiveState") == "active"


def check_watchdog():
    """It is fed; and a supervisor that stands still is ended and started again by systemd."""
    fed = shows("WatchdogTimestampMonotonic")
    processes.until(lambda: shows("WatchdogTimestampMonotonic") != fed, 15, "food for the watchdog")
    old = shows("MainPID")
    os.kill(int(old), signal.SIGSTOP)
    processes.until(
        lambda: shows("NRestarts") == "1" and shows("ActiveState") == "active",
        40,
        "the restart by the watchdog",
    )
    assert shows("MainPID") != old
    profile()


def check_stop():
    began = time.monotonic()
    systemctl("stop", UNIT)
    assert time.monotonic() - began < 5
    assert shows("Result") == "success" and shows("ExecMainStatus") == "0"
    assert not os.path.exists(SOCKET)
    assert (
        "scalene-mcp"
        not in subprocess.run(
            ["ps", "-eo", "comm"], check=True, text=True, capture_output=True
        ).stdout
    )


def check_permanent_exit():
    """A wrong setting is no reason to try again and again."""
    with open("/etc/default/scalene-mcp", "a") as file:
        file.write("SCALENE_MCP_PROFILERS=many\n")
    assert subprocess.run(["systemctl", "start", UNIT], capture_output=True).returncode != 0
    assert shows("ActiveState") == "failed" and shows("NRestarts") == "0"
    assert shows("ExecMainStatus") == "2"


def main(build, venv):
    install(build, venv)
    try:
        first = check_running()
        check_worker_killed()
        check_watchdog()
        check_stop()
        systemctl("start", UNIT)
        assert first in {row["profile_id"] for row in facts("list_profiles")["profiles"]}
        check_stop()
        check_permanent_exit()
    except BaseException:
        sys.stderr.write(
            subprocess.run(
                ["journalctl", "-b", "--no-pager", "-n", "60", "-u", UNIT],
                capture_output=True,
                text=True,
            ).stdout
        )
        raise


main(*sys.argv[1:])
