"""Bad input of every kind. Each gets a clear answer with the next step, and the server goes on."""

import os
import re
import subprocess
import time

import pytest

import processes
import programs
from mcp_stdio import Closed
from server import Server

UNKNOWN_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

# A server without root's right to read everything, so that permissions mean what they say.
UNPRIVILEGED = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
)


class Row:
    """One bad call: `fields` are its arguments, `{dir}` in them being the test's folder."""

    def __init__(self, name, tool, error, names, **fields):
        self.name, self.tool, self.error, self.names, self.fields = name, tool, error, names, fields


def script(name, row, error, names, **more):
    return Row(row, "profile_script", error, names, script_path="{dir}/" + name, **more)


# name, error, what the message (or the hint) names, the call
REFUSED = [
    script("missing.py", "missing script", "not_found", "{dir}/missing.py"),
    script("folder.py", "a directory", "invalid_argument", "{dir}/folder.py"),
    script("secret.py", "not readable", "not_readable", "{dir}/secret.py"),
    script("notes.txt", "no Python file", "invalid_argument", "notes.txt"),
    script("bom.py", "byte order mark", "invalid_argument", "bom.py"),
    script("latin1.py", "not UTF-8", "invalid_argument", "latin1.py"),
    script("x" * 4000 + ".py", "name too long", None, ""),
    script("ok.py", "missing folder", "not_found", "{dir}/nowhere", cwd="{dir}/nowhere"),
    script("ok.py", "no Python", "no_python", "/no/such/python", python="/no/such/python"),
    script("ok.py", "Python is a folder", "no_python", "{dir}", python="{dir}"),
    script(
        "ok.py",
        "no Scalene",
        "no_scalene",
        "{dir}/empty/bin/python",
        python="{dir}/empty/bin/python",
    ),
    script("ok.py", "misspelt option", "invalid_argument", "memroy", memroy=True),
    script("ok.py", "unknown option", "invalid_argument", "frobnicate", frobnicate=1),
    script("ok.py", "text for a truth value", "invalid_argument", "memory", memory="yes"),
    script("ok.py", "negative timeout", "invalid_argument", "timeout", timeout=-1),
    script("ok.py", "huge timeout", "invalid_argument", "timeout", timeout=1e300),
    script("ok.py", "negative wait", "invalid_argument", "wait_s", wait_s=-0.5),
    script("ok.py", "text for arguments", "invalid_argument", "script_args", script_args="a b"),
    script(
        "ok.py", "number among arguments", "invalid_argument", "script_args", script_args=["a", 7]
    ),
    script("ok.py", "number in the environment", "invalid_argument", "env", env={"A": 1}),
    script("ok.py", "equals in a variable's name", "invalid_argument", "env", env={"A=B": "1"}),
    script("ok.py", "no CPU profile", "invalid_argument", "cpu", cpu=False),
    script(
        "ok.py",
        "huge sampling rate",
        "invalid_argument",
        "cpu_sampling_rate",
        cpu_sampling_rate=1e9,
    ),
    script("ok.py", "script and module", "invalid_argument", "module", module="json.tool"),
    Row("neither script nor module", "profile_script", "invalid_argument", "script_path"),
    Row("script is a number", "profile_script", "invalid_argument", "script_path", script_path=7),
    Row("empty script", "profile_script", "invalid_argument", "script_path", script_path=""),
    Row("no code", "profile_code", "invalid_argument", "code"),
    Row("empty code", "profile_code", "invalid_argument", "code", code=""),
    Row("a megabyte of code", "profile_code", "invalid_argument", "code", code="x" * (1 << 20)),
    Row("code is a list", "profile_code", "invalid_argument", "code", code=["print(1)"]),
    Row("unknown profile", "get_profile", "not_found", UNKNOWN_ID, profile_id=UNKNOWN_ID),
    Row(
        "unknown profile's hotspots",
        "get_cpu_hotspots",
        "not_found",
        UNKNOWN_ID,
        profile_id=UNKNOWN_ID,
    ),
    Row("path as id", "get_profile", "invalid_argument", "profile_id", profile_id="../../x"),
    Row(
        "a megabyte of id",
        "get_profile",
        "invalid_argument",
        "profile_id",
        profile_id="A" * (1 << 20),
    ),
    Row("id of wildcards", "get_profile", "invalid_argument", "profile_id", profile_id="%" * 26),
    Row("id is null", "get_profile", "invalid_argument", "profile_id", profile_id=None),
    Row("id is a number", "get_profile", "invalid_argument", "profile_id", profile_id=26),
    Row("id is an object", "get_profile", "invalid_argument", "profile_id", profile_id={"a": 1}),
    Row("unknown job", "get_job", "not_found", UNKNOWN_ID, job_id=UNKNOWN_ID),
    Row("unknown job to cancel", "cancel_job", "not_found", UNKNOWN_ID, job_id=UNKNOWN_ID),
    Row("path as job", "cancel_job", "invalid_argument", "job_id", job_id="../../jobs"),
    Row("no job", "get_job", "invalid_argument", "job_id"),
    Row(
        "negative top_n",
        "get_cpu_hotspots",
        "invalid_argument",
        "top_n",
        profile_id="{id}",
        top_n=-1,
    ),
    Row("zero top_n", "get_cpu_hotspots", "invalid_argument", "top_n", profile_id="{id}", top_n=0),
    Row(
        "half top_n", "get_cpu_hotspots", "invalid_argument", "top_n", profile_id="{id}", top_n=2.5
    ),
    Row(
        "huge top_n",
        "get_cpu_hotspots",
        "invalid_argument",
        "top_n",
        profile_id="{id}",
        top_n=10**30,
    ),
    Row(
        "top_n in words",
        "get_cpu_hotspots",
        "invalid_argument",
        "top_n",
        profile_id="{id}",
        top_n="ten",
    ),
    Row(
        "unknown file",
        "get_cpu_hotspots",
        "not_found",
        "nowhere.py",
        profile_id="{id}",
        filename="nowhere.py",
    ),
    Row(
        "wrong cursor",
        "get_cpu_hotspots",
        "invalid_argument",
        "cursor",
        profile_id="{id}",
        cursor="zzz",
    ),
    Row(
        "wrong list cursor",
        "list_profiles",
        "invalid_argument",
        "cursor",
        cursor="'; DROP TABLE profiles",
    ),
    Row("negative limit", "list_profiles", "invalid_argument", "limit", limit=-5),
    Row("limit is infinite", "list_profiles", "invalid_argument", "limit", limit=1e308),
    Row("search is a list", "list_profiles", "invalid_argument", "search", search=[]),
]


