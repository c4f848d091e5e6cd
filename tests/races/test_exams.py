"""D12, C4 with several real processes on one database: the rush for the places of a sitting, and a line that moves."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.config import ROOT, Config
from emulator.xml import document
from models.exams import SignUp, Sitting
from models.people import Organisation, Worker
from models.waiting import Turn
from rules import staff
from rules.access import Role
from rules.exams.sign_ups import LINE
from tests.chat import exam_hall
from tests.chat.account import Account, Phone, in_mode, opened
from tests.races.test_processes import clients
from tests.rules.exam_cast import faults, plan
from tests.wechat import environment

pytestmark = pytest.mark.timeout(300)

SEED = int(os.environ.get("NIANGJIA_TEST_SEED", "0")) or random.SystemRandom().randrange(10**6)


@pytest.fixture
def account(config: Config) -> Iterator[Account]:
    with opened(in_mode(config, "plain"), lease_seconds=0.5) as account:
        yield account


class Hall:
    """One sitting, and followers who want a place."""

    def __init__(self, account: Account, *, quota: int, people: int) -> None:
        self.account = account
        self.now = account.clock()
        with Session(account.engine) as db:
            union = Organisation(name="临湖市总工会", level=1, path="")
            db.add(union)
            db.flush()
            union.path = f"/{union.id}/"
            staff.add(db, "hall", name="考务", role=Role.MANAGER, organisation=union, now=self.now)
            self.sitting = plan(db, union, now=self.now, quota=quota).id
            db.execute(
                insert(Worker),
                [
                    {"openid": f"oRUSH{n:023d}", "created_at": self.now, "followed_at": self.now}
                    for n in range(people)
                ],
            )
            db.commit()
            self.workers = list(db.scalars(select(Worker.id).where(Worker.openid.startswith("oRUSH"))))

    @contextmanager
    def processes(self, *jobs: dict[str, Any]) -> Iterator[list[subprocess.Popen[str]]]:
        """Processes that are ready to go."""
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.races.candidates"],
                cwd=ROOT,
                env=environment(self.account.config),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in jobs
        ]
        try:
            for process, job in zip(started, jobs, strict=True):
                say(
                    process,
                    json.dumps(
                        {
                            "sitting": self.sitting,
                            "now": self.now.isoformat(),
                            "threads": 4,
                            "officer": "hall",
                        }
                        | job
                    ),
                )
            for process in started:
                assert hear(process) == "ready\n"
            yield started
        finally:
            for process in started:
                process.kill()
                process.wait()
                assert process.stdin
                assert process.stdout
                process.stdin.close()
                process.stdout.close()

    def faults(self) -> list[str]:
        with Session(self.account.engine) as db:
            return faults(db, self.sitting)


def say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin
    process.stdin.write(line + "\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def rush(account: Account, *, quota: int, people: int) -> None:
    """Everybody at once from four processes."""
    hall = Hall(account, quota=quota, people=people)
    jobs = [{"act": "rush", "workers": hall.workers[part::4]} for part in range(4)]
    with hall.processes(*jobs) as four:
        for process in four:
            say(process, "go")
        told = [answer for process in four for answer in json.loads(hear(process))]
    assert hall.faults() == []
    with Session(account.engine) as db:
        sitting = db.get_one(Sitting, hall.sitting)
        assert (sitting.taken, sitting.drawn) == (quota, people)
        rows = db.scalars(select(SignUp).where(SignUp.sitting_id == sitting.id).order_by(SignUp.number)).all()
        line = db.scalars(select(SignUp.id).where(LINE.is_waiting).order_by(SignUp.id)).all()
    states = [Turn(row.state) for row in rows]
    assert states == [Turn.PLACED] * quota + [Turn.WAITING] * (people - quota)
    assert list(line) == [row.id for row in rows[quota:]], "the line has the order of the numbers"
    assert sum(is_placed for _, is_placed, _, _ in told) == quota
    # whoever was answered before another one came stands before them: that is the order of receipt
    by_number = sorted(told)
    latest = 0.0
    for number, _, began_at, ended_at in reversed(by_number):
        if latest:
            assert began_at < latest, f"{number} came after somebody with a higher number was answered"
        latest = min(latest, ended_at) if latest else ended_at


def test_D12_two_hundred_for_ten_places(account: Account) -> None:
    rush(account, quota=10, people=200)


@pytest.mark.slow
def test_D12_a_thousand_for_fifty_places(account: Account) -> None:
    """How many a second: `./niangjia bench signup`."""
    rush(account, quota=50, people=1000)


@pytest.mark.slow
def test_D12_places_are_added_one_by_one_while_everybody_signs_up(account: Account) -> None:
    """Nobody who comes later has a new place before somebody who waits, whoever is first at the row."""
    hall = Hall(account, quota=5, people=120)
    jobs: list[dict[str, Any]] = [{"act": "rush", "workers": hall.workers[part::3]} for part in range(3)]
    jobs.append({"act": "raise", "quotas": [4, *range(6, 26), 3], "threads": 1, "pause": 0.02})
    with hall.processes(*jobs) as four:
        for process in four:
            say(process, "go")
        told = [answer for process in four[:3] for answer in json.loads(hear(process))]
        raised = json.loads(hear(four[3]))
    assert hall.faults() == []
    assert len({number for number, *_ in told}) == 120
    assert raised["quota_taken"] >= 1, "the last was fewer than are had"
    with Session(account.engine) as db:
        sitting = db.get_one(Sitting, hall.sitting)
        assert sitting.quota == sitting.taken == 25
        rows = db.scalars(select(SignUp.state).where(SignUp.sitting_id == sitting.id).order_by(SignUp.number))
        states = [Turn(state) for state in rows]
    waits = states.index(Turn.WAITING)
    assert Turn.WAITING not in states[:25]
    assert states[waits:] == [Turn.WAITING] * 95


@pytest.mark.slow
def test_D12_the_rush_through_the_callback(account: Account) -> None:
    """Thirty people tap 提交 at the same time, at several web processes, for ten places."""
    sitting = exam_hall.plan(account, quota=10)
    phones = [account.phone() for _ in range(30)]
    for serial, phone in enumerate(phones):
        for said in (
            "考试",
            "1",
            "1",
            "李小样",
            exam_hall.id_number(serial),
            "13800138000",
            "临湖仪表厂",
            "同意",
        ):
            phone.says(said)
    # each once by every process, as the platform would repeat it
    sent = [submit_of(phone, number) for number, phone in enumerate(phones)]
    with clients(account, sent[:20], sent[10:], sent[::-1], handler="real") as three:
        for client in three:
            client.go()
        answers = [answer for client in three for answer in client.answers()]
    assert {status for status, _ in answers} == {200}
    assert exam_hall.counts(account, sitting) == (10, 10)
    states = exam_hall.states(account, sitting)
    assert states == [Turn.PLACED] * 10 + [Turn.WAITING] * 20
    told = {body.partition("报名号")[2][:8].strip() for _, body in answers} - {
        ""
    }  # "": a busy machine was late
    assert told <= exam_hall.numbers(account, sitting), "each person has one number"


def submit_of(phone: Phone, number: int) -> tuple[str, bytes]:
    """The message with which somebody hands the form in."""
    wire = phone.account.wire
    fields = wire.fields(phone.openid, "text", Content="提交", MsgId=10**9 + number)
    post: tuple[str, bytes] = wire.packed(document(fields))
    return post


def mixed(hall: Hall, seed: int, turns: int) -> list[dict[str, Any]]:
    later = hall.now + timedelta(days=3)
    return [
        {"act": "mixed", "workers": hall.workers, "turns": turns, "later": later.isoformat(),
         "seeds": [seed * 100 + part * 10 + n for n in range(2)], "threads": 2}
        for part in range(3)
    ]  # fmt: skip


@pytest.mark.slow
def test_C4_everybody_changes_their_mind_at_once(account: Account) -> None:
    hall = Hall(account, quota=3, people=12)
    with hall.processes(*mixed(hall, SEED, 40)) as three:
        for process in three:
            say(process, "go")
        done = [json.loads(hear(process)) for process in three]
    assert hall.faults() == [], f"seed {SEED}"
    assert all(sum(one.values()) == 80 for one in done), done


@pytest.mark.slow
def test_C4_kills_at_random_points_leave_no_place_behind(account: Account) -> None:
    luck = random.Random(SEED)
    hall = Hall(account, quota=3, people=12)
    for kill in range(12):
        with hall.processes(*mixed(hall, SEED + kill, 400)) as three:
            for process in three:
                say(process, "go")
            until = time.monotonic() + luck.uniform(0.05, 0.8)
            while time.monotonic() < until:  # nothing to wait for: the point is any point
                pass
            for process in three:
                process.kill()
        assert hall.faults() == [], f"seed {SEED}, kill {kill}"
