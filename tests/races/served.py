"""`serve` as it runs in production, in processes of its own that can be killed; posts as the platform makes them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.config import ROOT, Config
from tests.chat.account import in_mode
from tests.chat.wire import Answer, Wire
from tests.processes import family, free_port
from tests.wechat import environment

PATIENCE = 60.0
"""Seconds that a message is posted again. The platform posts three times; a message whose three posts all met a kill
would prove nothing, and a server on its way down still takes connections and resets them within a millisecond."""


class Served:
    """A running web server with its processes."""

    def __init__(self, config: Config, log: Path, *, processes: int = 2, **env: str) -> None:
        self.config = config
        self.log = log
        self.port = free_port()
        self.env = environment(config) | {
            "NIANGJIA_WECHAT__MODE": config.wechat.mode,
            "NIANGJIA_WEB__PROCESSES": str(processes),
            "NIANGJIA_WEB__PORT": str(self.port),
            **env,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Start it, keep it alive as a supervisor does, and wait until it is ready."""
        self._spawn()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()
        self.wait_until_ready()

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "commands", "serve"], cwd=ROOT, env=self.env, stdout=log, stderr=log
            )

    def _keep(self) -> None:
        """granian gives up when one of its processes dies twice within seconds; a supervisor starts it again."""
        while not self._stopping.wait(0.05):
            if self.process and self.process.poll() is not None:
                self._spawn()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 90
        while not self.is_ready():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return bool(json.loads(connection.getresponse().read())["ready"])
        except (OSError, ValueError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def pids(self) -> list[int]:
        """Everything that runs for it."""
        assert self.process
        return family(self.process.pid)

    def workers(self) -> list[int]:
        """The processes that answer."""
        assert self.process
        found = []
        for pid in family(self.process.pid)[1:]:
            with contextlib.suppress(OSError):
                if b"redis" not in Path(f"/proc/{pid}/comm").read_bytes():
                    found.append(pid)
        return found

    def kill_one(self, rng: random.Random) -> None:
        """kill -9 of one process that answers; the server starts another."""
        pids = self.workers()
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(pids), signal.SIGKILL)

    def kill_all(self) -> None:
        """kill -9 of all, the embedded Redis too if there is one."""
        assert self.process
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """An orderly end."""
        self._stopping.set()
        self._keeper.join(10)
        if self.process and self.process.poll() is None:
            pids = self.pids()
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            for pid in pids[1:]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def post(self, query: str, body: bytes) -> Answer:
        """One POST. Raises OSError or HTTPException when no answer came within five seconds."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("POST", f"/wechat?{query}", body, {"Content-Type": "text/xml"})
            response = connection.getresponse()
            return Answer(response.status, response.headers["Content-Type"] or "", response.read())
        finally:
            connection.close()

    def deliver(self, query: str, body: bytes) -> Answer:
        """Post until it is answered; a port that nobody listens on is waited for."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self._wait_for_port()
            try:
                return self.post(query, body)
            except (OSError, http.client.HTTPException):
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.02)

    def _wait_for_port(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)


@contextlib.contextmanager
def serving(config: Config, folder: Path, **more: Any) -> Iterator[Served]:
    """A server with these settings until the block ends."""
    served = Served(in_mode(config, config.wechat.mode), folder / "serve.log", **more)
    try:
        served.start()
        yield served
    finally:
        served.stop()


def wire(served: Served) -> Wire:
    """The platform's side, posting over HTTP, by the real clock."""
    from core.clock import utcnow

    def no_app(*_: Any) -> Any:
        raise AssertionError("posted over HTTP")

    return Wire(no_app, served.config, utcnow, served.config.wechat.mode, served.deliver)


class Killer:
    """Kills at random moments, so many times, while people act."""

    def __init__(self, served: Served, rng: random.Random, kills: int, kill: Callable[[], None]) -> None:
        self.served = served
        self.rng = rng
        self.left = kills
        self.kill = kill
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.left = 0
        self._thread.join(90)

    def _run(self) -> None:
        while self.left:
            time.sleep(self.rng.uniform(0.02, 1.0))
            self.kill()
            self.served.wait_until_ready()
            self.left = max(0, self.left - 1)
