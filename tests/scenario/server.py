"""A real server with a state directory of its own: start it, look at its processes, end it and see
that nothing is left."""

import glob
import os
import pathlib
import re
import shutil
import signal
import tempfile
import uuid

import processes
from mcp_stdio import StdioClient, is_answer

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SCALENE_MCP_BUILD", ROOT / "build")).resolve()
PYTHON = os.environ.get("SCALENE_MCP_TEST_PYTHON", str(ROOT / "build/venv-test/bin/python"))
SERVER = BUILD / "bin/scalene-mcp"

SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error:")


def environment(mark):
    """What the server inherits: this environment without settings of its own, and the mark."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SCALENE_", "XDG_", "NOTIFY_")) and name != "VIRTUAL_ENV"
    }
    env["SCALENE_PYTHON_EXECUTABLE"] = PYTHON
    name, _, value = mark.partition("=")
    env[name] = value
    return env


def scalene_files():
    """Scalene's shared files whose process is gone: nobody else will remove them."""
    found = set()
    for path in glob.glob("/tmp/scalene-mem*") + glob.glob("/tmp/scalene-mal*"):
        pid = re.search(r"[0-9]+$", path)
        if pid and not processes.alive(int(pid.group())):
            found.add(path)
    return found


class Server(StdioClient):
    """scalene-mcp on stdio. `options` are added to its command line; `prefix` starts it."""

    def __init__(self, home, options=(), prefix=(), env=None, state=None):
        self.home = pathlib.Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.state = pathlib.Path(state or self.home / "state")
        # short, because a socket's path has to fit 107 characters
        self.runtime = pathlib.Path(tempfile.mkdtemp(prefix="smcp-"))
        self.mark = "SCENARIO_MARK=" + uuid.uuid4().hex
        self.log_path = self.home / ("server-%s.log" % uuid.uuid4().hex[:6])
        self.scalene_files = scalene_files()
        command = [
            str(SERVER),
            "serve",
            "--stdio",
            "--state",
            str(self.state),
            "--runtime",
            str(self.runtime),
            *options,
        ]
        with open(self.log_path, "wb") as log:
            super().__init__(
                command, {**environment(self.mark), **(env or {})}, self.home, log, prefix
            )

    # --- the tree

    def tree(self):
        return processes.by_role(self.mark)

    def pid(self, role, index=0):
        """The pid of a role's process, once it runs its own executable."""
        return processes.until(lambda: self.tree().get(role), what="a %s process" % role)[index]

    def ready(self):
        """Waits until every process can be spoken to, and returns server_status."""
        status = self.facts("server_status")
        while any(row["state"] != "ready" for row in status["processes"]):
            status = self.facts("server_status")
        return status

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_log(self, pattern, timeout=20):
        """The first line of the log in which the pattern is found."""

        def look():
            return next(
                (line for line in self.log().splitlines() if re.search(pattern, line)), None
            )

        return processes.until(look, timeout, "a log line with %r" % pattern)

    def kill(self, role, number=signal.SIGKILL):
        pid = self.pid(role)
        os.kill(pid, number)
        return pid

    # --- the end

    def leftovers(self):
        """What should be gone with the server: processes, sockets, locks, folders, shared files."""
        left = [
            "process %d %s" % (pid, executable_line(pid)) for pid in processes.marked(self.mark)
        ]
        left += [str(path) for path in self.runtime.rglob("*")]
        left += [
            str(path)
            for folder in ("instances", "jobs")
            for path in (self.state / folder).glob("*")
        ]
        return left + sorted(scalene_files() - self.scalene_files)

    def check_gone(self, timeout=5):
        """Nothing is left. Orphans of a killed process may take a moment to be reaped."""
        try:
            processes.until(lambda: not self.leftovers(), timeout, "the end of everything")
        except TimeoutError:
            raise AssertionError("left behind: %s\n%s" % (self.leftovers(), self.log())) from None
        shutil.rmtree(self.runtime, ignore_errors=True)

    def check_conversation(self):
        """Only JSON on standard output, one answer at most for each id, no sanitizer in the log."""
        assert not self.garbage, self.garbage
        ids = [repr(m["id"]) for m in self.messages if is_answer(m)]
        assert len(ids) == len(set(ids)), "answered twice: %s" % sorted(ids)
        assert not SANITIZER.search(self.log()), self.log()

    def stop(self, status=0):
        """Ends the server as a client does and checks that nothing is left."""
        self.stop_beside(status)
        self.check_gone()

    def stop_beside(self, status=0):
        """The same where another server goes on in the same state directory."""
        self.close_input()
        assert self.wait_exit() == status, self.log()
        self.check_conversation()

    def destroy(self):
        """After a failed test: ends whatever is left of this server."""
        for pid in [self.process.pid, *processes.marked(self.mark)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.runtime, ignore_errors=True)


def executable_line(pid):
    return processes.read("/proc/%d/cmdline" % pid).replace(b"\0", b" ").decode(errors="replace")
