"""The main job through the official Python client, in each of its ways of connecting."""

import asyncio
import os

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

import processes
import programs
from mcp_stdio import LEGACY, MODERN
from server import SERVER, environment


@pytest.mark.parametrize(
    "mode, version", [("auto", MODERN), ("legacy", LEGACY[0]), (MODERN, MODERN)]
)
def test_main_job(tmp_path, mode, version):
    mark = "SCENARIO_MARK=official-%s-%d" % (mode, os.getpid())
    script = programs.write(tmp_path, "busy.py", programs.BUSY)
    server = StdioServerParameters(
        command=str(SERVER),
        cwd=str(tmp_path),
        env=environment(mark),
        args=["--state", str(tmp_path / "state")],
    )
    progress = []

    async def note(done, total, message):
        progress.append((done, total, message))

    async def session():
        async with Client(server, mode=mode, read_timeout_seconds=60) as client:
            assert client.session.protocol_version == version
            tools = {tool.name for tool in (await client.list_tools()).tools}
            assert {"profile_script", "get_cpu_hotspots"} <= tools
            arguments = {"script_path": script, "script_args": ["2.5"], "memory": False}
            result = await client.call_tool("profile_script", arguments, progress_callback=note)
            assert not result.is_error
            run = result.structured_content
            assert run["outcome"] == "ok"
            spots = await client.call_tool("get_cpu_hotspots", {"profile_id": run["profile_id"]})
            assert spots.structured_content["hotspots"]
            wrong = await client.call_tool("get_profile", {"profile_id": "../../x"})
            assert wrong.is_error and wrong.structured_content["hint"]
            listed = await client.call_tool("list_profiles", {})
            assert len(listed.structured_content["profiles"]) == 1

    asyncio.run(session())
    assert progress
    processes.until(lambda: not processes.marked(mark), what="the end of the server")
