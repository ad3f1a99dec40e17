"""Both eras on one stream: handshake, discovery, ping, what is refused and how."""

import json
import time

import pytest

import programs
from mcp_stdio import LEGACY, META, MODERN

TOOLS = [
    "profile_script",
    "profile_code",
    "get_job",
    "cancel_job",
    "get_cpu_hotspots",
    "list_profiles",
    "get_profile",
]


@pytest.mark.parametrize("version", LEGACY)
def test_legacy_handshake(server, version):
    result = server.handshake(version)
    assert result["protocolVersion"] == version
    assert result["serverInfo"]["name"] == "scalene-mcp"
    assert "tools" in result["capabilities"]
    assert "resultType" not in result
    tools = server.ask("tools/list", era=version)["result"]["tools"]
    assert set(TOOLS) <= {tool["name"] for tool in tools}
    # structured content came with 2025-06-18: not before
    assert all(("outputSchema" in tool) == (version >= "2025-06-18") for tool in tools)
    assert server.ask("ping", era=version)["result"] == {}
    result = server.call("list_profiles", era=version)
    assert ("structuredContent" in result) == (version >= "2025-06-18")
    assert json.loads(result["content"][0]["text"])["profiles"] == []


def test_unknown_legacy_version_gets_the_newest(server):
    assert server.handshake("1999-01-01")["protocolVersion"] == LEGACY[0]


def test_ping_before_the_handshake(server):
    assert server.ask("ping", era=LEGACY[0])["result"] == {}


def test_discover(start):
    began = time.monotonic()
    server = start()
    result = server.ask("server/discover")["result"]
    assert time.monotonic() - began < 2.8  # a client probe gives up then
    assert result["resultType"] == "complete"
    assert result["supportedVersions"][0] == MODERN
    assert "tools" in result["capabilities"]
    assert result["_meta"][META + "serverInfo"]["name"] == "scalene-mcp"
    assert isinstance(result["ttlMs"], int) and result["cacheScope"] in ("public", "private")


def test_tool_list(server):
    result = server.ask("tools/list")["result"]
    tools = {tool["name"]: tool for tool in result["tools"]}
    assert len(tools) == len(result["tools"])
    assert set(TOOLS) <= set(tools)
    assert "server_status" not in tools
    assert "nextCursor" not in result
    for tool in tools.values():
        assert tool["inputSchema"]["type"] == "object"
        assert tool["inputSchema"]["additionalProperties"] is False
        assert tool["outputSchema"]["type"] == "object"
        assert set(tool["annotations"]) >= {
            "readOnlyHint",
            "destructiveHint",
            "idempotentHint",
            "openWorldHint",
        }
    assert server.ask("tools/list")["result"]["tools"] == result["tools"]


def test_eras_interleaved(server):
    """A modern request after initialize is modern, and the legacy session stays what it was."""
    assert "supportedVersions" in server.ask("server/discover")["result"]
    assert server.handshake("2025-03-26")["protocolVersion"] == "2025-03-26"
    for _ in range(3):
        assert "structuredContent" in server.call("list_profiles")
        assert "structuredContent" not in server.call("list_profiles", era="2025-03-26")
        assert server.ask("ping")["error"]["code"] == -32601
        assert server.ask("ping", era="2025-03-26")["result"] == {}


@pytest.mark.parametrize("request_id", [0, 7, -3, "a", "", 'é\u2028"\\', 2**53 + 1, 10**30])
def test_ids_come_back_as_they_were(server, request_id):
    server.request("tools/list", request_id=request_id)
    assert server.answer(request_id)["result"]["tools"]


REFUSED = [
    # what is sent, the code of the answer, the id of the answer
    (b"{", -32700, None),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping"', -32700, None),
    (b'"text"', -32600, None),
    (b"\xff\xfe", -32700, None),
    (b"[" * 1000 + b"]" * 1000, -32600, None),
    (b'{"jsonrpc":"2.0","id":11}', -32600, 11),
    (b'{"jsonrpc":"1.0","id":12,"method":"ping"}', -32600, 12),
    (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
    (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, None),
    (b'{"jsonrpc":"2.0","id":13,"method":"ping","params":7}', -32602, 13),
    (b'{"jsonrpc":"2.0","id":14,"method":"tools/list"}', -32602, 14),
    (b'{"jsonrpc":"2.0","id":15,"method":"no/such"}', None, 15),
    (b'{"jsonrpc":"2.0","id":17,"method":"ping","params":{"a":"nul \\u0000"}}', -32700, None),
    (b'{"jsonrpc":"2.0","id":16,"method":"' + b"x" * (17 << 20) + b'"}', -32600, None),
]


@pytest.mark.parametrize(
    "line, code, answer_id", REFUSED, ids=[str(n) for n in range(len(REFUSED))]
)
def test_what_is_refused(server, line, code, answer_id):
    """Every malformed line is answered, and the next request is served."""
    server.send_bytes(line + b"\n")
    answer = server.wait_for(lambda m: isinstance(m, dict) and "error" in m, what="an error")
    assert answer.get("id") == answer_id
    assert code in (None, answer["error"]["code"]), answer
    assert isinstance(answer["error"]["message"], str) and len(answer["error"]["message"]) < 1000
    assert server.ask("server/discover")["result"]


def test_unknown_version_method_and_tool(server):
    answer = server.ask("tools/list", {}, era=None, request_id="bare")
    assert answer["error"]["code"] == -32602
    server.send(
        {
            "jsonrpc": "2.0",
            "id": "future",
            "method": "tools/list",
            "params": {
                "_meta": {META + "protocolVersion": "2031-01-01", META + "clientCapabilities": {}}
            },
        }
    )
    error = server.answer("future")["error"]
    assert error["code"] == -32022
    assert MODERN in error["data"]["supported"] and error["data"]["requested"] == "2031-01-01"
    assert server.ask("no/such")["error"]["code"] == -32601
    error = server.ask("tools/call", {"name": "no_such_tool", "arguments": {}})["error"]
    assert error["code"] == -32602 and "no_such_tool" in error["message"]
    assert server.ask("tools/call", {"arguments": {}})["error"]["code"] == -32602


def test_notifications_are_never_answered(server):
    for method in ("notifications/no_such", "notifications/cancelled", "tools/list"):
        server.notify(method, {"requestId": 99})
    server.send_bytes(b"\r\n\n")
    assert server.ask("server/discover")["result"]
    assert len(server.messages) == 1


def test_no_batches_later(server):
    server.handshake("2025-11-25")
    server.send([{"jsonrpc": "2.0", "id": "a", "method": "ping"}])
    answer = server.wait_for(lambda m: isinstance(m, dict) and "error" in m, what="an error")
    assert answer["error"]["code"] == -32600


def test_requests_overtake_a_running_program(server, tmp_path):
    """Reading never stops for a running tool."""
    held = programs.Held(tmp_path / "held")
    running = server.call_later("profile_script", held.arguments())
    for _ in range(20):
        assert server.facts("list_profiles")["profiles"] == []
    assert not server.answers_to(running)
    held.let_go()
    assert server.answer(running)["result"]["structuredContent"]["outcome"] == "ok"
    assert server.messages[-1]["id"] == running
