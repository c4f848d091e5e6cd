"""Events pushed later (template and subscription results), by the platform's clock."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable

from .clock import Clock
from .records import Job
from .state import State
from .xml import Field


class Jobs:
    """Runs jobs of the state when they are due; woken when the clock is moved."""

    def __init__(self, state: State, clock: Clock, run: Callable[[Job], Awaitable[None]]) -> None:
        self.state = state
        self.clock = clock
        self.run_job = run
        self.wake = asyncio.Event()
        clock.on_move.append(self.wake.set)

    def add(self, delay: float, person: int, event: str, fields: list[Field]) -> None:
        job = Job(
            due=self.clock.now() + delay,
            number=self.state.next_number(),
            person=person,
            event=event,
            fields=fields,
        )
        heapq.heappush(self.state.jobs, job)
        self.wake.set()

    async def run(self) -> None:
        while True:
            self.wake.clear()
            now = self.clock.now()
            while self.state.jobs and self.state.jobs[0].due <= now:
                await self.run_job(heapq.heappop(self.state.jobs))
            pause = self.state.jobs[0].due - now if self.state.jobs else None
            try:
                await asyncio.wait_for(self.wake.wait(), pause)
            except TimeoutError:
                continue
