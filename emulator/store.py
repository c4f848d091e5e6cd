"""The state file: an atomic snapshot, written at most a second after a change."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from pathlib import Path

from .state import State

log = logging.getLogger("emulator")


class Store:
    """Saves a state to its file when told that it changed; does nothing without a file."""

    def __init__(self, state: State, path: str | None) -> None:
        self.state = state
        self.path = Path(path) if path else None
        self.dirty = False
        self.cost = 0.0
        self.wake: asyncio.Event | None = None

    def load(self) -> bool:
        """Read the file into the state; False when there is none yet."""
        if self.path is None or not self.path.exists():
            return False
        try:
            self.state.load(json.loads(self.path.read_bytes()))
        except (ValueError, KeyError, TypeError) as error:
            raise SystemExit(f"emulator: cannot use state file {self.path}: {error}") from error
        return True

    def touch(self) -> None:
        """The state has changed."""
        if self.path is not None and not self.dirty:
            self.dirty = True
            if self.wake is not None:
                self.wake.set()

    async def run(self) -> None:
        """Write after each change, at most once a second, and rarer when a snapshot takes long."""
        if self.path is None:
            return
        self.wake = asyncio.Event()
        if self.dirty:
            self.wake.set()
        while True:
            await self.wake.wait()
            self.wake.clear()
            await asyncio.sleep(max(0.5, self.cost * 10))
            started = time.perf_counter()
            text = self._take()
            self.cost = time.perf_counter() - started
            try:
                await asyncio.to_thread(self._write, text)
            except OSError as error:
                log.error("cannot write state file %s, trying again: %s", self.path, error)
                self.touch()

    def save(self) -> None:
        """Write now, for the end of the process; a disk that refuses is logged."""
        if self.path is None:
            return
        try:
            self._write(self._take())
        except OSError as error:
            log.error("cannot write state file %s: %s", self.path, error)

    def _take(self) -> bytes:
        self.dirty = False
        return json.dumps(self.state.dump(), ensure_ascii=False, separators=(",", ":")).encode()

    def _write(self, text: bytes) -> None:
        assert self.path is not None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(self.path.name + ".part")
        with open(part, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self.path)
