"""./niangjia run as somebody who has just cloned it: start, look, stop, start again."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.config import ROOT
from tests.processes import family, free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
        return body


def wait_until_gone(pids: list[int], seconds: float = 30) -> list[int]:
    deadline = time.monotonic() + seconds
    left = pids
    while left and time.monotonic() < deadline:
        left = [pid for pid in left if Path(f"/proc/{pid}").exists()]
        time.sleep(0.05)
    return left


class Run:
    """One `run` with ports and a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.emulator = free_port(), free_port()
        self.arguments = [
            *(sys.executable, "-m", "commands", "run", "--data-dir", str(folder)),
            *("--port", str(self.port), "--emulator-port", str(self.emulator)),
        ]

    @contextmanager
    def started(self) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
        process = subprocess.Popen(
            self.arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout
        said = []
        try:
            for line in process.stdout:
                said.append(line)
                if line.startswith("Ctrl-C"):
                    break
            else:
                pytest.fail("".join(said))
            yield process, said
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(60)
            process.stdout.close()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "v")


def test_start_look_stop_and_start_again(run: Run) -> None:
    with run.started() as (process, said):
        pids = family(process.pid)
        assert len(pids) >= 7, "supervisor, Redis, web with its processes, worker, emulator"
        assert f"http://127.0.0.1:{run.emulator}/" in "".join(said)
        assert json.loads(get(f"http://127.0.0.1:{run.port}/readyz"))["ready"] is True
        assert b"niangjia_callbacks" in get(f"http://127.0.0.1:{run.port}/metrics")
        assert (run.folder / "sheets" / "wall-1.pdf").read_bytes().startswith(b"%PDF")
        assert stat.S_IMODE(run.folder.stat().st_mode) == 0o700

        other = subprocess.run(
            run.arguments, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
        assert other.returncode == 1
        assert "already running" in other.stderr

        settings = (run.folder / "supervisord.conf").read_text()
        for file in (run.folder / "secrets").iterdir():
            assert file.read_text() not in settings
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert wait_until_gone(pids) == []

    secrets = {file.name: file.read_text() for file in (run.folder / "secrets").iterdir()}
    with run.started() as (process, said):
        assert "Loading" not in "".join(said), "the second run keeps what the first made"
        assert {file.name: file.read_text() for file in (run.folder / "secrets").iterdir()} == secrets


def test_killed_or_not_it_leaves_no_process_behind(run: Run) -> None:
    with run.started() as (process, _):
        pids = family(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        assert wait_until_gone([pid for pid in pids if pid != process.pid], 60) == []


def test_a_killed_redis_is_started_again(run: Run) -> None:
    with run.started() as (process, _):
        (server,) = [
            p for p in family(process.pid) if b"redis-server" in Path(f"/proc/{p}/cmdline").read_bytes()
        ]
        os.kill(server, signal.SIGKILL)
        assert wait_until_gone([server]) == []
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if json.loads(get(f"http://127.0.0.1:{run.port}/readyz"))["ready"]:
                    break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("Redis did not come back")
