"""Processes that a test starts: where they listen, and who of them is left."""

from __future__ import annotations

import socket
from pathlib import Path


def free_port() -> int:
    """Of 127.0.0.1, a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def family(pid: int) -> list[int]:
    """A process and all that came from it, as far as they are there."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(one for child in children for one in family(int(child)))]


def alive(pids: list[int]) -> list[int]:
    """Those that still run."""
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]
