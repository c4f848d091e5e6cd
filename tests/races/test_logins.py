"""Two at the same moment, each with a connection of its own: an invitation, a code, a scan, and many guesses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import crypto
from core.config import Config, Console
from core.db import make_engine
from core.errors import Noted, Refused
from models.logins import Credential, Login, LoginAttempt, LoginDelay
from models.people import Organisation, Staff
from rules import logins
from rules.access import Role
from rules.logins import Way
from tests.rules.cast import NOW, Town, build
from tests.rules.login_cast import HOME, PASSWORD, Member, plain, set_up

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def limits(config: Config) -> Console:
    return config.console


@pytest.fixture
def town(config: Config) -> Iterator[Town]:
    crypto.use(config)
    engine = make_engine(config)
    with Session(engine, expire_on_commit=False) as db:
        built = build(engine, db)
        db.commit()
        yield built
    engine.dispose()


def at_once(town: Town, times: int, act: Callable[[Session, int], Any]) -> list[Any]:
    """What each came to: a value, or the code of its refusal. They begin together and commit as an entrance does."""
    ready = threading.Barrier(times)

    def one(number: int) -> Any:
        with Session(town.engine, expire_on_commit=False) as db:
            ready.wait(30)
            try:
                result = act(db, number)
            except Noted as no:
                result = no.code
            except Refused as no:
                db.rollback()
                return no.code
            db.commit()
            return result

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_two_accept_the_same_invitation(town: Town, limits: Console) -> None:
    _, token = logins.invite(
        town.db, None, login="lin", name="林", role=Role.CLERK, organisation=town.city, limits=limits, now=NOW
    )
    town.db.commit()
    came = at_once(
        town, 4, lambda db, n: logins.accept(db, token, f"sentence number {n} by the lake", now=NOW).login
    )
    assert sorted(came) == ["invitation_gone"] * 3 + ["lin"]
    assert town.db.scalar(select(func.count()).select_from(Credential)) == 1


@pytest.fixture
def lin(town: Town, limits: Console) -> Member:
    member = set_up(town.db, town.city, "lin", limits=limits, now=NOW)
    town.db.commit()
    return member


def test_a_code_is_taken_once_of_two_at_the_same_moment(town: Town, lin: Member, limits: Console) -> None:
    code = lin.code(LATER)

    def enter(db: Session, n: int) -> str:
        staff = db.get_one(Staff, lin.staff.id)
        logins.second_factor(db, staff, code, replace(HOME, ip=f"203.0.113.{n}"), limits=limits, now=LATER)
        return "in"

    assert sorted(at_once(town, 4, enter)) == ["factor_used"] * 3 + ["in"]


def test_a_recovery_code_is_taken_once_of_two_at_the_same_moment(
    town: Town, lin: Member, limits: Console
) -> None:
    def enter(db: Session, n: int) -> str:
        staff = db.get_one(Staff, lin.staff.id)
        logins.second_factor(db, staff, lin.recovery[0], HOME, limits=limits, now=LATER)
        return "in"

    assert sorted(at_once(town, 4, enter)) == ["factor_refused"] * 3 + ["in"]


def test_many_guesses_at_once_are_no_more_than_one_after_the_other(
    town: Town, lin: Member, limits: Console
) -> None:
    def guess(db: Session, n: int) -> str:
        password = PASSWORD if n == 11 else f"guess number {n}"
        where = replace(HOME, ip=f"203.0.113.{n}")
        return logins.by_password(db, "lin", password, where, limits=limits, now=LATER).login

    came = at_once(town, 12, guess)
    assert came.count("login_refused") == 5
    assert came.count("login_locked") + came.count("lin") == 7
    town.db.rollback()
    assert town.db.scalar(select(func.count()).select_from(LoginAttempt)) == 12 - came.count("lin")
    assert town.db.scalar(select(func.max(LoginDelay.failures))) == 5


def test_two_finish_the_same_scan(town: Town, limits: Console) -> None:
    worker = town.worker(town.north)
    staff = plain(town.db, town.city, "chen", Role.CLERK, now=NOW)
    staff.worker_id = worker.id
    secret, scene = logins.begin_scan(town.db, HOME, limits=limits, now=NOW)
    scan = logins.scanned(town.db, worker.id, scene.token, now=NOW)
    logins.confirm_scan(town.db, worker.id, scan.id, now=NOW)
    town.db.commit()

    def finish(db: Session, n: int) -> str:
        found = logins.finish_scan(db, secret, HOME, now=NOW)
        assert found
        logins.open_login(db, found, HOME, Way.SCAN, now=NOW)
        return found.login

    assert sorted(at_once(town, 4, finish)) == ["chen"] + ["scan_gone"] * 3
    assert town.db.scalar(select(func.count()).select_from(Login)) == 1


def test_two_phones_of_staff_scan_the_same_code(town: Town, limits: Console) -> None:
    workers = [town.worker(town.north) for _ in range(4)]
    for number, worker in enumerate(workers):
        plain(town.db, town.city, f"chen{number}", Role.CLERK, now=NOW).worker_id = worker.id
    _, scene = logins.begin_scan(town.db, HOME, limits=limits, now=NOW)
    town.db.commit()
    ids = [worker.id for worker in workers]
    came = at_once(town, 4, lambda db, n: logins.scanned(db, ids[n], scene.token, now=NOW).worker_id)
    assert came.count("scan_gone") == 3
    assert len([one for one in came if one in ids]) == 1


def test_confirming_and_denying_at_once_never_opens_after_a_no(town: Town, limits: Console) -> None:
    worker = town.worker(town.north)
    plain(town.db, town.city, "chen", Role.CLERK, now=NOW).worker_id = worker.id
    secret, scene = logins.begin_scan(town.db, HOME, limits=limits, now=NOW)
    scan_id = logins.scanned(town.db, worker.id, scene.token, now=NOW).id
    logins.confirm_scan(town.db, worker.id, scan_id, now=NOW)
    town.db.commit()
    worker_id = worker.id

    def act(db: Session, n: int) -> str:
        if n:
            logins.deny_scan(db, worker_id, scan_id, now=NOW)
            return "denied"
        return "in" if logins.finish_scan(db, secret, HOME, now=NOW) else "waiting"

    assert sorted(at_once(town, 2, act)) in (
        ["denied", "scan_denied"],
        ["denied", "scan_gone"],
        ["in", "scan_used"],
    )


def test_disabling_while_somebody_logs_in_leaves_no_login_that_counts(
    town: Town, lin: Member, limits: Console
) -> None:
    def act(db: Session, n: int) -> str:
        staff = db.get_one(Staff, lin.staff.id)
        if n:
            logins.disable(db, None, staff, now=LATER)
            return ""
        return logins.open_login(db, staff, HOME, Way.PASSWORD, now=LATER)

    token = at_once(town, 2, act)[0]
    town.db.rollback()
    assert logins.current(town.db, token, limits=limits, now=LATER) is None


def test_disabling_while_somebody_logs_in_leaves_no_open_login_for_later(town: Town, limits: Console) -> None:
    staff = plain(town.db, town.city, "chen", Role.CLERK, now=NOW)
    town.db.commit()

    def act(db: Session, n: int) -> str:
        found = db.get_one(Staff, staff.id)
        if n == 3:
            logins.disable(db, None, found, now=LATER)
            return ""
        return logins.open_login(db, found, HOME, Way.SCAN, now=LATER)

    tokens = at_once(town, 6, act)
    town.db.rollback()
    logins.enable(town.db, None, town.db.get_one(Staff, staff.id), now=LATER)
    assert [logins.current(town.db, token, limits=limits, now=LATER) for token in tokens] == [None] * 6


def test_one_login_name_is_given_once(town: Town, limits: Console) -> None:
    def invite(db: Session, _: int) -> str:
        north = db.get_one(Organisation, town.north.id)
        terms: dict[str, Any] = {"role": Role.CLERK, "organisation": north, "limits": limits, "now": NOW}
        return logins.invite(db, None, login="racer", name="兰老师", **terms)[0].login

    assert sorted(at_once(town, 4, invite)) == ["login_taken"] * 3 + ["racer"]
