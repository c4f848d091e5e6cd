"""One more process in which people sign up, withdraw and answer offers. Run by the tests, not by pytest.

Reads one JSON line, says "ready", waits for a line, does everything on several threads and prints what came of it:
for "rush" one [number, is_placed, began, ended] for each; for "mixed" and "raise" how often each act went through.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import crypto
from core.config import load
from core.db import Desk, commit, make_engine
from core.errors import Refused
from models.exams import SignUp
from rules import staff, waiting
from rules.exams import quotas, sign_ups, signing
from rules.exams.sign_ups import LINE
from rules.exams.signing import Person


def main() -> None:
    config = load()
    crypto.use(config)
    job: dict[str, Any] = json.loads(sys.stdin.readline())
    now = datetime.fromisoformat(job["now"])
    desk = Desk(make_engine(config))
    limits = config.waiting

    def enter(db: Session, worker: int, serial: int, draft: str) -> signing.Signed:
        person = Person(f"考生{serial}", f"{serial:018d}", date(1990, 3, 7), "13800138000", "临湖仪表厂")
        return signing.sign_up(db, worker, job["sitting"], person, agreed="同意", draft_id=draft, now=now)

    def rush(worker: int) -> list[object]:
        began = time.monotonic()
        with desk.session() as db:
            signed = enter(db, worker, worker, f"rush-{worker}")
            commit(db)
        return [signed.number, signed.is_placed, began, time.monotonic()]

    done: Counter[str] = Counter()

    def mixed(seed: int) -> None:
        luck = random.Random(seed)
        later = datetime.fromisoformat(job["later"])
        for turn in range(job["turns"]):
            worker = luck.choice(job["workers"])
            act = luck.choice(("enter", "enter", "withdraw", "accept", "refuse", "expire", "quota"))
            try:
                with desk.session() as db:
                    one = db.scalar(
                        select(SignUp.id).where(
                            SignUp.sitting_id == job["sitting"],
                            SignUp.worker_id == worker,
                            SignUp.state.in_(waiting.LIVE),
                        )
                    )
                    if act == "enter":
                        enter(db, worker, worker, f"mixed-{seed}-{turn}")
                    elif act == "quota":
                        places = luck.randint(1, 5)
                        officer = staff.by_login(db, job["officer"])
                        quotas.change(db, officer, job["sitting"], places, now=now, limits=limits)
                    elif act == "expire":
                        waiting.end_due(db, later, line=LINE, limits=limits)
                    elif one and act == "withdraw":
                        sign_ups.withdraw(db, worker, one, now=now, limits=limits)
                    elif one and act == "accept":
                        sign_ups.accept(db, worker, one, now=now)
                    elif one:
                        sign_ups.decline(db, worker, one, now=now, limits=limits)
                    commit(db)
                done[act] += 1
            except Refused as refused:
                done[refused.code] += 1

    def change() -> None:
        for places in job["quotas"]:
            try:
                with desk.session() as db:
                    officer = staff.by_login(db, job["officer"])
                    quotas.change(db, officer, job["sitting"], places, now=now, limits=limits)
                    commit(db)
                done["quota"] += 1
            except Refused as refused:
                done[refused.code] += 1
            time.sleep(job["pause"])  # so that others come in between

    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    with ThreadPoolExecutor(job["threads"]) as threads:
        if job["act"] == "rush":
            print(json.dumps(list(threads.map(rush, job["workers"]))), flush=True)  # noqa: T201
        elif job["act"] == "raise":
            change()
            print(json.dumps(done), flush=True)  # noqa: T201
        else:
            list(threads.map(mixed, job["seeds"]))
            print(json.dumps(done), flush=True)  # noqa: T201
    sys.stdin.readline()


if __name__ == "__main__":
    main()
