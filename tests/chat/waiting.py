"""Waiting for threads of the program, never longer than needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait until it is true, or fail."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def at_once(*works: Callable[[], T]) -> Sequence[T]:
    """Do all at the same time on threads of their own; the results in order. What one raises is raised."""
    gate = threading.Barrier(len(works))
    results: list[T | BaseException] = [AssertionError("not done")] * len(works)

    def run(place: int, work: Callable[[], T]) -> None:
        gate.wait()
        try:
            results[place] = work()
        except BaseException as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(n, work), daemon=True) for n, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    done = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done
