"""One more process that books. Run by the tests, not by pytest.

Reads one JSON line (tasks: worker, service, professional, moment; threads), says "ready", waits for a line, does all
on several threads, each task in a transaction of its own, and prints what came of each.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from core import crypto, workdays
from core.clock import utcnow
from core.config import load
from core.db import Desk, busy, commit, make_engine
from core.errors import Refused
from models.appointments import Service
from rules.appointments import bookings
from rules.appointments.terms import Terms


def main() -> None:
    config = load()
    crypto.use(config)
    job = json.loads(sys.stdin.readline())
    desk = Desk(make_engine(config))
    now = datetime.fromisoformat(job["now"]) if "now" in job else utcnow()
    limits = config.appointments.model_copy(update={"open_bookings": 100, "days_ahead": 60})
    terms = Terms(limits, workdays.parse({int(year): days for year, days in job["calendar"].items()}))

    def once(task: list[object]) -> str:
        worker, service, professional, moment, draft = task
        with desk.session() as db:
            try:
                booking = bookings.book(
                    db,
                    int(str(worker)),
                    db.get_one(Service, service),
                    int(str(professional)),
                    datetime.fromisoformat(str(moment)),
                    reason="race",
                    draft_id=str(draft),
                    now=now,
                    terms=terms,
                )
            except Refused as refused:
                return refused.code
            code = booking.code
            commit(db)
            return code

    def book(task: list[object]) -> str:
        for _ in range(20):
            try:
                return once(task)
            except busy():
                continue
        return "busy"

    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    with ThreadPoolExecutor(job["threads"]) as threads:
        done = list(threads.map(book, job["tasks"]))
    print(json.dumps(done), flush=True)  # noqa: T201
    desk.close()


if __name__ == "__main__":
    main()
