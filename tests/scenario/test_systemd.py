"""The service under a real systemd, in namespaces of its own."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from server import BUILD, PYTHON, ROOT

HERE = pathlib.Path(__file__).parent


@pytest.mark.full
def test_service():
    if os.geteuid() != 0:
        pytest.skip("booting a systemd of one's own needs root")
    if not os.path.exists("/lib/systemd/systemd"):
        pytest.skip("systemd is not installed")
    done = subprocess.run(
        [
            HERE / "in_systemd.sh",
            sys.executable,
            HERE / "systemd_session.py",
            BUILD,
            pathlib.Path(PYTHON).parents[1],
        ],
        cwd=HERE,
        timeout=300,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )
    if done.returncode == 125:
        pytest.skip(
            "no systemd comes up in this machine's namespaces: " + done.stderr.strip()[-300:]
        )
    assert done.returncode == 0, done.stdout + done.stderr


def test_unit_file(tmp_path):
    """The permanent exits are those of the table, and systemd reads the file without a word."""
    unit = (BUILD / "systemd/scalene-mcp.service").read_text()
    permanent = re.findall(
        r"^EXIT\(\w+, (\d+), true", (ROOT / "protocol/exits.def").read_text(), re.M
    )
    assert re.search(r"^RestartPreventExitStatus=(.*)$", unit, re.M).group(1).split() == permanent
    if not shutil.which("systemd-analyze"):
        return
    there = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit, flags=re.M)
    (tmp_path / "scalene-mcp.service").write_text(there)
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "scalene-mcp.service"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "scalene-mcp" not in done.stderr, done.stderr
