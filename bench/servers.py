"""A server under measurement: started with the settings of `serve`, watched, stopped by its process id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.config import ROOT


@dataclass
class Watched:
    """A running server and all its processes."""

    port: int
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """CPU time of the processes that live, user and system."""
        times = [process.cpu_times() for process in self._tree()]
        return sum(t.user + t.system for t in times)

    def peak_rss(self) -> int:
        """The largest resident size of each process so far, added up, in bytes (pages they share count each time)."""
        return sum(_peak(process.pid) for process in self._tree())

    def memory(self) -> list[tuple[int, int]]:
        """Resident and proportional size of each process, in bytes."""
        sizes = [process.memory_full_info() for process in self._tree()]
        return [(size.rss, size.pss) for size in sizes]

    def _tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(target: str, environment: dict[str, str]) -> Iterator[Watched]:
    """Run `bench.servers TARGET`, the same HTTP server and settings for every target, until the block ends."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.servers", target, str(port)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield Watched(port, psutil.Process(process.pid))
    finally:
        _stop(process)


@contextmanager
def worker(environment: dict[str, str]) -> Iterator[Watched]:
    """Run `worker` until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "commands", "worker", "--wait-for-redis"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(3)  # until everything it needs is loaded
        if process.poll() is not None:
            raise RuntimeError(f"the worker ended with {process.returncode}")
        yield Watched(0, psutil.Process(process.pid))
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/wechat", timeout=2)
        except urllib.error.HTTPError:
            return  # it refuses what is not signed, so it is there
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not answer")


if __name__ == "__main__":
    from commands.serve import serve
    from core.config import load
    from core.metrics_dir import use

    config = load()
    use(config)
    serve(config, int(sys.argv[2]), target=sys.argv[1])