def fill(value, **names):
    """Replaces {name} in texts, however deep."""
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace("{%s}" % name, text)
    elif isinstance(value, list):
        value = [fill(item, **names) for item in value]
    elif isinstance(value, dict):
        value = {key: fill(item, **names) for key, item in value.items()}
    return value


def prepare(folder):
    """The files that the rows name."""
    folder.mkdir()
    (folder / "folder.py").mkdir()
    (folder / "ok.py").write_text("print('ok')\n")
    (folder / "notes.txt").write_text("print('ok')\n")
    (folder / "bom.py").write_bytes(b"\xef\xbb\xbfprint('ok')\n")
    (folder / "latin1.py").write_bytes(b"# -*- coding: latin-1 -*-\nprint('\xe9')\n")
    (folder / "secret.py").write_text("print('secret')\n")
    (folder / "secret.py").chmod(0)
    subprocess.run(
        ["/usr/bin/python3", "-m", "venv", "--without-pip", folder / "empty"], check=True
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for the whole table, with one profile in its store."""
    home = tmp_path_factory.mktemp("bad")
    folder = home / "files"
    prepare(folder)
    server = Server(home / "server", prefix=UNPRIVILEGED if os.geteuid() == 0 else ())
    try:
        run = server.facts("profile_code", {"code": programs.BUSY, "memory": False})
        server.names = {"dir": str(folder), "id": run["profile_id"]}
        yield server
        server.stop()
    finally:
        server.destroy()


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name)
def test_refused(shared, row):
    began = time.monotonic()
    error = shared.refusal(row.tool, fill(row.fields, **shared.names))
    assert time.monotonic() - began < 10
    assert row.error in (None, error["error"]), error
    assert fill(row.names, **shared.names) in error["message"], error
    assert error["hint"], error
    assert len(error["message"]) + len(error["hint"]) < 3000
    assert len(shared.facts("list_profiles", {"limit": 1})["profiles"]) == 1


# Enough work for some samples, line by line: one long call would have none.
WORK = "for number in range(9000000):\n    pass\n"

# Programs that end badly are no errors: name, source, outcome, what is expected of the answer.
ENDINGS = [
    ("syntax error", "def broken(:\n", "nonzero_exit", {"stderr_tail": "SyntaxError"}),
    (
        "raises",
        WORK + "raise ValueError('on purpose')\n",
        "nonzero_exit",
        {"stderr_tail": "ValueError: on purpose", "exit_code": 1},
    ),
    ("exits 3", "import sys\n" + WORK + "sys.exit(3)\n", "nonzero_exit", {"exit_code": 3}),
    (
        "dies by a signal",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n",
        "signal",
        {"signal": "SIGSEGV"},
    ),
    (
        "reads stdin",
        "import sys\nprint('read', repr(sys.stdin.buffer.read()))\n" + WORK,
        "ok",
        {"stdout_tail": "read b''"},
    ),
    ("too short", "print('short')\n", "no_samples", {"stdout_tail": "short", "exit_code": 0}),
    ("empty", "", "no_samples", {"exit_code": 0}),
    (
        "writes what is no text",
        "import sys\n" + WORK + "sys.stdout.buffer.write(b'\\xff\\xfe\\x00\\x1b[31mred')\n",
        "ok",
        {"exit_code": 0},
    ),
    ("closes its output", "import os\nos.close(1)\nos.close(2)\n" + WORK, None, {}),
    (
        "writes 20 MB",
        "import sys\nfor _ in range(20):\n    sys.stdout.write('x' * (1 << 20))\nprint()\n"
        "print('end')\n",
        None,
        {"stdout_tail": "end"},
    ),
    (
        "writes a protocol line",
        'print(\'{"jsonrpc":"2.0","id":1,"result":{}}\')\n' + WORK,
        "ok",
        {"stdout_tail": '{"jsonrpc"'},
    ),
]


@pytest.mark.parametrize("name, text, outcome, expected", ENDINGS, ids=[row[0] for row in ENDINGS])
def test_programs_that_end_badly(shared, tmp_path, name, text, outcome, expected):
    path = programs.write(tmp_path, name + " – größe.py", text)
    run = shared.facts("profile_script", {"script_path": path, "memory": False})
    assert outcome in (None, run["outcome"]), run
    for key, value in expected.items():
        assert value in run[key] if isinstance(value, str) else run[key] == value, run
    assert shared.facts("list_profiles", {"limit": 1})["profiles"]


def test_outside_the_roots(start, tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "program.py").write_text(programs.BUSY)
    (inside / "link.py").symlink_to(outside / "program.py")
    server = start(options=["--root", str(inside)])
    for path in (
        outside / "program.py",
        inside / ".." / "outside" / "program.py",
        inside / "link.py",
    ):
        error = server.refusal("profile_script", {"script_path": str(path)})
        assert error["error"] == "outside_root"
        assert str(path) in error["message"] or str(path.resolve()) in error["message"]
        assert str(inside) in error["message"] + error["hint"]
    error = server.refusal(
        "profile_script", {"script_path": str(inside / "program.py"), "cwd": str(outside)}
    )
    assert error["error"] == "outside_root"
    assert (
        server.facts(
            "profile_script", {"script_path": str(inside / "program.py"), "memory": False}
        )["outcome"]
        == "ok"
    )


def test_read_only_server(start, tmp_path):
    server = start(options=["--read-only"])
    assert server.refusal("profile_code", {"code": "print(1)"})["error"] == "read_only"
    assert server.facts("list_profiles")["profiles"] == []


def test_too_many_jobs(start, tmp_path):
    server = start(options=["--profilers", "1"])
    held = programs.Held(tmp_path / "held")
    jobs = [server.call("profile_script", held.arguments(wait_s=0)) for _ in range(80)]
    refused = [job["structuredContent"] for job in jobs if job.get("isError")]
    accepted = [job["structuredContent"]["job_id"] for job in jobs if not job.get("isError")]
    assert refused and {error["error"] for error in refused} == {"busy"}
    assert all(error["hint"] for error in refused)
    assert len(accepted) >= 64
    for job in reversed(accepted):
        server.facts("cancel_job", {"job_id": job})
    assert server.facts("profile_code", {"code": programs.BUSY, "memory": False})["outcome"] == "ok"


# --- the state directory


def fails_to_start(tmp_path, words, prefix=(), **options):
    """The server ends at once, with the exit for it and a message that names the way out."""
    server = Server(tmp_path / "server", prefix=prefix, **options)
    try:
        status = server.wait_exit(20)
        assert status == 4, server.log()
        assert words in server.log() and "--state" in server.log()
        assert processes.marked(server.mark) == []
    finally:
        server.destroy()


def test_state_directory_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    fails_to_start(tmp_path, str(tmp_path / "file"), state=tmp_path / "file")


def test_state_directory_is_read_only(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    fails_to_start(
        tmp_path, str(folder), state=folder, prefix=UNPRIVILEGED if os.geteuid() == 0 else ()
    )


def test_damaged_database(start, tmp_path):
    """No data is lost silently: the store refuses, and says which file it is about."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "scalene-mcp.db").write_bytes(b"no database, but somebody's data\n" * 400)
    server = start(state=state)
    try:
        error = server.refusal("list_profiles")
        assert error["error"] in ("corrupt", "storage", "degraded") and error["hint"]
        server.wait_log("scalene-mcp.db")
        server.close_input()
        server.wait_exit()
    except Closed:
        assert server.wait_exit() in (4, 8)
        assert "scalene-mcp.db" in server.log()
    assert (state / "scalene-mcp.db").read_bytes().startswith(b"no database")


def test_full_state_directory(start, tmp_path):
    """On a file system of two megabytes, which fills up while the server runs."""
    state = tmp_path / "small"
    state.mkdir(mode=0o700)
    # in a chroot "/" is no mount point; then only where nothing mounted shows outside
    mount = (
        '{ ! mountpoint -q / || mount --make-rprivate /; } && ! grep -q " shared:" '
        '/proc/self/mountinfo && mount -t tmpfs -o size=2m,mode=0700 tmpfs "$0" && exec "$@"'
    )
    prefix = ["unshare", "--mount", "--propagation", "unchanged"]
    prefix += [] if os.geteuid() == 0 else ["--map-root-user"]
    if subprocess.run([*prefix, "sh", "-c", mount, state, "true"], capture_output=True).returncode:
        pytest.skip("this user may not mount a file system of its own")
    server = start(state=state, prefix=[*prefix, "sh", "-c", mount, str(state)])
    arguments = {"code": programs.BUSY, "memory": False, "script_args": ["0.3"]}
    first = server.facts("profile_code", arguments)
    ballast = "/proc/%d/root%s/ballast" % (server.process.pid, state)
    with open(ballast, "wb", buffering=0) as file, pytest.raises(OSError):
        while True:
            file.write(bytes(4096))
    error = server.refusal("profile_code", arguments)
    assert error["error"] == "storage_full", error
    assert str(state) in error["message"] + error["hint"]
    assert server.facts("get_profile", {"profile_id": first["profile_id"]})["outcome"] == "ok"
    os.unlink(ballast)
    assert server.facts("profile_code", arguments)["outcome"] == "ok"
    # its folder cannot be seen from here, so only what can be seen is checked
    server.stop_beside()
    processes.until(lambda: not processes.marked(server.mark), what="the end of all processes")


# --- the command line

USAGE = [
    (["--no-such-option"], "no-such-option"),
    (["--profilers", "0"], "profilers"),
    (["--profilers", "many"], "profilers"),
    (["--restarts", "10"], "restarts"),
    (["--root", "/no/such/folder"], "/no/such/folder"),
    (["--http", "0.0.0.0:80"], "unix:"),
    (["--log-level", "loud"], "loud"),
]


@pytest.mark.parametrize("options, words", USAGE, ids=[" ".join(row[0]) for row in USAGE])
def test_usage(tmp_path, options, words):
    server = Server(tmp_path / "server", options=options)
    try:
        assert server.wait_exit(20) == 2, server.log()
        assert re.search(re.escape(words), server.log())
        assert not (tmp_path / "server/state").exists() or not os.listdir(tmp_path / "server/state")
    finally:
        server.destroy()
