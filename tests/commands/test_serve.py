"""The server's own processes."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

from core.config import ROOT, Config
from tests.processes import free_port
from tests.wechat import environment


def test_nothing_of_a_killed_server_is_left_to_keep_its_port(config: Config) -> None:
    """Also what was still loading, when a signal to stop is swallowed by the handler inherited from the server."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.commands.stuck", str(free_port())],
        cwd=ROOT,
        env=environment(config) | {"NIANGJIA_WEB__PROCESSES": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert server.stdout
    with server, server.stdout:
        loading = os.pidfd_open(int(server.stdout.readline()))
        server.kill()
    try:
        is_gone, _, _ = select.select([loading], [], [], 10)
        if not is_gone:
            signal.pidfd_send_signal(loading, signal.SIGKILL)
        assert is_gone
    finally:
        os.close(loading)
