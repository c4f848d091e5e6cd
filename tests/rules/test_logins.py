"""Issue 4, who may come in: invitations, passwords, authenticators, delays, open logins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, func, select, text, update

from core.config import Config, Console
from core.crypto import ring
from core.errors import Noted, Refused
from models.audit import Audit
from models.logins import (
    Credential,
    Invitation,
    Login,
    LoginAttempt,
    LoginDelay,
    Outcome,
    RecoveryCode,
)
from models.people import Staff
from rules import crisis, logins, retention
from rules.access import Role
from rules.logins import Ended, Way, Where, attempts, passwords
from tests.rules.cast import NOW, Town
from tests.rules.login_cast import CAFE, FIREFOX, HOME, PASSWORD, Member, add_authenticator, plain, set_up

LATER = NOW + timedelta(minutes=1)
"""When somebody logs in whose authenticator was set up at NOW: no code is taken twice."""


@pytest.fixture
def limits(config: Config) -> Console:
    return config.console


@pytest.fixture
def lin(town: Town, limits: Console) -> Member:
    """A manager of the city with all that it takes."""
    return set_up(town.db, town.city, "lin", limits=limits, now=NOW)


class Door:
    """The login page."""

    def __init__(self, town: Town, limits: Console) -> None:
        self.db = town.db
        self.limits = limits

    def password(
        self, login: str = "lin", password: str = PASSWORD, where: Where = HOME, now: datetime = LATER
    ) -> Staff:
        return logins.by_password(self.db, login, password, where, limits=self.limits, now=now)

    def factor(self, member: Member, code: str, now: datetime = LATER, where: Where = HOME) -> None:
        logins.second_factor(self.db, member.staff, code, where, limits=self.limits, now=now)

    def enter(self, member: Member, now: datetime = LATER, where: Where = HOME) -> str:
        """All the way in."""
        staff = self.password(member.staff.login, where=where, now=now)
        self.factor(member, member.code(now), now, where)
        return logins.open_login(self.db, staff, where, Way.PASSWORD, now=now)

    def current(self, token: str, now: datetime) -> Login | None:
        return logins.current(self.db, token, limits=self.limits, now=now)

    def outcomes(self) -> list[str]:
        return list(self.db.scalars(select(LoginAttempt.outcome).order_by(LoginAttempt.id)))

    def fails(self, times: int, *, login: str = "lin", where: Where = HOME, now: datetime = LATER) -> None:
        for _ in range(times):
            assert said(lambda: self.password(login, "not this one", where, now)) == "login_refused"


@pytest.fixture
def door(town: Town, limits: Console) -> Door:
    return Door(town, limits)


def said(act: Callable[[], Any]) -> str:
    """With which code it is refused."""
    with pytest.raises(Refused) as no:
        act()
    return no.value.code


# -- invitations -------------------------------------------------------------------------------------------


def test_an_invitation_is_accepted_once_and_stored_as_a_hash(town: Town, limits: Console) -> None:
    db = town.db
    staff, token = logins.invite(
        db,
        None,
        login="lin",
        name="林老师",
        role=Role.ADMINISTRATOR,
        organisation=town.city,
        limits=limits,
        now=NOW,
    )
    assert len(token) >= 43
    assert logins.invitation(db, token, now=NOW).staff is staff
    assert token not in str(db.execute(text("SELECT * FROM invitation")).all())
    assert logins.accept(db, token, PASSWORD, now=NOW) is staff
    assert said(lambda: logins.accept(db, token, PASSWORD, now=NOW)) == "invitation_gone"
    assert said(lambda: logins.invitation(db, token, now=NOW)) == "invitation_gone"
    stored = str(db.execute(text("SELECT * FROM credential")).all())
    assert "$argon2id$" in stored
    assert PASSWORD not in stored


def test_an_invitation_expires(town: Town, limits: Console) -> None:
    _, token = logins.invite(
        town.db, None, login="lin", name="林", role=Role.CLERK, organisation=town.city, limits=limits, now=NOW
    )
    last = NOW + timedelta(days=7) - timedelta(seconds=1)
    assert logins.invitation(town.db, token, now=last).used_at is None
    gone = NOW + timedelta(days=7)
    assert said(lambda: logins.accept(town.db, token, PASSWORD, now=gone)) == "invitation_gone"


@pytest.mark.parametrize("token", ["", "x", "中文", "\ud800", "a" * 10_000])
def test_a_made_up_token_opens_nothing(town: Town, limits: Console, token: str) -> None:
    assert said(lambda: logins.invitation(town.db, token, now=NOW)) == "invitation_gone"
    assert logins.current(town.db, token, limits=limits, now=NOW) is None
    assert said(lambda: logins.finish_scan(town.db, token, HOME, now=NOW)) == "scan_gone"


@pytest.mark.parametrize(
    ("by", "below", "role", "code"),
    [
        (Role.MANAGER, "south", Role.CLERK, "not_found"),  # the next district
        (Role.MANAGER, "city", Role.CLERK, "not_found"),  # the union above
        (Role.MANAGER, "north", Role.ADMINISTRATOR, "role_above"),
        (Role.REVIEWER, "north", Role.CLERK, "not_found"),
        (Role.PROFESSIONAL, "north", Role.PROFESSIONAL, "not_found"),
        (Role.DUTY, "north", Role.DUTY, "not_found"),
        (Role.MANAGER, "north", Role.MANAGER, None),
        (Role.ADMINISTRATOR, "north", Role.ADMINISTRATOR, None),
    ],
)
def test_who_may_invite_whom(
    town: Town, limits: Console, by: Role, below: str, role: Role, code: str | None
) -> None:
    inviter = plain(town.db, town.north, "chen", by, now=NOW)

    def invite() -> object:
        return logins.invite(
            town.db,
            inviter,
            login="new",
            name="新",
            role=role,
            organisation=getattr(town, below),
            limits=limits,
            now=NOW,
        )

    if code:
        assert said(invite) == code
        assert town.db.scalar(select(Staff.id).where(Staff.login == "new")) is None
    else:
        invite()
        row = town.db.scalars(select(Audit).where(Audit.act == "staff_add")).one()
        assert row.staff_id == inviter.id


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_short"),
        ("elevenchars", "password_short"),
        ("x" * 201, "password_long"),
        ("lin", "password_short"),
        ("linlin-20261", "password_login"),
        ("林老师20260501!", "password_login"),
        ("password1234", "password_common"),
        ("Password2026!", "password_common"),
        ("qwertyuiop12", "password_common"),
        ("aaaaaaaaaaaa", "password_common"),
        ("abcabcabcabc", "password_common"),
        ("woaini5201314", "password_common"),
        ("Niangjia2026!!", "password_common"),
        ("13812345678901", "password_common"),
        ("西湖边有三棵老樟树很高的", None),
        ("lin likes tea by the lake", None),
        ("kj3hd82nq0xa", None),
    ],
)
def test_a_password_that_is_tried_first_is_refused_and_leaves_the_invitation(
    town: Town, limits: Console, password: str, code: str | None
) -> None:
    _, token = logins.invite(
        town.db,
        None,
        login="lin",
        name="林老师",
        role=Role.CLERK,
        organisation=town.city,
        limits=limits,
        now=NOW,
    )
    if code:
        assert said(lambda: logins.accept(town.db, token, password, now=NOW)) == code
        assert logins.invitation(town.db, token, now=NOW).used_at is None
    else:
        logins.accept(town.db, token, password, now=NOW)


def test_the_same_characters_composed_otherwise_are_the_same_password() -> None:
    assert passwords.matches(passwords.kept("caf\u00e9 au lac, trois"), "cafe\u0301 au lac, trois")


# -- password ----------------------------------------------------------------------------------------------


def test_a_right_password_and_code_open_a_login(door: Door, lin: Member) -> None:
    token = door.enter(lin)
    login = door.current(token, LATER)
    assert login is not None
    assert (login.staff.login, login.way, login.ip, login.browser) == ("lin", "password", HOME.ip, FIREFOX)
    assert door.outcomes() == []


@pytest.mark.parametrize("typed", ["", "\x00", "\ud800", "lin\x00'; --", "王" * 5000])
def test_nonsense_is_refused_like_anything_wrong(door: Door, lin: Member, typed: str) -> None:
    where = Where(typed, typed)
    assert said(lambda: door.password(typed + "?", typed, where)) == "login_refused"


@pytest.mark.parametrize("typed", ["LIN", " lin ", "ｌｉｎ"])
def test_a_login_is_found_however_a_keyboard_writes_it(door: Door, lin: Member, typed: str) -> None:
    assert door.password(typed) is lin.staff


def test_unknown_wrong_unset_and_disabled_are_refused_alike_and_told_apart_in_the_rows(
    town: Town, door: Door, lin: Member, limits: Console
) -> None:
    plain(town.db, town.north, "unset", Role.CLERK, now=NOW)
    gone = set_up(town.db, town.north, "gone", limits=limits, now=NOW)
    logins.disable(town.db, None, gone.staff, now=NOW)
    told = []
    for place, (login, password) in enumerate(
        [("nobody", PASSWORD), ("lin", "not this one"), ("unset", PASSWORD), ("gone", PASSWORD)]
    ):
        where = replace(HOME, ip=f"203.0.113.{place + 50}")
        with pytest.raises(Noted) as no:
            door.password(login, password, where)
        told.append((no.value.code, no.value.facts))
    assert told == [("login_refused", {})] * 4
    assert door.outcomes() == ["unknown", "wrong", "no_password", "disabled"]
    rows = town.db.scalars(select(LoginAttempt).order_by(LoginAttempt.id)).all()
    assert rows[0].staff_id is None
    assert rows[1].staff_id == lin.staff.id
    assert rows[0].login_hash == ring().blind("login:nobody")
    assert (rows[0].ip, rows[0].browser, rows[0].way) == ("203.0.113.50", FIREFOX, "password")
    for column in ("login_hash", "ip", "browser"):
        assert PASSWORD not in str([getattr(row, column) for row in rows])


def test_unknown_wrong_and_disabled_cost_the_same_work(
    town: Town, door: Door, lin: Member, limits: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = set_up(town.db, town.north, "gone", limits=limits, now=NOW)
    logins.disable(town.db, None, gone.staff, now=NOW)
    town.db.commit()
    done: list[str] = []
    event.listen(town.engine, "before_cursor_execute", lambda *args: done.append(args[2]))
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, hashed: str, password: bytes) -> bool:
        done.append(hashed.rpartition("$")[0].rpartition("$")[0])  # what the work is made of
        return verify(hasher, hashed, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)

    def work(login: str, password: str) -> list[str]:
        done.clear()
        said(lambda: door.password(login, password, HOME))
        town.db.rollback()
        return [*done]

    unknown, wrong, disabled = (
        work(*who) for who in (("nobody", PASSWORD), ("lin", "not this one"), ("gone", PASSWORD))
    )
    assert unknown == wrong == disabled
    assert sum(one.startswith("$argon2id$") for one in unknown) == 1


# -- delays ------------------------------------------------------------------------------------------------


def test_the_delay_doubles_from_the_fifth_failure_up_to_an_hour(limits: Console) -> None:
    seconds = [attempts.delay(failures, limits).total_seconds() for failures in range(1, 15)]
    assert seconds[:4] == [0] * 4
    assert seconds[4:11] == [30, 60, 120, 240, 480, 960, 1920]
    assert seconds[11:] == [3600] * 3
    assert attempts.delay(10**9, limits) == timedelta(hours=1)


@pytest.mark.parametrize("login", ["lin", "nobody"])
def test_a_login_known_or_not_has_to_wait_after_five_failures_from_anywhere(
    town: Town, door: Door, lin: Member, login: str
) -> None:
    for place in range(5):
        door.fails(1, login=login, where=replace(HOME, ip=f"198.51.100.{place}"))
    with pytest.raises(Noted) as no:
        door.password(login, PASSWORD, CAFE)
    assert (no.value.code, no.value.facts) == ("login_locked", {"until": LATER + timedelta(seconds=30)})
    assert door.outcomes()[-1] == Outcome.LOCKED


def test_waiting_lets_in_again_and_the_next_failure_waits_twice_as_long(door: Door, lin: Member) -> None:
    door.fails(5)
    after = LATER + timedelta(seconds=30)
    door.fails(1, now=after)
    with pytest.raises(Noted) as no:
        door.password(now=after)
    assert no.value.facts["until"] == after + timedelta(seconds=60)
    assert door.password(now=after + timedelta(seconds=60)) is lin.staff


def test_an_address_has_to_wait_whatever_logins_it_tries(
    door: Door, lin: Member, town: Town, limits: Console
) -> None:
    for number in range(5):
        door.fails(1, login=f"guess{number}")
    assert said(door.password) == "login_locked"
    assert door.password(where=CAFE) is lin.staff, "others are not kept waiting"


def test_an_ipv6_household_is_one_address(door: Door, lin: Member) -> None:
    for number in range(5):
        door.fails(1, login=f"guess{number}", where=replace(HOME, ip=f"2001:db8:1:2::{number + 1}"))
    assert said(lambda: door.password(where=replace(HOME, ip="2001:db8:1:2:ffff::9"))) == "login_locked"
    assert door.password(where=replace(HOME, ip="2001:db8:1:3::1")) is lin.staff


def test_tries_while_waiting_do_not_make_it_longer(town: Town, door: Door, lin: Member) -> None:
    door.fails(5)
    for _ in range(20):
        assert said(door.password) == "login_locked"
    assert door.password(now=LATER + timedelta(seconds=30)) is lin.staff


def test_coming_in_forgets_failures_but_the_password_alone_does_not(door: Door, lin: Member) -> None:
    door.fails(4)
    door.password()
    assert said(lambda: door.factor(lin, "000000")) == "factor_refused"
    assert said(door.password) == "login_locked"
    after = LATER + timedelta(seconds=30)
    door.enter(lin, now=after)
    door.fails(4, now=after)
    assert door.password(now=after) is lin.staff


def test_failures_are_forgotten_after_a_calm_day(door: Door, lin: Member) -> None:
    door.fails(4)
    door.fails(4, now=LATER + timedelta(hours=25))
    assert door.password(now=LATER + timedelta(hours=25)) is lin.staff


# -- the second factor -------------------------------------------------------------------------------------


def test_a_code_counts_a_step_earlier_and_later_and_no_further(
    town: Town, limits: Console, door: Door, lin: Member
) -> None:
    for steps, ok in ((-2, False), (2, False), (-1, True), (0, True), (1, True)):
        code = lin.code(LATER + timedelta(seconds=30 * steps))
        if ok:
            door.factor(lin, code)
        else:
            assert said(lambda: door.factor(lin, code)) == "factor_refused"  # noqa: B023 - called at once


def test_a_code_is_taken_once_and_none_before_it_afterwards(door: Door, lin: Member) -> None:
    door.factor(lin, lin.code(LATER))
    assert said(lambda: door.factor(lin, lin.code(LATER))) == "factor_used"
    assert said(lambda: door.factor(lin, lin.code(LATER - timedelta(seconds=30)))) == "factor_used"
    assert door.outcomes() == ["factor_used", "factor_used"]


def test_the_code_that_set_the_authenticator_up_does_not_log_in(door: Door, lin: Member) -> None:
    assert said(lambda: door.factor(lin, lin.code(NOW), NOW)) == "factor_used"


@pytest.mark.parametrize("form", ["{0} {1}", " {0}{1} ", "{0}-{1}"])
def test_a_code_may_have_gaps(door: Door, lin: Member, form: str) -> None:
    code = lin.code(LATER)
    door.factor(lin, form.format(code[:3], code[3:]))


def test_a_code_in_wide_digits_is_read(door: Door, lin: Member) -> None:
    door.factor(lin, "".join(chr(ord(digit) + 0xFEE0) for digit in lin.code(LATER)))


@pytest.mark.parametrize("code", ["", "1", "abcdef", "0" * 500, "１２３４５六", "\ud800", "'; --"])
def test_nonsense_is_no_code(door: Door, lin: Member, code: str) -> None:
    assert said(lambda: door.factor(lin, code)) == "factor_refused"


def test_wrong_codes_make_one_wait_too(door: Door, lin: Member) -> None:
    for _ in range(5):
        assert said(lambda: door.factor(lin, "000000")) == "factor_refused"
    assert said(lambda: door.factor(lin, lin.code(LATER))) == "login_locked"
    assert said(door.password) == "login_locked"


def test_a_recovery_code_works_once(town: Town, door: Door, lin: Member) -> None:
    assert len(set(lin.recovery)) == 10
    stored = str(town.db.execute(text("SELECT * FROM recovery_code")).all())
    assert not any(code in stored or code.replace("-", "") in stored for code in lin.recovery)
    door.factor(lin, lin.recovery[3].upper())
    assert said(lambda: door.factor(lin, lin.recovery[3])) == "factor_refused"
    door.factor(lin, lin.recovery[4].replace("-", " "))


def test_anothers_recovery_code_does_not_work(town: Town, door: Door, lin: Member, limits: Console) -> None:
    other = set_up(town.db, town.city, "chen", limits=limits, now=NOW)
    assert said(lambda: door.factor(lin, other.recovery[0])) == "factor_refused"
    assert said(lambda: door.factor(lin, other.code(LATER))) == "factor_refused"


def test_a_new_authenticator_counts_once_its_first_code_came(town: Town, door: Door, lin: Member) -> None:
    old, codes = lin.secret, lin.recovery
    logins.new_totp(town.db, lin.staff)
    door.factor(lin, lin.code(LATER))
    assert said(lambda: logins.confirm_totp(town.db, lin.staff, "000000", now=LATER)) == "factor_refused"
    after = LATER + timedelta(minutes=2)
    add_authenticator(town.db, lin, now=after)
    assert lin.secret != old
    end = after + timedelta(minutes=1)
    assert said(lambda: door.factor(Member(lin.staff, old), Member(lin.staff, old).code(end), end)) == (
        "factor_refused"
    )
    assert said(lambda: door.factor(lin, codes[0], end)) == "factor_refused"
    door.factor(lin, lin.code(end), end)


def test_the_secret_of_an_authenticator_is_sealed(town: Town, lin: Member) -> None:
    town.db.flush()
    assert lin.secret.encode() not in town.db.execute(text("SELECT totp_secret FROM credential")).scalar_one()


def test_without_an_authenticator_a_password_opens_nothing(town: Town, limits: Console, door: Door) -> None:
    staff, token = logins.invite(
        town.db, None, login="new", name="新", role=Role.CLERK, organisation=town.city, limits=limits, now=NOW
    )
    assert said(lambda: logins.new_totp(town.db, staff)) == "password_needed"
    logins.accept(town.db, token, PASSWORD, now=NOW)
    assert not logins.has_totp(town.db, staff)
    assert said(lambda: logins.open_login(town.db, staff, HOME, Way.PASSWORD, now=NOW)) == "totp_needed"
    assert said(lambda: door.factor(Member(staff), "000000")) == "factor_refused"
    logins.new_totp(town.db, staff)
    assert not logins.has_totp(town.db, staff), "not before it was confirmed"


# -- logins that are open ----------------------------------------------------------------------------------


def test_a_login_token_is_stored_only_as_a_hash(town: Town, door: Door, lin: Member) -> None:
    token = door.enter(lin)
    assert len(token) >= 43
    row = town.db.execute(text("SELECT * FROM login")).one()
    assert not any(token in str(value) for value in row)
    assert door.current(str(row.token_hash), LATER) is None


def test_a_login_ends_when_it_is_idle_for_half_an_hour(town: Town, door: Door, lin: Member) -> None:
    token = door.enter(lin)
    now = LATER
    for _ in range(3):
        now += timedelta(minutes=29)
        assert door.current(token, now)
    seen = now
    now += timedelta(minutes=30)
    assert door.current(token, now) is None
    login = town.db.scalars(select(Login).execution_options(populate_existing=True)).one()
    assert (login.ended_why, login.ended_at) == (Ended.IDLE, seen + timedelta(minutes=30))
    assert door.current(token, seen) is None, "over is over"


def test_a_login_ends_after_twelve_hours_however_busy(town: Town, door: Door, lin: Member) -> None:
    token = door.enter(lin)
    for quarters in range(1, 48):
        assert door.current(token, LATER + timedelta(minutes=15 * quarters))
    assert door.current(token, LATER + timedelta(hours=12)) is None
    assert town.db.scalar(select(Login.ended_why)) == Ended.AGE


def test_not_every_request_writes(town: Town, door: Door, lin: Member) -> None:
    token = door.enter(lin)
    town.db.commit()
    statements: list[str] = []
    event.listen(town.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    door.current(token, LATER + timedelta(seconds=59))
    assert len(statements) == 1
    door.current(token, LATER + timedelta(seconds=60))
    assert len(statements) == 3


def test_each_login_has_a_token_of_its_own(door: Door, lin: Member) -> None:
    first = door.enter(lin)
    second = door.enter(lin, now=LATER + timedelta(minutes=1))
    assert first != second
    assert door.current(first, LATER) is not door.current(second, LATER)


def test_one_sees_ones_open_logins_and_ends_one(town: Town, door: Door, lin: Member, limits: Console) -> None:
    here, there = door.enter(lin), door.enter(lin, now=LATER + timedelta(minutes=1), where=CAFE)
    now = LATER + timedelta(minutes=2)
    found = logins.open_logins(town.db, lin.staff, limits=limits, now=now)
    assert [one.ip for one in found] == [CAFE.ip, HOME.ip]
    logins.end(town.db, lin.staff, found[1].id, Ended.LEFT, now=now)
    assert door.current(here, now) is None
    assert door.current(there, now)
    logins.end(town.db, lin.staff, found[1].id, Ended.LEFT, now=now)
    assert len(logins.open_logins(town.db, lin.staff, limits=limits, now=now)) == 1
    assert logins.open_logins(town.db, lin.staff, limits=limits, now=now + timedelta(hours=1)) == []


def test_the_next_district_and_those_below_end_nobodys_login(
    town: Town, door: Door, lin: Member, limits: Console
) -> None:
    north = set_up(town.db, town.north, "chen", limits=limits, now=NOW)
    token = door.enter(north)
    login = door.current(token, LATER)
    assert login is not None
    for other in (
        plain(town.db, town.south, "zhou", Role.ADMINISTRATOR, now=NOW),
        plain(town.db, town.north, "wu", Role.REVIEWER, now=NOW),
    ):
        assert said(lambda: logins.end(town.db, other, login.id, Ended.SENT_OUT, now=LATER)) == "not_found"  # noqa: B023
        assert said(lambda: logins.end(town.db, other, 999, Ended.SENT_OUT, now=LATER)) == "not_found"  # noqa: B023
    south = plain(town.db, town.south, "qian", Role.MANAGER, now=NOW)
    assert said(lambda: logins.end(town.db, south, login.id, Ended.SENT_OUT, now=LATER)) == "not_found"
    logins.end(town.db, lin.staff, login.id, Ended.SENT_OUT, now=LATER)
    assert door.current(token, LATER) is None
    assert town.db.scalars(select(Audit.act).order_by(Audit.id.desc())).first() == "login_end"


def test_disabling_ends_everything_and_enabling_lets_in_again(
    town: Town, door: Door, lin: Member, limits: Console
) -> None:
    chen = set_up(town.db, town.north, "chen", limits=limits, now=NOW)
    chen.staff.worker_id = town.worker(town.north).id
    token = door.enter(chen)
    logins.disable(town.db, lin.staff, chen.staff, now=LATER)
    logins.disable(town.db, lin.staff, chen.staff, now=LATER)
    assert door.current(token, LATER) is None
    assert said(lambda: door.password("chen", where=CAFE)) == "login_refused"
    assert said(lambda: door.factor(chen, chen.recovery[0], where=CAFE)) == "factor_refused"
    for way in Way:
        assert said(lambda: logins.open_login(town.db, chen.staff, HOME, way, now=LATER)) == "login_refused"  # noqa: B023
    assert said(lambda: logins.reset(town.db, lin.staff, chen.staff, limits=limits, now=LATER)) == (
        "staff_disabled"
    )
    logins.enable(town.db, lin.staff, chen.staff, now=LATER)
    assert door.current(token, LATER) is None
    assert door.password("chen", where=CAFE) is chen.staff
    acts = town.db.scalars(select(Audit.act).where(Audit.staff_id == lin.staff.id)).all()
    assert (acts.count("staff_disable"), acts.count("staff_enable")) == (1, 1)


def test_a_reset_begins_anew(town: Town, door: Door, lin: Member, limits: Console) -> None:
    chen = set_up(town.db, town.north, "chen", limits=limits, now=NOW)
    chen.staff.worker_id = town.worker(town.north).id
    token = door.enter(chen)
    first = logins.reset(town.db, lin.staff, chen.staff, limits=limits, now=LATER)
    second = logins.reset(town.db, lin.staff, chen.staff, limits=limits, now=LATER)
    assert door.current(token, LATER) is None
    assert chen.staff.worker_id is None
    assert said(lambda: door.password("chen", where=CAFE)) == "login_refused"
    assert said(lambda: logins.accept(town.db, first, PASSWORD, now=LATER)) == "invitation_gone"
    assert logins.accept(town.db, second, "quite another sentence", now=LATER) is chen.staff
    assert not logins.has_totp(town.db, chen.staff)
    assert (
        town.db.scalar(
            select(func.count()).select_from(RecoveryCode).where(RecoveryCode.staff_id == chen.staff.id)
        )
        == 0
    )


def test_a_reset_may_leave_the_wechat_bound(town: Town, lin: Member, limits: Console) -> None:
    chen = set_up(town.db, town.north, "chen", limits=limits, now=NOW)
    worker = town.worker(town.north)
    chen.staff.worker_id = worker.id
    logins.reset(town.db, lin.staff, chen.staff, limits=limits, now=LATER, keep_wechat=True)
    assert chen.staff.worker_id == worker.id


@pytest.mark.parametrize("act", ["reset", "disable", "enable"])
@pytest.mark.parametrize(
    ("union", "role", "code"),
    [
        ("south", Role.ADMINISTRATOR, "not_found"),
        ("north", Role.REVIEWER, "not_found"),
        ("north", Role.PROFESSIONAL, "not_found"),
        ("north", Role.MANAGER, "role_above"),
    ],
)
def test_who_may_not_touch_a_login(
    town: Town, limits: Console, act: str, union: str, role: Role, code: str
) -> None:
    boss = plain(town.db, town.north, "boss", Role.ADMINISTRATOR, now=NOW)
    other = plain(town.db, getattr(town, union), "other", role, now=NOW)
    more = {"limits": limits} if act == "reset" else {}
    assert said(lambda: getattr(logins, act)(town.db, other, boss, now=NOW, **more)) == code
    assert boss.disabled_at is None
    assert town.db.scalar(select(Invitation.id)) is None


@pytest.mark.parametrize("act", ["reset", "disable"])
def test_nobody_disables_or_resets_themselves(town: Town, limits: Console, act: str) -> None:
    boss = plain(town.db, town.north, "boss", Role.ADMINISTRATOR, now=NOW)
    more = {"limits": limits} if act == "reset" else {}
    assert said(lambda: getattr(logins, act)(town.db, boss, boss, now=NOW, **more)) == "own_account"


def test_a_changed_password_ends_the_other_logins(
    town: Town, door: Door, lin: Member, limits: Console
) -> None:
    here, there = door.enter(lin), door.enter(lin, now=LATER + timedelta(minutes=1), where=CAFE)
    now = LATER + timedelta(minutes=2)
    login = door.current(here, now)
    assert login is not None

    def change(old: str, new: str) -> None:
        logins.change_password(town.db, login, old, new, HOME, limits=limits, now=now)

    assert said(lambda: change(PASSWORD, "short")) == "password_short"
    assert said(lambda: change("not this one", "quite another sentence")) == "login_refused"
    change(PASSWORD, "quite another sentence")
    assert door.current(here, now)
    assert door.current(there, now) is None
    assert said(lambda: door.password(now=now)) == "login_refused"
    assert door.password("lin", "quite another sentence", now=now) is lin.staff


def test_whoever_came_by_wechat_may_take_a_password(town: Town, door: Door, limits: Console) -> None:
    staff = plain(town.db, town.north, "chen", Role.CLERK, now=NOW)
    token = logins.open_login(town.db, staff, HOME, Way.SCAN, now=NOW)
    login = door.current(token, NOW)
    assert login is not None
    logins.change_password(town.db, login, "", PASSWORD, HOME, limits=limits, now=NOW)
    assert door.password("chen") is staff


def test_an_older_kind_of_hash_is_renewed_when_its_password_comes(
    town: Town, door: Door, lin: Member
) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    town.db.execute(update(Credential).values(password_hash=weak))
    assert door.password() is lin.staff
    kept = town.db.scalar(select(Credential.password_hash))
    assert kept is not None
    assert kept != weak
    assert door.password() is lin.staff


def test_somebody_disabled_is_called_to_no_crisis(town: Town, config: Config) -> None:
    duty = plain(town.db, town.city, "duty", Role.DUTY, now=NOW)
    duty.worker_id = town.worker(town.city).id
    town.db.flush()
    worried = town.worker(town.north)
    assert crisis.alert(town.db, worried.id, now=NOW, crisis=config.crisis) == 1
    logins.disable(town.db, None, duty, now=NOW)
    later = NOW + timedelta(hours=1)
    assert crisis.alert(town.db, worried.id, now=later, crisis=config.crisis) == 0


# -- retention ---------------------------------------------------------------------------------------------


def test_refused_tries_and_ended_logins_are_cleared_after_their_days(
    town: Town, door: Door, lin: Member, limits: Console
) -> None:
    db = town.db
    door.fails(2)
    token = door.enter(lin)
    logins.begin_scan(db, HOME, limits=limits, now=LATER)
    logins.reset(db, None, lin.staff, limits=limits, now=LATER)
    open_ = plain(db, town.city, "open", Role.CLERK, now=NOW)
    left = logins.open_login(db, open_, HOME, Way.SCAN, now=LATER)
    early, late = LATER - timedelta(seconds=1), LATER + timedelta(days=8)
    assert retention.forget_attempts(db, early) + retention.forget_logins(db, early) == 0
    while retention.forget_attempts(db, late):
        pass
    while retention.forget_logins(db, late):
        pass
    for table in (LoginAttempt, LoginDelay, Invitation):
        assert db.scalar(select(func.count()).select_from(table)) == 0
    assert door.current(token, LATER) is None
    assert door.current(left, LATER), "an open login is no old one"
    assert logins.end_over(db, LATER + timedelta(hours=1), limits=limits) == 1
    assert door.current(left, LATER) is None
