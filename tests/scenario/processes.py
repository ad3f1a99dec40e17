"""What /proc says about the processes of one server: found by a mark in their environment, which
they and the programs they start inherit, wherever they end up in the tree."""

import os
import time

ROLES = ("store", "analyzer", "profiler", "front")


def until(condition, timeout=20, what="the condition"):
    """Waits for an event that cannot be waited for otherwise; returns what condition() returned."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError("%s did not happen within %g s" % (what, timeout))
        time.sleep(0.01)


def read(path):
    """The bytes of a /proc file, or nothing when the process is gone."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def state(pid):
    """The state letter of a process; "" when it is gone."""
    stat = read("/proc/%d/stat" % pid)
    return stat.rpartition(b")")[2].split()[0].decode() if stat else ""


def alive(pid):
    return state(pid) not in ("", "Z", "X")


def stopped(pid):
    """Whether every thread of a process stands still."""
    try:
        tasks = os.listdir("/proc/%d/task" % pid)
    except OSError:
        return False
    return all(state(int(task)) == "T" for task in tasks)


def executable(pid):
    try:
        return os.path.basename(os.readlink("/proc/%d/exe" % pid)).removesuffix(" (deleted)")
    except OSError:
        return ""


def parent(pid):
    stat = read("/proc/%d/stat" % pid)
    return int(stat.rpartition(b")")[2].split()[1]) if stat else 0


def marked(mark):
    """The live processes whose environment holds NAME=VALUE."""
    needle = b"\0" + mark.encode() + b"\0"
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if needle in b"\0" + read("/proc/%d/environ" % pid) and alive(pid)]


def by_role(mark):
    """{"supervisor": [pid], "store": [pid], ...}; Python processes are under "program"."""
    tree = {}
    for pid in marked(mark):
        name = executable(pid)
        if name == "scalene-mcp":
            role = "supervisor"
        elif name.startswith("scalene-mcp-"):
            role = name.removeprefix("scalene-mcp-")
        else:
            role = "program"
        tree.setdefault(role, []).append(pid)
    return tree


def pss_kib(pid):
    """Proportional set size."""
    for line in read("/proc/%d/smaps_rollup" % pid).splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1])
    return 0
