"""MCP over HTTP on a unix socket: answers, refusals, a client that goes away, a front that dies."""

import base64
import concurrent.futures
import http.client
import json
import os
import pathlib
import signal
import socket
import tempfile
import time
import uuid

import pytest

import processes
import programs
from mcp_stdio import META, MODERN, StdioClient, modern_meta
from server import SERVER, Server, environment, scalene_files

JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
MISMATCH = -32020


def dial(path, timeout):
    s = socket.socket(socket.AF_UNIX)
    s.connect(str(path))  # waits where a socket with a timeout would give up: at a full backlog
    s.settimeout(timeout)
    return s


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = dial(self.path, self.timeout)


def message(method, params=None, request_id=1, **meta):
    params = {**(params or {}), "_meta": modern_meta(**meta)}
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def tool_call(tool, arguments=None, request_id=1):
    return message("tools/call", {"name": tool, "arguments": arguments or {}}, request_id)


def headers_of(body):
    headers = {**JSON, "MCP-Protocol-Version": MODERN, "Mcp-Method": body["method"]}
    if "name" in body.get("params", {}):
        headers["Mcp-Name"] = body["params"]["name"]
    return headers


class HttpServer(Server):
    """A server whose client is on a socket; with `stdio` on standard input and output, too."""

    def __init__(self, home, stdio=False):
        self.home = pathlib.Path(home)
        self.home.mkdir(parents=True)
        self.state = self.home / "state"
        self.runtime = pathlib.Path(tempfile.mkdtemp(prefix="smcp-"))
        self.socket = self.runtime / "mcp.sock"
        self.mark = "SCENARIO_MARK=" + uuid.uuid4().hex
        self.log_path = self.home / "server.log"
        self.scalene_files = scalene_files()
        self.stdio = stdio
        command = [str(SERVER), "serve", "--http", "unix:%s" % self.socket]
        command += ["--state", str(self.state), "--runtime", str(self.runtime)]
        command += ["--stdio"] if stdio else []
        with open(self.log_path, "wb") as log:
            StdioClient.__init__(self, command, environment(self.mark), self.home, log)
        processes.until(self.socket.exists, what="the socket")

    def exchange(self, body, headers, method="POST", path="/mcp"):
        """Status, headers and body of the answer, on a connection of its own."""
        connection = Connection(self.socket)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def post(self, body, headers=None):
        """Status and JSON of the answer; without `headers`, those that fit the body."""
        headers = headers_of(body) if headers is None else headers
        status, _, text = self.exchange(json.dumps(body), headers)
        return status, json.loads(text) if text else None

    def http_facts(self, tool, arguments=None, request_id=1):
        status, answer = self.post(tool_call(tool, arguments, request_id))
        assert status == 200 and answer["id"] == request_id, (status, answer)
        assert not answer["result"]["isError"], answer
        return answer["result"]["structuredContent"]

    def begin(self, body):
        """A connection on which the request was sent and nothing was read."""
        connection = Connection(self.socket)
        connection.request("POST", "/mcp", json.dumps(body), headers_of(body))
        return connection

    def open(self):
        return dial(self.socket, 20)

    def raw(self, data):
        """What comes back for these bytes until the server closes the connection."""
        answer = b""
        with self.open() as s:
            s.sendall(data)
            try:
                while piece := s.recv(65536):
                    answer += piece
            except ConnectionResetError:
                pass  # the server closed without reading everything; what it said came first
        return answer

    def stop_beside(self, status=0):
        if self.stdio:
            super().stop_beside(status)
        else:
            self.process.send_signal(signal.SIGTERM)
            assert self.wait_exit() == status, self.log()
            self.check_conversation()
        assert not self.socket.exists()


@pytest.fixture
def start(tmp_path):
    """start(**options of HttpServer): a running server, stopped and checked at the test's end."""
    servers = []

    def start_one(**options):
        servers.append(HttpServer(tmp_path / ("server%d" % len(servers)), **options))
        return servers[-1]

    yield start_one
    try:
        for server in servers:
            if server.process.poll() is None:
                server.stop()
    finally:
        for server in servers:
            server.destroy()


