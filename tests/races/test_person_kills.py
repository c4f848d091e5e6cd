"""kill -9 while a person is erased, two records are merged, or a file is brought in, by staff in the console.

Each is whole or was never begun, at any moment; done again it is done once. What the worker has to finish it
finishes, however often it is killed: database, Redis and files know nobody any more. NIANGJIA_TEST_SEED=… draws the
same acts.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from os import utime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.config import Config
from core.redis import connect
from models.audit import Audit
from models.broadcasts import Mute, Topic
from models.imports import ImportRun
from models.matchmaking import Wall
from models.messages import Notice
from models.people import Worker
from models.persons import Erasure, Merge, OtherPhone
from models.photos import Photo
from rules import audit, notices
from rules.matchmaking import photos
from tests.races import clerk
from tests.races.clerk import Act
from tests.races.crew import seeded
from tests.rules.cast import NOW, Town
from tests.rules.persons_cast import everything, left_of
from tests.web.console.office import Office, Seat, open_office
from tests.web.console.test_imports import send

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PEOPLE, PAIRS, FILES, ROWS = 5, 3, 3, 150
KILLS = {"clerk": 7, "worker": 3}
LATER = NOW + timedelta(minutes=2)


@pytest.fixture
def office(config: Config) -> Iterator[Office]:
    with open_office(config) as office:
        yield office


@dataclass
class Records:
    """What staff are asked for: whom to erase, whom to merge (who stays, who goes), which file with which workers."""

    office: Office
    erase: list[int]
    merge: list[tuple[int, int]]
    bring_in: list[tuple[int, list[int]]]
    phones: dict[int, str]
    sheet: Path

    def acts(self) -> list[Act]:
        reason = {"reason": "本人来信"}
        erase = (
            Act(path := f"/workers/{one}/erase", path, {"number": str(one), **reason}) for one in self.erase
        )
        merge = (
            Act(f"{path}?with={gone}", path, {"other": str(gone), **reason})
            for path, gone in ((f"/workers/{keep}/merge", gone) for keep, gone in self.merge)
        )
        members = "/imports/members"
        files = (Act(members, f"{members}/done", {"run": str(run)}) for run, _ in self.bring_in)
        return [*erase, *merge, *files]

    def done(self, db: Session) -> set[Act]:
        """Which of the acts are done; each other one is not begun."""
        erased = set(db.scalars(select(Erasure.worker_id)))
        merged = set(db.scalars(select(Merge.gone_id)))
        done, held = [], everything(db)
        del held["erasure"]  # has the phones until Redis has forgotten them
        noted = Counter((row.act, row.subject) for row in db.execute(select(Audit.act, Audit.subject)))
        for one in self.erase:
            marks = (mark_of(one), self.phones[one])
            knows = [table for table, rows in held.items() if any(mark in rows for mark in marks)]
            assert (one in erased) == (not knows), f"half erased, left in {knows}"
            assert noted["worker_erase", f"worker:{one}"] == (one in erased)
            done.append(one in erased)
        for keep, gone in self.merge:
            left = left_of(db, gone)
            assert (left == {"worker_merge.gone_id": 1}) == (gone in merged), f"half merged: {left}"
            assert noted["worker_merge", f"worker:{keep}"] == (gone in merged)
            assert noted["worker_merge", f"worker:{gone}"] == (gone in merged)
            done.append(gone in merged)
        south = self.office.ids["south"]
        for run, workers in self.bring_in:
            is_done = db.get_one(ImportRun, run, populate_existing=True).done_at is not None
            here = select(func.count()).where(Worker.id.in_(workers), Worker.organisation_id == south)
            assert db.scalar(here) == (ROWS if is_done else 0)
            assert sum(noted["worker_move", f"worker:{one}"] for one in workers) == (ROWS if is_done else 0)
            done.append(is_done)
        assert noted["import", "import:members"] == sum(done[-FILES:])
        return {act for act, is_done in zip(self.acts(), done, strict=True) if is_done}


def mark_of(number: int) -> str:
    """What is in each word that there is of somebody."""
    return f"标记{number}号"


def somebody(office: Office, town: Town, *, has_profile: bool) -> Worker:
    """A worker with something in many tables and a file, each word marked."""
    db, worker = town.db, town.worker(town.north)
    mark = mark_of(worker.id)
    if has_profile:
        wall = db.scalar(select(Wall).limit(1)) or town.wall(1, "90后")
        card = town.listed(wall, worker=worker, nickname=mark, line=mark, contact=mark)
        office.photo(db, card.profile_id)
    notices.tell(db, worker.id, "staff_answer", now=NOW, who="吴老师", words=mark)
    office.handover(db, worker, draft={"answers": {"name": mark}})
    db.add(Mute(worker_id=worker.id, topic=Topic.NEWS if has_profile else Topic.BENEFIT, at=NOW))
    return worker


@pytest.fixture
def records(office: Office) -> Records:
    with office.town() as town:
        erase = [somebody(office, town, has_profile=True) for _ in range(PEOPLE)]
        keep = [somebody(office, town, has_profile=False) for _ in range(PAIRS)]
        gone = [somebody(office, town, has_profile=True) for _ in range(PAIRS)]
        files = [[town.worker(town.north).id for _ in range(ROWS)] for _ in range(FILES)]
        phones = {one.id: one.openid for one in (*erase, *keep, *gone)}
        numbers = [[one.id for one in many] for many in (erase, keep, gone)]
    for phone in phones.values():
        office.account.phone(phone).says("注销")  # Redis has the answer, the database the dialog
    seat = office.seat("boss")
    bring_in = [(checked(seat, workers), workers) for workers in files]
    config = office.account.config
    for file in photos.folder(config).rglob("*"):
        utime(file, (0, 0))
    sheet = config.data_dir / "sheets" / "wall-1.pdf"
    sheet.parent.mkdir()
    sheet.write_bytes(b"%PDF")
    return Records(office, numbers[0], list(zip(*numbers[1:], strict=True)), bring_in, phones, sheet)


def checked(seat: Seat, workers: list[int]) -> int:
    """The number of a file that was looked at and waits for a yes."""
    lines = "".join(f"{one},城南区总工会,入会登记\n" for one in workers)
    shown = send(seat, "members", f"职工编号,单位,原因\n{lines}").text
    return int(shown.partition('name="run" value="')[2].partition('"')[0])


def test_B4_what_is_done_with_people_s_data_is_whole_at_any_moment(records: Records) -> None:
    office, rng = records.office, seeded()
    account, killed = office.account, Counter[str]()
    with Session(account.engine) as db:
        before = everything_moved(db, records)
    token = office.seat("boss").web.get_cookie("nj_console", domain="console.test", path="/console")
    assert token
    todo, longest = records.acts(), 0.0
    rng.shuffle(todo)
    while todo:
        with clerk.at_work(account.config, NOW, token.value, todo) as one:
            last = rng.randint(not longest, 1) if killed["clerk"] < KILLS["clerk"] else len(todo)
            while (number := one.heard()) is not None:
                began = time.monotonic()
                if number == last:
                    time.sleep(rng.uniform(0, longest))
                    one.process.kill()
                    killed["clerk"] += 1
                    break
                assert one.heard() == 303, todo[number]
                longest = max(longest, time.monotonic() - began)
        with Session(account.engine) as db:
            done = records.done(db)
            assert audit.verify(db) is None
        if number is not None:
            killed["before its end" if todo[number] not in done else "after it"] += 1
        todo = [act for act in todo if act not in done]
    finish(records, rng, killed)
    print(f"killed {dict(killed)}")  # noqa: T201
    with Session(account.engine) as db:
        assert records.done(db) == set(records.acts())
        assert everything_moved(db, records) == before
        assert set(db.scalars(select(Erasure.openids))) == {None}
        assert not db.scalars(select(Merge).where(Merge.settled_at.is_(None))).all()
        assert audit.verify(db) is None
        names = set(db.scalars(select(Photo.name)))
    assert {file.name for file in photos.folder(account.config).rglob("*") if file.is_file()} == names
    assert not records.sheet.exists()
    assert remembered(records, records.erase) == []


def everything_moved(db: Session, records: Records) -> Counter[str]:
    """What the records to be merged have together: none of it is lost, none comes twice."""
    pairs = [one for pair in records.merge for one in pair]
    found = Counter[str]()
    for table in (Notice, Mute):
        found[table.__tablename__] = db.scalar(select(func.count()).where(table.worker_id.in_(pairs))) or 0
    found["phones"] = len(
        db.scalars(select(Worker.id).where(Worker.id.in_(pairs), Worker.gone_at.is_(None))).all()
    ) + len(db.scalars(select(OtherPhone.openid).where(OtherPhone.worker_id.in_(pairs))).all())
    return found


def finish(records: Records, rng: random.Random, killed: Counter[str]) -> None:
    """As the worker does, killed as often as there is one whom it has not forgotten yet."""
    config = records.office.account.config
    assert remembered(records, records.erase), "Redis knows them until then"
    is_over = False
    while not is_over:
        with clerk.catching_up(config, LATER) as one:
            assert one.heard() == 0
            if killed["worker"] < KILLS["worker"]:
                time.sleep(rng.uniform(0, 0.1))
                one.process.kill()
                killed["worker"] += 1
            is_over = one.heard() == 200


def remembered(records: Records, workers: list[int]) -> list[str]:
    """Where Redis knows these people by their phones."""
    found = []
    with closing(connect(records.office.account.config)) as redis:
        read: dict[bytes, Callable[[bytes], Any]] = {
            b"string": redis.get,
            b"hash": redis.hgetall,
            b"list": lambda key: redis.lrange(key, 0, -1),
            b"zset": lambda key: redis.zrange(key, 0, -1),
            b"stream": redis.xrange,
        }
        keys: Any = redis.keys()
        for key in keys:
            kind: Any = redis.type(key)
            held = f"{key!r}{read[kind](key)!r}"
            found += [held for one in workers if records.phones[one] in held]
    return found
