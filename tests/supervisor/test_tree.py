"""The real scalene-mcp over children whose behaviour is chosen (child_double.c).

Usage: test_tree.py SCALENE_MCP CHILD_DOUBLE. Waits for events with a limit, never for time to pass.
"""

import os
import pathlib
import pty
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

SUPERVISOR = DOUBLE = ""
LIMIT_S = 30
ROLES = ("store", "analyzer", "profiler", "front")


class Lines:
    """Lines of a stream, read by a thread and waited for by pattern."""

    def __init__(self, stream):
        self.seen = []
        self.queue = queue.Queue()
        self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream):
        try:
            for line in stream:
                self.queue.put(line.decode(errors="replace").rstrip("\r\n"))
        except OSError:                 # how a terminal says that nobody is at its other end
            pass
        self.queue.put(None)
        stream.close()

    def wait(self, pattern, limit_s=LIMIT_S):
        end = time.monotonic() + limit_s
        while True:
            line = self.queue.get(timeout=max(0.001, end - time.monotonic()))
            if line is None:
                raise AssertionError(f"stream ended before {pattern!r}; seen: {self.seen[-20:]}")
            self.seen.append(line)
            match = re.search(pattern, line)
            if match:
                return match

    def rest(self):
        while (line := self.queue.get(timeout=LIMIT_S)) is not None:
            self.seen.append(line)
        return self.seen


