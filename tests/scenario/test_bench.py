"""The benchmarks run and measure every row."""

import json
import subprocess
import sys

import pytest

from server import ROOT


@pytest.mark.full
def test_short_form(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "tests/bench/run", "--quick", "--json", tmp_path / "samples.json"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    samples = json.loads((tmp_path / "samples.json").read_text())
    assert all(value > 0 for row in samples for value in row["samples"])
    ours = [row["row"] for row in samples if row["column"] == "ours"]
    assert len(ours) == len(set(ours)) >= 14
    assert sum("kill -9" in row for row in ours) == 4
