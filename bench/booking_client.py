"""One process of `bench booking`: takes contended slots, by our rule or by a bare insert. Driven over its pipes.

Reads one JSON line, says "ready", waits for a line, does all tasks on several threads with a connection each, and
prints how many were won and how many were lost.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from bench.booking import BARE, everyday
from core import crypto
from core.config import load
from core.db import Desk, busy, commit, make_engine
from core.errors import Refused
from models.appointments import Service
from rules.appointments import bookings

Task = tuple[int, str]


def ours(desk: Desk, job: dict[str, Any]) -> Callable[[Task], str]:
    """A booking by the rule: hours, limits, ticks of professional, worker and place, its history and its notice."""
    now, terms = datetime.fromisoformat(job["now"]), everyday()
    with desk.session() as db:
        service = db.get_one(Service, job["service"])  # a chat has it from its form
        db.expunge(service)

    def book(task: Task) -> str:
        worker, moment = task
        with desk.session() as db:
            try:
                bookings.book(
                    db,
                    worker,
                    service,
                    job["professional"],
                    datetime.fromisoformat(moment),
                    reason="bench",
                    draft_id=f"{worker}-{moment}"[:40],
                    now=now,
                    terms=terms,
                )
            except Refused:
                return "lost"
            commit(db)
            return "won"

    return book


def bare(desk: Desk, job: dict[str, Any]) -> Callable[[Task], str]:
    """One row with a UNIQUE constraint."""

    def take(task: Task) -> str:
        worker, moment = task
        with desk.session() as db:
            try:
                db.execute(insert(BARE).values(slot=moment, worker_id=worker))
            except IntegrityError:
                return "lost"
            commit(db)
            return "won"

    return take


def main() -> None:
    """Take part in one round."""
    config = load()
    crypto.use(config)
    job = json.loads(sys.stdin.readline())
    desk = Desk(make_engine(config))
    take = {"ours": ours, "bare": bare}[job["system"]](desk, job)

    def patiently(task: Task) -> str:
        while True:
            try:
                return take(task)
            except busy():
                continue

    with ThreadPoolExecutor(job["threads"]) as threads:
        for _ in threads.map(lambda _: patiently((0, "2000-01-01T00:00:00+00:00")), range(job["threads"])):
            pass  # connections open, statements prepared; that row is the same for all
        print("ready", flush=True)
        sys.stdin.readline()
        done = Counter(threads.map(patiently, [tuple(task) for task in job["tasks"]]))
    print(json.dumps(done), flush=True)
    desk.close()


if __name__ == "__main__":
    main()
