"""An MCP client on standard input and output, by hand: what it sends and what it sees is exact.

It speaks both eras, keeps every answer and notification in the order of arrival, and can send what
no library would.
"""

import itertools
import json
import subprocess
import threading
import time

MODERN = "2026-07-28"
LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
META = "io.modelcontextprotocol/"

PATIENCE_S = 60  # no single answer in these tests takes longer, on a loaded machine


class Closed(Exception):
    """The server closed its output before what was waited for."""


def modern_meta(**extra):
    """The _meta of a stateless request; keyword `progress` sets a progress token."""
    meta = {
        META + "protocolVersion": MODERN,
        META + "clientCapabilities": {},
        META + "clientInfo": {"name": "scenario", "version": "1"},
    }
    if "progress" in extra:
        meta["progressToken"] = extra.pop("progress")
    meta.update({META + key: value for key, value in extra.items()})
    return meta


class StdioClient:
    """One server process and the conversation with it."""

    def __init__(self, command, env, cwd, stderr, prefix=()):
        self.process = subprocess.Popen(
            [*prefix, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=env,
            cwd=cwd,
        )
        self.messages = []  # everything that came
        self.garbage = []  # lines that were no JSON
        self._answers = {}  # (type of the id, id): answers, in the order of arrival
        self.closed = False
        self._news = threading.Condition()
        self._ids = itertools.count(1)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                message = None
            with self._news:
                if message is None:
                    self.garbage.append(line)
                else:
                    self.messages.append(message)
                    if is_answer(message):
                        self._answers.setdefault(key(message["id"]), []).append(message)
                self._news.notify_all()
        with self._news:
            self.closed = True
            self._news.notify_all()

    # --- sending

    def send_bytes(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        self.send_bytes(json.dumps(message, ensure_ascii=False).encode() + b"\n")

    def request(self, method, params=None, era=MODERN, request_id=None, **meta):
        """Sends a request and returns its id."""
        request_id = next(self._ids) if request_id is None else request_id
        params = dict(params or {})
        if era == MODERN:
            params["_meta"] = modern_meta(**meta)
        elif "progress" in meta:
            params["_meta"] = {"progressToken": meta["progress"]}
        self.send({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})
        return request_id

    def notify(self, method, params=None):
        self.send({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def call_later(self, tool, arguments=None, **meta):
        """Sends a tool call and returns its id."""
        return self.request("tools/call", {"name": tool, "arguments": arguments or {}}, **meta)

    # --- waiting

    def wait_for(self, wanted, timeout=PATIENCE_S, what="a message"):
        """The first message for which wanted(message) holds, whenever it came."""
        return self._wait(
            lambda: next((m for m in self.messages if wanted(m)), None), timeout, what
        )

    def answer(self, request_id, timeout=PATIENCE_S):
        found = self._wait(
            lambda: self._answers.get(key(request_id)), timeout, "answer to %r" % (request_id,)
        )
        return found[0]

    def _wait(self, look, timeout, what):
        """What look() returns, once it is not None; it is called again after every message."""
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                found = look()
                if found is not None:
                    return found
                if self.closed:
                    raise Closed("the server closed its output before %s" % what)
                if (
                    not self._news.wait(deadline - time.monotonic())
                    and time.monotonic() >= deadline
                ):
                    raise TimeoutError("no %s within %d s" % (what, timeout))

    def ask(self, method, params=None, timeout=PATIENCE_S, **options):
        return self.answer(self.request(method, params, **options), timeout)

    def call(self, tool, arguments=None, timeout=PATIENCE_S, **options):
        """The result of a tool call; the call must not end in a JSON-RPC error."""
        answer = self.answer(self.call_later(tool, arguments, **options), timeout)
        assert "result" in answer, answer
        return answer["result"]

    def facts(self, tool, arguments=None, **options):
        """structuredContent of a call that succeeds."""
        result = self.call(tool, arguments, **options)
        assert not result.get("isError"), result
        return result["structuredContent"]

    def refusal(self, tool, arguments=None, **options):
        """structuredContent of a call that answers with isError."""
        result = self.call(tool, arguments, **options)
        assert result.get("isError") is True, result
        return result["structuredContent"]

    def handshake(self, version=LEGACY[0], capabilities=None):
        """The legacy initialize and initialized; returns the result of initialize."""
        answer = self.ask(
            "initialize",
            {
                "protocolVersion": version,
                "capabilities": capabilities or {},
                "clientInfo": {"name": "scenario", "version": "1"},
            },
            era=version,
        )
        self.notify("notifications/initialized")
        return answer["result"]

    # --- what came

    def answers_to(self, request_id):
        with self._news:
            return list(self._answers.get(key(request_id), ()))

    def notifications(self, method):
        with self._news:
            return [m for m in self.messages if isinstance(m, dict) and m.get("method") == method]

    # --- the end

    def close_input(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def wait_exit(self, timeout=PATIENCE_S):
        """The exit status; everything that the server wrote has been read by then."""
        status = self.process.wait(timeout)
        self._reader.join(timeout)
        return status


def is_answer(message):
    return isinstance(message, dict) and "method" not in message and message.get("id") is not None


def key(request_id):
    """1, 1.0, True and "1" are different ids."""
    return type(request_id).__name__, request_id