class Server:
    def __init__(self, *options, stdin=subprocess.PIPE, stdout=subprocess.PIPE, exclude=(), **behaviour):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="smt-", dir="/tmp"))
        self.mark = f"SCALENE_MCP_TEST_MARK={uuid.uuid4()}"
        libexec = self.folder / "libexec"
        libexec.mkdir()
        for role in ROLES:
            if role not in exclude:
                (libexec / f"scalene-mcp-{role}").symlink_to(DOUBLE)
        name, value = self.mark.split("=")
        environment = dict(os.environ, SCALENE_MCP_LIBEXEC=str(libexec), **{name: value})
        environment.update({f"DOUBLE_{role}": how for role, how in behaviour.items()})
        self.process = subprocess.Popen(
            [SUPERVISOR, "serve", "--state", str(self.folder / "state"), "--runtime", str(self.folder / "run"),
             "--profilers", "1", "--log-level", "debug", *options],
            stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=environment)
        self.log = Lines(self.process.stderr)
        self.out = Lines(self.process.stdout) if stdout == subprocess.PIPE else None

    def say(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def wait_up(self, incarnation=r"\d+"):
        """Until the front was told of every worker, in whatever order; pids by role."""
        pids = {}
        while set(pids) != {"store", "analyzer", "profiler"}:
            match = self.out.wait(rf"^up (\S+) 0 {incarnation} (\d+) ")
            pids[match[1]] = int(match[2])
        return pids

    def tree(self):
        self.say("tree")
        rows = {}
        while True:
            match = self.out.wait(r"^(child|end) (\S+) (\d+) (\d+) (-?\d+) state=(\S+) restarts=(\d+) value=(\d+) text=(.*)$")
            if match[1] == "end":
                return rows
            rows[match[2]] = dict(incarnation=int(match[4]), pid=int(match[5]), state=match[6], restarts=int(match[7]),
                                  uptime=int(match[8]), text=match[9])

    def processes(self):
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and self.mark.encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
        return found

    def finish(self, expected=0, hang_up=True, limit_s=LIMIT_S):
        """Ends it, and checks that nothing is left."""
        if hang_up and self.process.stdin:
            self.process.stdin.close()
        code = self.process.wait(timeout=limit_s)
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        log = self.log.rest()
        assert code == expected, (code, log)
        assert self.processes() == [], (self.processes(), log)
        assert list((self.folder / "state" / "instances").iterdir()) == [], log
        assert list((self.folder / "run").iterdir()) == [], log
        shutil.rmtree(self.folder)
        return log

    def abandon(self):
        """After a failed test: leaves no process behind, and shows the log."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


class TreeTest(unittest.TestCase):
    def server(self, *options, **keywords):
        server = Server(*options, **keywords)
        self.addCleanup(server.abandon)
        return server

    def test_starts_links_and_stops(self):
        server = self.server()
        server.wait_up(1)
        tree = server.tree()
        self.assertEqual(set(tree), {"supervisor", *ROLES})
        self.assertEqual(tree["supervisor"]["pid"], server.process.pid)
        for role in ROLES:
            self.assertEqual((tree[role]["state"], tree[role]["incarnation"], tree[role]["text"]), ("ready", 1, ""))
        begin = time.monotonic()
        log = server.finish()
        self.assertLess(time.monotonic() - begin, 2)
        self.assertTrue(any("front.0/1 pid" in line and "exit 0 OK" in line for line in log))

    def test_inherits_nothing_it_should_not(self):
        server = self.server()
        server.wait_up()
        tree = server.tree()
        for role in ROLES:
            numbers = {int(n) for n in os.listdir(f"/proc/{tree[role]['pid']}/fd")}
            self.assertEqual(numbers, set(range(9)) if role == "front" else {0, 1, 2, 3}, role)
            self.assertEqual(os.readlink(f"/proc/{tree[role]['pid']}/fd/0"), "/dev/null")
            self.assertEqual(os.getsid(tree[role]["pid"]), tree[role]["pid"])
        server.finish()

    def test_a_killed_worker_is_back_at_once_as_the_next_incarnation(self):
        for role in ("store", "analyzer", "profiler"):
            server = self.server()
            pid = int(server.out.wait(rf"^up {role} 0 1 (\d+) ")[1])
            os.kill(pid, signal.SIGKILL)
            self.assertTrue(server.out.wait(rf"^down {role} 0 1 .*value=0 text=SIGKILL"))
            self.assertNotEqual(int(server.out.wait(rf"^up {role} 0 2 (\d+) ")[1]), pid)
            self.assertEqual(list((server.folder / "run").glob(f"*/{role}.0.1-*")), [])
            row = server.tree()[role]
            self.assertEqual((row["incarnation"], row["restarts"], row["text"]), (2, 1, "SIGKILL"))
            server.log.wait(rf"{role}\.0/1 pid {pid} ended: SIGKILL .*starts again")
            server.finish()

    def test_a_killed_front_is_linked_again_and_its_sockets_are_gone(self):
        server = self.server()
        server.wait_up(1)
        server.say("done")
        server.out.wait("^obeyed")
        server.say("die")
        server.wait_up(1)
        names = sorted(p.name for p in (server.folder / "run").glob("*/*"))
        self.assertEqual(names, ["analyzer.0.1-0-2", "lock", "profiler.0.1-0-2", "store.0.1-0-2"])
        self.assertEqual(server.tree()["front"]["incarnation"], 2)
        server.finish()

    def test_a_worker_that_crashes_at_first_recovers(self):
        server = self.server(store="crash@3")
        server.out.wait(r"^up store 0 4 ")
        log = server.finish()
        delays = [re.search(r"starts again in (\d+) ms", line) for line in log if "store.0/" in line and "ended" in line]
        self.assertEqual([m[1] if m else "0" for m in delays[:3]], ["0", "100", "200"])
        self.assertTrue(any("SIGABRT" in line for line in log))

    def test_a_class_over_its_limit_is_degraded_and_the_rest_lives(self):
        server = self.server("--restarts", "2/60", analyzer="crash")
        server.out.wait(r"^degraded analyzer 0 3 .*value=10000")
        tree = server.tree()
        self.assertEqual((tree["analyzer"]["state"], tree["analyzer"]["pid"]), ("degraded", 0))
        self.assertEqual((tree["store"]["state"], tree["profiler"]["state"]), ("ready", "ready"))
        server.say("done")
        server.say("die")
        server.out.wait(r"^degraded analyzer")          # a new front is told as well
        server.finish()

    def test_a_worker_that_says_it_cannot_is_not_tried_again_soon(self):
        server = self.server(store="refuse")
        server.out.wait(r"^degraded store 0 1 .*text=exit 4 CANNOT_START")
        server.finish()

    def test_a_missing_executable_is_named(self):
        server = self.server(exclude=("analyzer",))
        server.out.wait(r"^degraded analyzer 0 1 .*text=exec: No such file or directory")
        log = server.finish()
        self.assertTrue(any("scalene-mcp-analyzer cannot be executed" in line for line in log))

    def test_a_missing_front_ends_the_server(self):
        self.server(exclude=("front",)).finish(expected=4, hang_up=False)

    def test_a_front_that_keeps_crashing_ends_the_server(self):
        log = self.server("--restarts", "2/60", front="crash").finish(expected=5, hang_up=False)
        self.assertTrue(any("over its restart limit; the server stops" in line for line in log))

    def test_a_permanent_exit_of_the_front_is_ours(self):
        server = self.server()
        server.say("exit 2")
        server.finish(expected=2, hang_up=False)

    def test_the_hung_are_killed_and_replaced(self):
        cases = (("stop@1", "was silent"), ("busy@1", "was busy past its deadline"), ("mute@1", "was not ready in time"),
                 ("close@1", "closed its control channel"), ("flood@1", "flooded its control channel"),
                 ("garbage@1", "sent control records that cannot be read"))
        servers = [self.server(profiler=how) for how, _ in cases]
        for (how, why), server in zip(cases, servers):
            with self.subTest(how):
                self.assertIn(why, server.out.wait(r"^down profiler 0 1 .*text=(.*)$")[1])
                server.out.wait(r"^up profiler 0 2 ")
                log = server.finish()
                if how == "busy@1":
                    self.assertTrue(any("busy with PROFILE_RUN" in line for line in log if "ended" in line))

    def test_records_of_another_incarnation_are_dropped(self):
        server = self.server(store="claim")
        server.log.wait(r"store\.0/1: record of store\.0/6 dropped")
        server.finish()

    def test_what_a_dead_worker_left_is_killed(self):
        for end in (signal.SIGKILL, signal.SIGSTOP):
            with self.subTest(end):
                server = self.server(profiler="tree@1")
                pid = int(server.out.wait(r"^up profiler 0 1 (\d+) ")[1])
                tree = server.tree()
                ours = {row["pid"] for row in tree.values()}
                strangers = set(server.processes()) - ours
                self.assertEqual(len(strangers), 3)
                os.kill(pid, end)
                server.out.wait(r"^up profiler 0 2 ")
                server.log.wait(r"killed \d+ processes that a dead child had left")
                left = strangers & set(server.processes())
                end_s = time.monotonic() + LIMIT_S
                while left and time.monotonic() < end_s:
                    left = strangers & set(server.processes())
                self.assertEqual(left, set())
                server.finish()

    def test_signals(self):
        for number, code in ((signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)):
            with self.subTest(number):
                server = self.server()
                server.out.wait("^up profiler")
                begin = time.monotonic()
                server.process.send_signal(number)
                server.finish(expected=code, hang_up=False)
                self.assertLess(time.monotonic() - begin, 2)

    def test_whoever_resists_is_killed_at_its_limit(self):
        server = self.server(profiler="resist", analyzer="resist")
        server.out.wait("^up profiler")
        log = server.finish()
        self.assertTrue(any("profiler.0/1" in line and "did not stop in time" in line for line in log))

    def test_a_second_interrupt_kills_at_once(self):
        server = self.server(front="resist", store="resist")
        server.out.wait("^up store")
        server.process.send_signal(signal.SIGINT)
        server.log.wait("stopping: SIGINT")
        begin = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        server.finish(expected=130, hang_up=False)
        self.assertLess(time.monotonic() - begin, 0.9)

    def test_a_terminated_server_in_mid_start(self):
        server = self.server(store="mute", front="mute")
        server.log.wait("front.0/1 pid .* started")
        server.process.send_signal(signal.SIGTERM)
        server.finish(hang_up=False)

    def test_children_leave_when_the_supervisor_is_killed_and_the_next_one_clears_up(self):
        server = self.server()
        server.out.wait("^up profiler")
        server.process.kill()
        server.process.wait()
        server.process.stdin.close()
        end = time.monotonic() + LIMIT_S
        while server.processes() and time.monotonic() < end:
            pass
        self.assertEqual(server.processes(), [])
        self.assertEqual(len(list((server.folder / "state" / "instances").iterdir())), 1)
        subprocess.run([SUPERVISOR, "--state", server.folder / "state", "--runtime", server.folder / "run"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT_S,
                       env=dict(os.environ, SCALENE_MCP_LIBEXEC=str(server.folder / "libexec")))
        self.assertEqual(list((server.folder / "state" / "instances").iterdir()), [])
        self.assertEqual(list((server.folder / "run").iterdir()), [])

    def hold(self, server, count=3):
        for _ in range(count):
            server.say("hold")
            server.out.wait("^obeyed front")

    def answers(self, server):
        return sum(line.startswith("answer front") for line in server.out.rest())

    def assert_the_workers_outlived_the_fronts(self, log):
        """No worker was asked to leave before the last front had ended."""
        ends = [re.search(r"(\w+)\.0/\d+ pid \d+ ended", line) for line in log]
        roles = [match[1] for match in ends if match]
        self.assertEqual(roles, ["front", "front", "profiler", "analyzer", "store"], log)

    def test_a_front_that_died_before_the_stop_answers_all_the_same(self):
        for delay_ms in (0, 0, 1, 2, 4):
            with self.subTest(delay_ms):
                server = self.server()
                server.wait_up(1)
                self.hold(server)
                os.kill(server.tree()["front"]["pid"], signal.SIGKILL)
                time.sleep(delay_ms / 1000)
                server.process.send_signal(signal.SIGTERM)
                begin = time.monotonic()
                log = server.finish(hang_up=False)
                self.assertLess(time.monotonic() - begin, 2)
                self.assertEqual(self.answers(server), 3, log)
                self.assert_the_workers_outlived_the_fronts(log)

    def test_a_front_that_dies_while_it_leaves_answers_all_the_same(self):
        server = self.server(front="resist@1")
        server.wait_up(1)
        self.hold(server)
        pid = server.tree()["front"]["pid"]
        server.process.send_signal(signal.SIGTERM)
        server.log.wait("stopping: SIGTERM")
        os.kill(pid, signal.SIGKILL)
        log = server.finish(hang_up=False)
        self.assertEqual(self.answers(server), 3, log)
        self.assert_the_workers_outlived_the_fronts(log)

    def test_a_stopping_front_is_started_again_only_once(self):
        server = self.server(front="resist")
        server.wait_up(1)
        pid = server.tree()["front"]["pid"]
        server.process.send_signal(signal.SIGTERM)
        server.log.wait("stopping: SIGTERM")
        os.kill(pid, signal.SIGKILL)
        os.kill(int(server.log.wait(r"front\.0/2 pid (\d+) started")[1]), signal.SIGKILL)
        log = server.finish(hang_up=False)
        self.assertFalse(any("front.0/3" in line for line in log), log)

    def test_the_stop_is_short_whoever_is_stopped(self):
        for role in (*ROLES, "all"):
            for end in ("SIGTERM", "end of file"):
                with self.subTest(f"{role}, {end}"):
                    server = self.server()
                    server.wait_up(1)
                    server.say("done")                  # else the front's death is an early one
                    self.hold(server)
                    tree = server.tree()
                    for name in ROLES if role == "all" else (role,):
                        os.kill(tree[name]["pid"], signal.SIGSTOP)
                    begin = time.monotonic()
                    if end == "SIGTERM":
                        server.process.send_signal(signal.SIGTERM)
                    log = server.finish(hang_up=end != "SIGTERM")
                    self.assertLess(time.monotonic() - begin, 2, log)
                    self.assertEqual(self.answers(server), 3, log)

    def test_a_stopped_front_behind_a_socket_pair_does_not_hold_the_end_up(self):
        ours, theirs = socket.socketpair()
        server = self.server(stdin=theirs, stdout=theirs)
        theirs.close()
        lines = Lines(ours.makefile("rb"))
        pid = int(server.log.wait(r"front\.0/1 pid (\d+) started")[1])
        ours.sendall(b"hold\n")
        lines.wait("^obeyed front")
        os.kill(pid, signal.SIGSTOP)
        begin = time.monotonic()
        ours.shutdown(socket.SHUT_WR)
        server.finish()
        self.assertLess(time.monotonic() - begin, 2)
        self.assertEqual(sum(line.startswith("answer front") for line in lines.rest()), 1)
        ours.close()

    def test_a_front_that_hangs_again_does_not_hold_the_end_up(self):
        server = self.server(front="again")
        server.wait_up(1)
        server.say("done")
        server.out.wait("^obeyed front")
        os.kill(server.tree()["front"]["pid"], signal.SIGSTOP)
        begin = time.monotonic()
        server.process.stdin.close()
        log = server.finish()
        self.assertTrue(any("front.0/2 pid" in line and "the server stops at once" in line for line in log), log)
        self.assertLess(time.monotonic() - begin, 2)

    def test_a_hung_worker_is_killed_with_what_it_started(self):
        server = self.server(profiler="tree")
        server.wait_up(1)
        os.kill(server.tree()["profiler"]["pid"], signal.SIGSTOP)
        begin = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.finish(hang_up=False)                    # which looks for processes that are left
        self.assertLess(time.monotonic() - begin, 2)

    def test_a_silent_front_is_let_be_while_the_client_is_there(self):
        server = self.server()
        server.wait_up(1)
        pid = server.tree()["front"]["pid"]
        os.kill(pid, signal.SIGSTOP)
        time.sleep(2)                                   # more than a client that has gone would allow
        os.kill(pid, signal.SIGCONT)
        self.assertEqual(server.tree()["front"]["pid"], pid)
        server.finish()

    def test_what_a_front_over_its_limit_wrote_reaches_the_client(self):
        ours, theirs = socket.socketpair()
        server = self.server("--restarts", "0/60", stdin=theirs, stdout=theirs)
        theirs.close()
        server.log.wait("profiler.0/1 ready")
        ours.sendall(b"fill 163840\ndie\n")             # more than the socket and the pump hold
        server.log.wait("over its restart limit; the server stops")
        for role in ("store", "analyzer", "profiler"):
            server.log.wait(r"(store|analyzer|profiler)\.0/1 pid \d+ ended")
        lines = Lines(ours.makefile("rb"))              # read only now that nobody else lives
        server.finish(expected=5)
        self.assertEqual(sum(len(line) + 1 for line in lines.rest() if line.startswith(".")), 163840)
        ours.close()

    def test_nobody_is_blamed_when_the_whole_tree_was_frozen(self):
        server = self.server()
        server.wait_up(1)
        pids = [row["pid"] for row in server.tree().values()]   # the supervisor comes first
        asleep = 0
        while asleep < 20:                              # in poll, done with what it was asked
            with open("/proc/%d/stat" % pids[0]) as stat:
                asleep = asleep + 1 if stat.read().rsplit(")", 1)[1].split()[0] == "S" else 0
            time.sleep(0.002)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(6.5)                                 # longer than any child may be silent
        os.kill(pids[0], signal.SIGCONT)
        server.log.wait("was not running for .* deadlines are moved")
        for pid in pids[1:]:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual([row["pid"] for row in server.tree().values()], pids)
        server.finish()

    def test_a_client_behind_a_socket_pair(self):
        ours, theirs = socket.socketpair()
        server = self.server(stdin=theirs, stdout=theirs)
        theirs.close()
        lines = Lines(ours.makefile("rb"))
        lines.wait("^up profiler")
        ours.sendall(b"done\n")
        lines.wait("^obeyed front")
        ours.sendall(b"die\n")
        lines.wait("^up profiler 0 1 ")                 # by way of the next front, through the same socket
        ours.shutdown(socket.SHUT_WR)
        server.finish()
        lines.rest()
        ours.close()

    def test_a_terminal(self):
        ours, theirs = pty.openpty()
        server = self.server(stdin=theirs, stdout=theirs)
        os.close(theirs)
        server.log.wait("waiting for MCP messages on standard input; .*--help")
        lines = Lines(os.fdopen(os.dup(ours), "rb"))
        lines.wait("^up profiler")
        os.write(ours, b"done\n")
        lines.wait("^obeyed front")
        os.write(ours, b"\x04")                         # end of file, as typed
        server.finish()
        os.close(ours)

    def test_a_file_as_standard_input_and_output(self):
        with tempfile.TemporaryFile() as commands, tempfile.TemporaryFile() as answers:
            commands.write(b"done\ndone\n")
            commands.seek(0)
            self.server(stdin=commands, stdout=answers).finish()
            answers.seek(0)
            self.assertEqual(answers.read().count(b"obeyed front"), 2)

    def test_nobody_reads_standard_error(self):
        folder = tempfile.mkdtemp(prefix="smt-", dir="/tmp")
        libexec = pathlib.Path(folder) / "libexec"
        libexec.mkdir()
        for role in ROLES:
            (libexec / f"scalene-mcp-{role}").symlink_to(DOUBLE)
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 4096)
        except BlockingIOError:
            os.set_blocking(writer, True)
        process = subprocess.Popen([SUPERVISOR, "--state", folder + "/s", "--runtime", folder + "/r"], stderr=writer,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env=dict(os.environ, SCALENE_MCP_LIBEXEC=str(libexec)))
        out = Lines(process.stdout)
        out.wait("^up store")
        process.stdin.close()
        self.assertEqual(process.wait(timeout=LIMIT_S), 0)
        out.rest()
        os.close(reader)
        os.close(writer)
        shutil.rmtree(folder)

    def test_http_socket(self):
        folder = tempfile.mkdtemp(prefix="smt-", dir="/tmp")
        server = self.server("--stdio", "--http", f"unix:{folder}/mcp.sock")
        server.out.wait("^up profiler")
        self.assertEqual(os.stat(f"{folder}/mcp.sock").st_mode & 0o777, 0o600)
        pid = server.tree()["front"]["pid"]
        self.assertTrue(os.readlink(f"/proc/{pid}/fd/9").startswith("socket:"))
        server.finish()
        self.assertEqual(os.listdir(folder), [])
        os.rmdir(folder)

    def test_systemd_is_told(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            name = "\0smt-" + uuid.uuid4().hex
            manager.bind(name)
            manager.settimeout(LIMIT_S)
            os.environ.update(NOTIFY_SOCKET="@" + name[1:], WATCHDOG_USEC="400000")
            try:
                server = self.server(store="crash@2")
            finally:
                del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
            heard = []
            while sum(text.startswith("READY=1") for text in heard) < 1 or heard.count("WATCHDOG=1") < 3:
                heard.append(manager.recv(4096).decode())
            pid = server.tree()["store"]["pid"]
            self.assertNotIn(b"NOTIFY_SOCKET", pathlib.Path(f"/proc/{pid}/environ").read_bytes())
            self.assertEqual(server.tree()["store"]["incarnation"], 3)
            server.finish()
            manager.setblocking(False)
            try:
                while True:
                    heard.append(manager.recv(4096).decode())
            except BlockingIOError:
                pass
            self.assertTrue(heard[-1].startswith("STOPPING=1"), heard)


if __name__ == "__main__":
    SUPERVISOR, DOUBLE = (os.path.abspath(path) for path in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
