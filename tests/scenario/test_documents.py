"""What the README says about exits, folders and commands is so."""

import re
import subprocess

from server import BUILD, ROOT

README = (ROOT / "README.md").read_text()


def test_exit_table():
    rows = re.findall(
        r'^EXIT\(\w+, (\d+), \w+, "(.*)"\)$', (ROOT / "protocol/exits.def").read_text(), re.M
    )
    assert len(rows) >= 10
    for number, text in rows:
        assert "| %s | %s |" % (number, text) in README


def test_tools_are_those_of_the_catalogue():
    tools = {path.stem for path in (ROOT / "protocol/catalog").glob("*.json")} - {"shared"}
    assert set(re.findall(r"^\| `(\w+)` \|", README, re.M)) == tools


def test_paths_exist():
    for path in re.findall(r"`((?:protocol|supervisor|workers|systemd|tests)/[\w/.]*)`", README):
        assert (ROOT / path).exists(), path


def test_links_and_executables():
    """Each process links what it may use and nothing else."""
    may = {
        "bin/scalene-mcp": set(),
        "libexec/scalene-mcp/scalene-mcp-store": {"nng", "msgpackc", "sqlite3", "zstd", "md"},
        "libexec/scalene-mcp/scalene-mcp-analyzer": {"nng", "msgpackc", "cjson", "md"},
        "libexec/scalene-mcp/scalene-mcp-profiler": {"nng", "msgpackc", "md"},
        "libexec/scalene-mcp/scalene-mcp-front": {"nng", "msgpackc", "cjson", "md", "microhttpd"},
        "libexec/scalene-mcp/scalene-mcp-client": {"cjson", "msgpackc", "md"},
    }
    everywhere = {"c", "m", "asan", "ubsan", "gcc_s"}
    for name, libraries in may.items():
        listed = subprocess.run(
            ["objdump", "-p", BUILD / name], check=True, capture_output=True, text=True
        )
        needed = {
            re.match(r"(?:lib)?([\w-]+?)\.so|(ld)-", word).group(1)
            for word in re.findall(r"NEEDED\s+(\S+)", listed.stdout)
        } - {None}
        assert needed - everywhere <= libraries, (name, needed)
