"""Two at the same moment with one person's data: each is done whole or refused in words, nothing twice, nothing left.

Staff by the console and people by chat, each in a request of its own; the database decides who was first.
"""

from __future__ import annotations

import io
import itertools
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import workdays
from core.config import ROOT, Config
from models.audit import Audit
from models.calendar import CalendarDay
from models.imports import ImportRun
from models.messages import Notice
from models.people import Organisation, Worker
from models.persons import Erasure, Merge
from rules import audit, calendar, notices, staff
from rules.persons import erasing, links, merging
from tests.chat.account import Phone
from tests.rules.cast import NOW
from tests.rules.persons_cast import everything, left_of
from tests.web.console.office import BASE, Office, Seat, open_office
from tests.web.console.test_imports import send

pytestmark = pytest.mark.slow

REASON = "本人来信"
ROUNDS = 3
WORDS = ("没有找到", "刚刚注销", "已经导入过", "一行也没有导入")
"""What the loser reads, one of these."""


@pytest.fixture
def office(config: Config) -> Iterator[Office]:
    with open_office(config) as office:
        yield office


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What came of each; they begin together."""
    ready = threading.Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        ready.wait(30)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def opened(office: Office, login: str, page: str) -> Seat:
    """A colleague with a page open."""
    seat = office.seat(login)
    assert seat.get(page).status_code == 200
    return seat


def came(seat: Seat, answer: Any) -> bool:
    """Whether it was done; the loser was told so in words."""
    if answer.status_code == 303 and "/imports" in answer.headers["Location"]:
        said = seat.get("/imports/members").text
        assert ("导入好了" in said) != (WORDS[2] in said)
        return "导入好了" in said
    if answer.status_code in (200, 303):
        return True
    assert answer.status_code in (404, 409), answer.text
    assert any(words in answer.text for words in WORDS), answer.text
    return False


def workers(office: Office, count: int) -> list[int]:
    with office.town() as town:
        return [town.worker(town.north).id for _ in range(count)]


def test_two_bring_in_the_same_rows(office: Office) -> None:
    for number in range(ROUNDS):
        numbers = workers(office, 5)
        seats = [office.seat(login) for login in ("boss", "north_admin")]
        lines = [f"{one},白鹭工会,入会{number}\n" for one in numbers]
        if not number:
            with office.town() as town:
                path = f"{town.north.path}99/"
                town.db.add(Organisation(name="白鹭工会", parent_id=town.north.id, level=4, path=path))
        other = reversed(lines) if number % 2 else lines  # the same file, or the same rows in another
        files = ["职工编号,单位,原因\n" + "".join(rows) for rows in (lines, other)]
        shown = at_once(
            *(partial(send, seat, "members", file) for seat, file in zip(seats, files, strict=True))
        )
        runs = [one.text.partition('name="run" value="')[2].partition('"')[0] for one in shown]
        assert all(runs), [one.text for one in shown]
        done = at_once(
            *(
                partial(seat.post, "/imports/members/done", run=run)
                for seat, run in zip(seats, runs, strict=True)
            )
        )
        assert sum(map(came, seats, done)) == 1 + number % 2
        with Session(office.account.engine) as db:
            moves = select(func.count()).where(Audit.act == "worker_move")
            assert db.scalar(moves) == 5 * (number + 1), "each worker moved once"
            assert audit.verify(db) is None
    with Session(office.account.engine) as db:
        assert len(db.scalars(select(ImportRun).where(ImportRun.done_at.is_not(None))).all()) == 4


def test_two_enter_the_same_new_day(office: Office) -> None:
    base = workdays.load(ROOT / "calendar.yaml")
    days = [date(2031, 5, number) for number in range(1, 9)]

    def enter(day: date, works_as: int) -> None:
        with Session(office.account.engine) as db:
            calendar.change(db, staff.by_login(db, "boss"), day, works_as, base=base, now=NOW)
            db.commit()

    for day in days:
        at_once(partial(enter, day, 0), partial(enter, day, 3))
    with Session(office.account.engine) as db:
        assert list(db.scalars(select(CalendarDay.day).order_by(CalendarDay.day))) == days
        assert audit.verify(db) is None


@pytest.mark.parametrize("pairs", [((0, 1), (1, 0)), ((0, 1), (1, 2)), ((0, 1), (2, 1)), ((0, 1), (0, 2))])
def test_two_merge_overlapping_pairs(office: Office, pairs: tuple[tuple[int, int], ...]) -> None:
    for _ in range(ROUNDS):
        numbers = workers(office, 3)
        with office.town() as town:
            for one in numbers:
                notices.tell(town.db, one, "staff_answer", now=NOW, who="吴老师", words="您好")
        asked = [(numbers[keep], numbers[gone]) for keep, gone in pairs]
        seats = [
            opened(office, login, f"/workers/{keep}/merge?with={gone}")
            for login, (keep, gone) in zip(("boss", "north_admin"), asked, strict=True)
        ]
        answers = at_once(
            *(
                partial(seat.post, f"/workers/{keep}/merge", other=str(gone), reason=REASON)
                for seat, (keep, gone) in zip(seats, asked, strict=True)
            )
        )
        won = sum(map(came, seats, answers))
        with Session(office.account.engine) as db:
            live = db.scalars(select(Worker.id).where(Worker.id.in_(numbers), Worker.gone_at.is_(None))).all()
            merges = db.scalars(select(Merge).where(Merge.gone_id.in_(numbers))).all()
            assert len(live) == 3 - won
            assert len(merges) == won
            assert won == 2 or pairs[1] != (0, 2)
            assert won >= 1
            for merge in merges:
                assert left_of(db, merge.gone_id) == {"worker_merge.gone_id": 1}
                assert merge.kept_id in live
            held = db.scalar(select(func.count()).where(Notice.worker_id.in_(live)))
            assert held == 3, "nothing lost, nothing twice"
            assert audit.verify(db) is None
    with Session(office.account.engine) as db:
        noted = select(func.count()).where(Audit.act == "worker_merge")
        assert db.scalar(noted) == 2 * len(db.scalars(select(Merge)).all())


CHATTING = ("预约", "注销", "你好", "导出我的数据", "娘家人在吗标记", "我要交友")


def test_erased_while_chatting_leaves_nothing(office: Office) -> None:
    account, numbers = office.account, itertools.count(1)
    for words in CHATTING:
        number, phone = follower(office, next(numbers))
        path = f"/workers/{number}/erase"
        seat = opened(office, "boss", path)
        erase = partial(seat.post, path, number=str(number), reason=REASON)
        answer, heard = at_once(erase, partial(phone.says, words))
        assert came(seat, answer)
        assert heard
        assert "没弄成" not in heard
        nothing_left(office, number)
    assert account.log.getvalue().count('"level": "error"') == 0


def test_erased_by_two_and_while_merged_moved_or_taken_away(office: Office) -> None:
    """Staff erase; at the same moment a colleague erases, merges, moves or exports, or the person takes it away."""
    numbers = itertools.count(101)
    for other in ("erase", "merge", "move", "export", "own", "leave") * 2:
        number, phone = follower(office, next(numbers))
        (keep,) = workers(office, 1)
        path = f"/workers/{number}/erase"
        seat = opened(office, "boss", path)
        second = opened(office, "boss", f"/workers/{number}")
        config = office.account.config
        with Session(office.account.engine) as db:
            token = links.make(db, number, limits=config.persons, now=NOW)
            db.commit()
        page = second.web.get(f"/m/export/{token}", base_url=BASE).text
        csrf = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        move = {"ids": str(number), "step": "do", "target": str(office.ids["city"]), "reason": REASON}
        acts: dict[str, Callable[[], Any]] = {
            "erase": partial(second.post, path, number=str(number), reason=REASON),
            "merge": partial(second.post, f"/workers/{keep}/merge", other=str(number), reason=REASON),
            "move": partial(second.post, "/workers/bulk/move", **move),
            "export": partial(second.post, f"/workers/{number}/export", reason=REASON),
            "own": partial(
                second.web.post, f"/m/export/{token}/file", base_url=BASE, data={"csrf_token": csrf}
            ),
            "leave": phone.unfollows,
        }
        erase = partial(seat.post, path, number=str(number), reason=REASON)
        answer, came_of_it = at_once(erase, acts[other])
        won = came(seat, answer)
        if other == "leave":
            assert won
        elif other == "own":
            assert came_of_it.status_code in (200, 409, 410)
        else:
            is_done = came(second, came_of_it)
            assert won != is_done or (won and other in ("move", "export"))
        if other in ("export", "own") and came_of_it.status_code == 200:
            with zipfile.ZipFile(io.BytesIO(came_of_it.data)) as zipped:
                data = zipped.read("data.json").decode()
            assert data.count(f"标记{number}号") >= 2, "whole"
        if won:
            nothing_left(office, number)
        with Session(office.account.engine) as db:
            noted = Counter(db.scalars(select(Audit.act).where(Audit.subject == f"worker:{number}")))
            assert noted["worker_erase"] + noted["worker_merge"] == 1
            assert audit.verify(db) is None


def follower(office: Office, n: int) -> tuple[int, Phone]:
    """Somebody in the north with a profile, who is in a conversation."""
    phone = office.account.phone(f"oRACE{n:023d}")
    phone.says("预约")
    with office.town() as town:
        worker = town.db.scalars(select(Worker).where(Worker.openid == phone.openid)).one()
        worker.organisation_id = town.north.id
        mark = f"标记{worker.id}号"
        town.profile(worker, nickname=mark, line=mark, contact=mark)
        notices.tell(town.db, worker.id, "staff_answer", now=NOW, who="吴老师", words=mark)
        return worker.id, phone


def nothing_left(office: Office, number: int) -> None:
    """After the worker has finished it: no word of theirs, and of the record only a number."""
    later = office.account.clock() + timedelta(minutes=1)
    with Session(office.account.engine) as db:
        merging.settle_due(db, later)
        for erasure in erasing.due(db, later):
            erasing.finish(db, erasure, config=office.account.config, now=later)
        db.commit()
        worker = db.get_one(Worker, number, populate_existing=True)
        assert (worker.organisation_id, worker.followed_at) == (None, None)
        assert worker.openid == f"{erasing.GONE}{number}"
        assert db.get_one(Erasure, number).openids is None
        mark = f"标记{number}号"
        assert {table for table, rows in everything(db).items() if mark in rows} == set()
        left = set(left_of(db, number))
        assert left <= {"profile.worker_id", "erasure.worker_id", "handover.worker_id"}, left