@pytest.fixture
def server(start):
    return start()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for the tests that leave nothing behind."""
    server = HttpServer(tmp_path_factory.mktemp("http") / "server")
    yield server
    try:
        server.stop()
    finally:
        server.destroy()


# --- answers


def test_a_profile_end_to_end(server):
    run = server.http_facts(
        "profile_code", {"code": programs.BUSY, "memory": False}, request_id="first"
    )
    assert run["outcome"] == "ok" and run["top_functions"][0]["function"] == "spin"
    spots = server.http_facts("get_cpu_hotspots", {"profile_id": run["profile_id"]})
    assert spots["hotspots"]
    assert [row["profile_id"] for row in server.http_facts("list_profiles")["profiles"]] == [
        run["profile_id"]
    ]


IDS = [0, -7, "", "text", 'quo"te\\', 12345678901234567890, "\u00e9"]


@pytest.mark.parametrize("request_id", IDS)
def test_ids_come_back_as_they_were(shared, request_id):
    for body in (
        message("server/discover", request_id=request_id),
        tool_call("list_profiles", {}, request_id),
    ):
        status, answer = shared.post(body)
        assert (status, answer["id"]) == (200, request_id)
        assert type(answer["id"]) is type(request_id)


def test_results_without_a_worker(shared):
    assert shared.post(message("server/discover"))[1]["result"]["supportedVersions"][0] == MODERN
    status, headers, text = shared.exchange(
        json.dumps(message("tools/list")), headers_of(message("tools/list"))
    )
    assert status == 200 and headers["Content-Type"] == "application/json"
    assert "profile_code" in {tool["name"] for tool in json.loads(text)["result"]["tools"]}
    status, answer = shared.post(tool_call("get_profile", {"profile_id": "0" * 26}))
    assert status == 200 and answer["result"]["isError"] is True


def test_notifications_are_accepted(shared):
    for method in ("notifications/cancelled", "notifications/initialized", "notifications/other"):
        body = {"jsonrpc": "2.0", "method": method, "params": {"requestId": 1}}
        assert shared.post(body) == (202, None)
        assert shared.post(body, JSON) == (202, None)


def test_health(shared):
    assert shared.exchange(None, {}, "GET", "/healthz")[::2] == (200, b"ok\n")
    assert shared.exchange(None, {}, "HEAD", "/healthz")[::2] == (200, b"")


def test_one_connection_many_requests(shared):
    connection = Connection(shared.socket)
    for number in range(50):
        body = tool_call("list_profiles", {}, number)
        connection.request("POST", "/mcp", json.dumps(body), headers_of(body))
        sock = connection.sock
        answer = json.loads(connection.getresponse().read())
        assert answer["id"] == number
        assert connection.sock is sock is not None
    connection.close()


def test_requests_sent_in_one_go(shared):
    """Pipelined: the second one waits in the socket while the first one is suspended."""
    data = b""
    for number in range(5):
        body = tool_call("list_profiles", {}, number)
        text = json.dumps(body).encode()
        head = ["POST /mcp HTTP/1.1", "Host: localhost", "Content-Length: %d" % len(text)]
        head += ["%s: %s" % item for item in headers_of(body).items()]
        head += ["Connection: close"] if number == 4 else []
        data += "\r\n".join([*head, "", ""]).encode() + text
    answers = shared.raw(data)
    assert answers.count(b"HTTP/1.1 200 OK") == 5
    positions = [answers.index(b'"id":%d,' % number) for number in range(5)]
    assert positions == sorted(positions)


def test_chunked_and_continue(shared):
    body = tool_call("list_profiles")
    text = json.dumps(body).encode()
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    assert shared.exchange(iter(pieces), headers_of(body))[0] == 200
    lines = ["POST /mcp HTTP/1.1", "Host: localhost", "Expect: 100-continue", "Connection: close"]
    lines += ["%s: %s" % item for item in headers_of(body).items()]
    lines += ["Content-Length: %d" % len(text), "", ""]
    with shared.open() as s:
        s.sendall("\r\n".join(lines).encode())
        assert s.recv(1000).startswith(b"HTTP/1.1 100 ")
        s.sendall(text)
        assert b" 200 OK" in b"".join(iter(lambda: s.recv(65536), b""))


def test_a_large_body(shared):
    """Read whole, far larger than any buffer on the way; what it says is refused."""
    body = tool_call("profile_code", {"code": "x" * (15 << 20), "memory": 3})
    status, answer = shared.post(body)
    assert status == 200 and answer["result"]["isError"] is True


def test_the_same_id_at_the_same_time(start):
    """Twenty clients know nothing of each other, nor of the one on standard input."""
    server = start(stdio=True)
    kinds = ["list_profiles", "server_status", "profile_code"]
    arguments = {"profile_code": {"code": "print(1)", "memory": False}}
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        calls = [
            pool.submit(server.http_facts, kind, arguments.get(kind))
            for kind in (kinds[number % len(kinds)] for number in range(20))
        ]
        beside = server.call_later("list_profiles", request_id=1)
        assert "profiles" in server.answer(beside)["result"]["structuredContent"]
        results = [call.result() for call in calls]
    assert sum("profiles" in result for result in results) == 7
    assert sum(result.get("outcome") == "ok" or "job_id" in result for result in results) == 6


# --- refusals

GOOD = tool_call("list_profiles")
GOOD_HEADERS = headers_of(GOOD)


def in_base64(text):
    return "=?base64?%s?=" % base64.b64encode(text.encode()).decode()


HEADER_CASES = [
    # changes to the headers of a good call (None: left out), status, JSON-RPC code
    ({}, 200, None),
    ({"Origin": "http://localhost"}, 403, -32600),
    ({"Origin": "null"}, 403, -32600),
    ({"Content-Type": None}, 415, -32600),
    ({"Content-Type": "text/plain"}, 415, -32600),
    ({"Content-Type": "application/jsonp"}, 415, -32600),
    ({"Content-Type": "Application/JSON; charset=utf-8"}, 200, None),
    ({"Content-Encoding": "gzip"}, 415, -32600),
    ({"Accept": None}, 200, None),
    ({"Accept": "*/*"}, 200, None),
    ({"Accept": "application/*;q=0.5"}, 200, None),
    ({"Accept": "text/event-stream"}, 406, -32600),
    ({"Accept": "application/json;q=0, */*"}, 406, -32600),
    ({"MCP-Protocol-Version": None}, 400, MISMATCH),
    ({"MCP-Protocol-Version": "2025-11-25"}, 400, MISMATCH),
    ({"MCP-Protocol-Version": " %s\t" % MODERN}, 200, None),
    ({"Mcp-Method": None}, 400, MISMATCH),
    ({"Mcp-Method": "tools/list"}, 400, MISMATCH),
    ({"Mcp-Method": "Tools/Call"}, 400, MISMATCH),
    ({"Mcp-Name": None}, 400, MISMATCH),
    ({"Mcp-Name": "list_profile"}, 400, MISMATCH),
    ({"Mcp-Name": in_base64("list_profiles")}, 200, None),
    ({"Mcp-Name": in_base64("list_profiles").replace("==", "")}, 400, MISMATCH),
    ({"Mcp-Name": in_base64("list_profiles").replace("w==", "x==")}, 400, MISMATCH),
    ({"Mcp-Name": in_base64("list_profilez")}, 400, MISMATCH),
    ({"Mcp-Name": "=?BASE64?bGlzdF9wcm9maWxlcw==?="}, 400, MISMATCH),
    ({"Mcp-Session-Id": "1", "Last-Event-ID": "2"}, 200, None),
]


@pytest.mark.parametrize("changes, status, code", HEADER_CASES)
def test_headers(shared, changes, status, code):
    headers = {name: v for name, v in {**GOOD_HEADERS, **changes}.items() if v is not None}
    got, answer = shared.post(GOOD, headers)
    assert (got, answer.get("error", {}).get("code")) == (status, code), answer
    assert answer.get("id") == (1 if code in (None, MISMATCH) else None)


def without(body, *path):
    body = json.loads(json.dumps(body))
    at = body
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return body


def version(name):
    body = message("tools/list")
    body["params"]["_meta"][META + "protocolVersion"] = name
    return body, {**headers_of(body), "MCP-Protocol-Version": str(name)}


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {}},
}

BODY_CASES = [
    # body, headers (None: those that fit), status, JSON-RPC code, id
    (without(GOOD, "params", "_meta"), None, 400, -32602, 1),
    (without(GOOD, "params", "_meta", META + "protocolVersion"), None, 400, -32602, 1),
    (without(GOOD, "params", "_meta", META + "clientCapabilities"), None, 400, -32602, 1),
    (without(GOOD, "params", "_meta"), JSON, 400, -32602, 1),
    (without(GOOD, "jsonrpc"), None, 400, -32600, 1),
    (without(GOOD, "method"), GOOD_HEADERS, 400, -32600, 1),
    ({**GOOD, "id": None}, None, 400, -32600, None),
    ({**GOOD, "id": 1.5}, None, 400, -32600, None),
    (version(3)[0], None, 400, -32602, 1),
    (*version("2099-01-01"), 400, -32022, 1),
    (*version("2025-11-25"), 400, -32022, 1),
    (version("2099-01-01")[0], None, 400, MISMATCH, 1),
    (message("no/such"), None, 404, -32601, 1),
    (message("ping"), None, 404, -32601, 1),
    (message("initialize"), None, 404, -32601, 1),
    (message("prompts/get", {"name": "x"}), None, 404, -32601, 1),
    (message("prompts/get", {"name": "x"}), headers_of(message("prompts/get")), 400, MISMATCH, 1),
    (message("resources/read", {"uri": "x"}), None, 400, MISMATCH, 1),
    (tool_call("no_such_tool"), None, 400, -32602, 1),
    (message("tools/call"), None, 400, -32602, 1),
    (message("tools/call"), GOOD_HEADERS, 400, MISMATCH, 1),
    (message("tools/call", {"name": 3}), headers_of(message("tools/call")), 400, -32602, 1),
    (INITIALIZE, None, 400, -32602, 1),
    (INITIALIZE, JSON, 400, -32602, 1),
    ([GOOD], GOOD_HEADERS, 400, -32600, None),
    ("text", GOOD_HEADERS, 400, -32600, None),
    ({"jsonrpc": "2.0", "id": 1, "result": {}}, GOOD_HEADERS, 400, -32600, None),
]


@pytest.mark.parametrize("body, headers, status, code, request_id", BODY_CASES)
def test_bodies(shared, body, headers, status, code, request_id):
    got, answer = shared.post(body, headers)
    assert (got, answer["error"]["code"], answer.get("id")) == (status, code, request_id), answer


def test_a_legacy_client_is_told_which_version_to_use(shared):
    assert MODERN in shared.post(INITIALIZE, JSON)[1]["error"]["message"]


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b'{"a":1}{"b":2}', b"\x00"])
def test_no_json(shared, text):
    status, _, answer = shared.exchange(text, GOOD_HEADERS)
    assert (status, json.loads(answer)["error"]["code"]) == (400, -32700)
    assert "id" not in json.loads(answer)


@pytest.mark.parametrize(
    "method, path, status, allow",
    [
        ("GET", "/mcp", 405, "POST"),
        ("DELETE", "/mcp", 405, "POST"),
        ("OPTIONS", "/mcp", 405, "POST"),
        ("POST", "/healthz", 405, "GET, HEAD"),
        ("POST", "/", 404, None),
        ("POST", "/mcp/", 404, None),
        ("POST", "/mcp%00", 404, None),
        ("POST", "/m%63p", 404, None),
    ],
)
def test_methods_and_paths(shared, method, path, status, allow):
    got, headers, _ = shared.exchange(b"{}", JSON, method, path)
    assert (got, headers["Allow"]) == (status, allow)
    assert shared.exchange(b"{}", {**JSON, "Origin": "x"}, method, path)[0] == 403


HOST = b"Host: localhost"
TYPE = b"Content-Type: application/json"

FRAMING_CASES = [
    [HOST, HOST, TYPE, b"Content-Length: 2"],
    [TYPE, b"Content-Length: 2"],
    [HOST, TYPE, b"Content-Length: 2", b"Content-Length: 2"],
    [HOST, TYPE, b"Content-Length: 2", b"Content-Length: 3"],
    [HOST, TYPE, b"Content-Length: 2", b"Transfer-Encoding: chunked"],
    [HOST, TYPE, b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
    [HOST, TYPE, b"Content-Length: -2"],
    [HOST, TYPE, b"Content-Length: 2x"],
    [HOST, TYPE, b"Content-Length : 2"],
    [HOST, TYPE, b"Content-Length: 2", b"X : 1"],
    [HOST, TYPE, b"Content-Length: 2", b"X: a\0b"],
    [HOST, TYPE, TYPE, b"Content-Length: 2"],
]


@pytest.mark.parametrize("lines", FRAMING_CASES)
def test_ambiguous_heads(shared, lines):
    head = b"\r\n".join([b"POST /mcp HTTP/1.1", *lines, b"Connection: close", b"", b""])
    answer = shared.raw(head + b"{}")
    assert answer.split()[1] == b"400", answer
    # libmicrohttpd 0.9.75 sends the head of an error of its own twice, and then closes
    assert b"HTTP/1.1 2" not in answer


def test_too_large(shared):
    many = str(17 << 20)
    head = ["POST /mcp HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    for more in ([], ["Expect: 100-continue"]):
        lines = [*head, *more, "Content-Length: " + many, "", ""]
        assert shared.raw("\r\n".join(lines).encode()).split()[1] == b"413"
    lines = [*head, "X: " + "x" * 40000, "", ""]
    assert shared.raw("\r\n".join(lines).encode()).split()[1] == b"431"
    pieces = [b" " * (1 << 20)] * 17
    assert shared.exchange(iter(pieces), GOOD_HEADERS)[0] == 413


# --- clients that go away, are many, or are slow


@pytest.mark.parametrize("text", [programs.HELD, programs.STUBBORN], ids=["held", "stubborn"])
def test_closing_the_connection_cancels(server, tmp_path, text):
    held = programs.Held(tmp_path / "held", text)
    connection = server.begin(tool_call("profile_script", held.arguments()))
    processes.until(held.runs, what="the program's start")
    connection.close()
    processes.until(lambda: "program" not in server.tree(), what="the program's end")
    after = server.http_facts("profile_code", {"code": "print(1)", "memory": False})
    assert after["exit_code"] == 0


def test_cancelled_means_nothing_here(server, tmp_path):
    """Another client cannot cancel by guessing an id."""
    held = programs.Held(tmp_path / "held")
    connection = server.begin(tool_call("profile_script", held.arguments()))
    processes.until(held.runs, what="the program's start")
    body = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    assert server.post(body)[0] == 202
    held.let_go()
    answer = json.loads(connection.getresponse().read())
    assert answer["result"]["structuredContent"]["outcome"] == "ok"


def test_more_connections_than_are_served(server):
    """The 257th waits in the backlog until another one is closed."""
    idle = [server.open() for _ in range(256)]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        call = pool.submit(server.exchange, None, {}, "GET", "/healthz")
        with pytest.raises(concurrent.futures.TimeoutError):
            call.result(0.5)
        idle.pop().close()
        assert call.result(20)[0] == 200
    for s in idle:
        s.close()


@pytest.mark.full
def test_a_dripping_client_is_dropped(server):
    """A byte now and then does not hold a connection for ever."""
    began = time.monotonic()
    with server.open() as s:
        with pytest.raises(OSError):
            s.sendall(b"POST /mcp HTTP/1.1\r\nX: ")
            while time.monotonic() - began < 80:
                s.sendall(b"x")
                time.sleep(1)
    assert 55 < time.monotonic() - began < 75


# --- a front that dies, a server that stops


def test_front_killed_between_requests(server):
    run = server.http_facts("profile_code", {"code": programs.BUSY, "memory": False})
    for _ in range(5):
        server.kill("front")
        # nobody accepts now, and no connection is refused
        rows = server.http_facts("list_profiles")["profiles"]
        assert [row["profile_id"] for row in rows] == [run["profile_id"]]
    assert "over its restart limit" not in server.log()


def test_front_killed_in_the_middle_of_a_run(server, tmp_path):
    """The connection breaks; the run goes on, once, and its profile is there."""
    held = programs.Held(tmp_path / "held")
    connection = server.begin(tool_call("profile_script", held.arguments()))
    processes.until(held.runs, what="the program's start")
    server.kill("front")
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.getresponse()
    held.let_go()
    rows = processes.until(
        lambda: server.http_facts("list_profiles")["profiles"], what="the profile"
    )
    assert len(rows) == 1 and len(held.runs()) == 1


@pytest.mark.parametrize("stdio", [False, True], ids=["http", "both"])
def test_stop_answers_what_runs(start, tmp_path, stdio):
    server = start(stdio=stdio)
    held = programs.Held(tmp_path / "held", programs.STUBBORN)
    connection = server.begin(tool_call("profile_script", held.arguments()))
    beside = server.call_later("get_job", {"job_id": "0" * 26}) if stdio else None
    processes.until(held.runs, what="the program's start")
    idle = Connection(server.socket)
    idle.connect()
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 6
    answer = json.loads(connection.getresponse().read())
    assert answer["id"] == 1 and answer["result"]["structuredContent"], answer
    assert not stdio or len(server.answers_to(beside)) == 1


def test_sigterm_with_both(start):
    server = start(stdio=True)
    assert server.http_facts("list_profiles")["profiles"] == []
    assert server.facts("list_profiles")["profiles"] == []
    os.kill(server.process.pid, signal.SIGTERM)
    assert server.wait_exit() == 0
    server.check_conversation()
    server.check_gone()
