"""Fixtures: servers that are ended, and checked to be gone, with the test."""

import pytest

from server import Server


def pytest_configure(config):
    config.addinivalue_line("markers", "full: slow, or needs root; only with `setup test --full`")
    config.addinivalue_line("markers", "soak: takes many minutes; only with `setup test --soak`")


@pytest.fixture
def start(tmp_path):
    """start(NAME="server", **options of Server): a running server. Those that the test has not
    stopped are stopped and checked at its end."""
    servers = []

    def start_one(name="server", **options):
        servers.append(Server(tmp_path / name, **options))
        return servers[-1]

    yield start_one
    try:
        running = [server for server in servers if server.process.poll() is None]
        for server in running:
            server.stop_beside()
        for server in running:
            server.check_gone()
    finally:
        for server in servers:
            server.destroy()


@pytest.fixture
def server(start):
    return start()
