"""An answer leaves in time, whatever a handler does: work is done on threads of its own and waited for."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue


class Job:
    """One answer in the making. Either the worker settles it in time, or the one who waits gives up; never both."""

    __slots__ = ("_answer", "_guard", "_is_late", "_told")

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_late: bool | None = None
        self._answer: SimpleQueue[str] = SimpleQueue()
        self._told: threading.Event | None = None

    @property
    def is_late(self) -> bool:
        """Whether the one who waited has given up."""
        return self._is_late is True

    def settle(self) -> bool:
        """The worker is about to make its work final. True: in time, it must `give` next. False: late."""
        with self._guard:
            if self._is_late is None:
                self._is_late = False
            return not self._is_late

    def unsettle(self) -> None:
        """The worker could not make it final yet; it will `settle` again."""
        with self._guard:
            if self._is_late is False:
                self._is_late = None

    def give_up(self) -> bool:
        """The one who waits has to leave. True: the work is late now. False: it is being given, wait on."""
        with self._guard:
            if self._is_late is None:
                self._is_late = True
                self._told = threading.Event()
            return self._is_late

    def acknowledge(self) -> None:
        """The one who gave up has put the message on record, or can't."""
        assert self._told is not None
        self._told.set()

    def wait_until_told(self) -> None:
        """For the worker of a late job: waits for `acknowledge`."""
        assert self._told is not None
        self._told.wait()

    def give(self, answer: str) -> None:
        """Hand the answer over."""
        self._answer.put(answer)

    def wait(self, seconds: float) -> str | None:
        """The answer, or None when the time is over."""
        try:
            return self._answer.get(timeout=max(0.0, seconds))
        except Empty:
            return None


class Gate:
    """Lets a few threads through at a time, in the order they came.

    Where all of them want the interpreter, taking turns is quicker than to wrestle for its lock, and fair.
    """

    def __init__(self, places: int) -> None:
        self._guard = threading.Lock()
        self._free = places
        self._waiting: deque[threading.Lock] = deque()

    @contextmanager
    def passed(self, seconds: float) -> Iterator[bool]:
        """Wait for a place and give it back at the end. False: there was none within this time."""
        has_place = self._enter(seconds)
        try:
            yield has_place
        finally:
            if has_place:
                self._leave()

    def _enter(self, seconds: float) -> bool:
        with self._guard:
            if self._free:
                self._free -= 1
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=seconds):
            return True
        with self._guard:
            if turn not in self._waiting:  # it was given in the moment between
                return True
            self._waiting.remove(turn)
            return False

    def _leave(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class Workers:
    """Threads that work; the one that was busy last is the first to work again, with its connections warm.

    Started when needed, so that a process may fork before.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._guard = threading.Lock()
        self._idle: list[SimpleQueue[Callable[[], None] | None]] = []
        self._waiting: deque[Callable[[], None]] = deque()
        self._started: list[threading.Thread] = []
        self.is_closed = False

    def put(self, work: Callable[[], None]) -> None:
        """Have it done as soon as a thread is free. `work` must not raise."""
        with self._guard:
            if self._idle:
                self._idle.pop().put(work)
                return
            if len(self._started) == self._threads:
                self._waiting.append(work)
                return
            name = f"work-{len(self._started) + 1}"
            thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
            self._started.append(thread)
        thread.start()

    def close(self, seconds: float = 10) -> bool:
        """End the threads as they fall idle. Whether all did in this time."""
        with self._guard:
            self.is_closed = True
            while self._idle:
                self._idle.pop().put(None)
        deadline = time.monotonic() + seconds
        for thread in self._started:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._started)

    def _run(self, work: Callable[[], None]) -> None:
        inbox: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        while True:
            work()
            with self._guard:
                if self._waiting:
                    work = self._waiting.popleft()
                    continue
                if self.is_closed:
                    return
                self._idle.append(inbox)
            given = inbox.get()
            if given is None:
                return
            work = given
