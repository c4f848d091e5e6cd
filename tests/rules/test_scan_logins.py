"""Issue 4, the WeChat way in: one use, two minutes, confirmed on the phone, opened in the browser that showed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from core.config import Config, Console
from core.errors import Noted, Refused
from models.audit import Audit
from models.logins import Invitation, Login, LoginAttempt, ScanLogin
from models.people import Staff, Worker
from qr.images import svg
from qr.scenes import BindScene, LoginScene, Scene, unpack
from rules import logins
from rules.access import Role
from rules.logins import Way
from tests.rules.cast import NOW, Town
from tests.rules.login_cast import CAFE, HOME, PASSWORD, plain

SOON = NOW + timedelta(seconds=20)
OVER = NOW + timedelta(minutes=2)


@pytest.fixture
def limits(config: Config) -> Console:
    return config.console


@pytest.fixture
def phone(town: Town) -> Worker:
    """The WeChat that is bound to 林老师."""
    return town.worker(town.north)


@pytest.fixture
def lin(town: Town, phone: Worker) -> Staff:
    staff = plain(town.db, town.city, "lin", Role.MANAGER, now=NOW)
    staff.worker_id = phone.id
    town.db.flush()
    return staff


class Page:
    """A login page in somebody's browser."""

    def __init__(self, town: Town, limits: Console, now: datetime = NOW) -> None:
        self.db = town.db
        self.secret, self.scene = logins.begin_scan(town.db, HOME, limits=limits, now=now)

    def scanned(self, worker: Worker, now: datetime = SOON) -> ScanLogin:
        return logins.scanned(self.db, worker.id, self.scene.token, now=now)

    def confirmed(self, worker: Worker, now: datetime = SOON) -> None:
        logins.confirm_scan(self.db, worker.id, self.scanned(worker, now).id, now=now)

    def finish(self, now: datetime = SOON, where: logins.Where = HOME) -> Staff | None:
        return logins.finish_scan(self.db, self.secret, where, now=now)


@pytest.fixture
def page(town: Town, limits: Console) -> Page:
    return Page(town, limits)


def said(act: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as no:
        act()
    return no.value.code


def outcomes(town: Town) -> list[str]:
    return list(town.db.scalars(select(LoginAttempt.outcome).order_by(LoginAttempt.id)))


def test_scanned_and_confirmed_it_opens_once(town: Town, page: Page, lin: Staff, phone: Worker) -> None:
    assert page.finish() is None
    assert logins.scan_state(town.db, page.secret, now=NOW) == "waiting"
    scan = page.scanned(phone)
    assert (scan.ip, scan.browser, scan.made_at) == (HOME.ip, HOME.browser, NOW)
    assert logins.scan_state(town.db, page.secret, now=NOW) == "scanned"
    assert page.finish() is None, "not before it was confirmed"
    logins.confirm_scan(town.db, phone.id, scan.id, now=SOON)
    assert page.finish() is lin
    assert said(page.finish) == "scan_gone"
    assert outcomes(town) == ["gone"]
    assert logins.open_login(town.db, lin, HOME, Way.SCAN, now=SOON)
    assert town.db.scalars(select(Login.way)).one() == "scan"


def test_the_scene_alone_is_not_enough_nor_is_the_secret_stored(
    town: Town, page: Page, lin: Staff, phone: Worker
) -> None:
    page.confirmed(phone)
    for known in (page.scene.token, page.scene.pack()):
        assert said(lambda: logins.finish_scan(town.db, known, HOME, now=SOON)) == "scan_gone"  # noqa: B023
    row = town.db.execute(text("SELECT * FROM scan_login")).one()
    assert not any(page.secret in str(value) for value in row)
    assert said(lambda: logins.finish_scan(town.db, str(row.secret_hash), HOME, now=SOON)) == "scan_gone"
    assert page.finish() is lin


def test_after_two_minutes_nothing_goes(
    town: Town, page: Page, lin: Staff, phone: Worker, limits: Console
) -> None:
    assert said(lambda: page.scanned(phone, OVER)) == "scan_gone"
    assert said(lambda: page.finish(OVER)) == "scan_gone"
    second = Page(town, limits)
    scan = second.scanned(phone)
    assert said(lambda: logins.confirm_scan(town.db, phone.id, scan.id, now=OVER)) == "scan_gone"
    third = Page(town, limits)
    third.confirmed(phone)
    assert said(lambda: third.finish(OVER)) == "scan_gone"


def test_the_same_phone_may_scan_again_until_it_confirmed(page: Page, lin: Staff, phone: Worker) -> None:
    assert page.scanned(phone).id == page.scanned(phone).id
    page.confirmed(phone)
    assert said(lambda: page.confirmed(phone)) == "scan_confirmed"
    assert page.finish() is lin
    assert said(lambda: page.scanned(phone)) == "scan_used"


def test_who_scans_first_has_it(town: Town, page: Page, lin: Staff, phone: Worker) -> None:
    other = town.worker(town.south)
    plain(town.db, town.south, "chen", Role.CLERK, now=NOW).worker_id = other.id
    town.db.flush()
    scan = page.scanned(phone)
    assert said(lambda: page.scanned(other)) == "scan_gone"
    for act in (logins.confirm_scan, logins.deny_scan):
        assert said(lambda: act(town.db, other.id, scan.id, now=SOON)) == "scan_not_yours"  # noqa: B023
    logins.confirm_scan(town.db, phone.id, scan.id, now=SOON)
    assert page.finish() is lin


def test_anybody_else_learns_nothing_whatever_the_code(
    town: Town, page: Page, lin: Staff, phone: Worker, limits: Console
) -> None:
    stranger = town.worker(town.north)
    used = Page(town, limits)
    used.confirmed(phone)
    used.finish()
    for token in (page.scene.token, used.scene.token, BindScene("A" * 22).token):
        assert said(lambda: logins.scanned(town.db, stranger.id, token, now=SOON)) == "scan_not_yours"  # noqa: B023
        assert said(lambda: logins.scanned(town.db, stranger.id, token, now=OVER)) == "scan_not_yours"  # noqa: B023
    assert outcomes(town) == ["not_staff"] * 4
    assert page.scanned(phone).worker_id == phone.id, "a stranger's scan does not take it"


def test_somebody_disabled_is_anybody_else(town: Town, page: Page, lin: Staff, phone: Worker) -> None:
    page.confirmed(phone)
    logins.disable(town.db, None, lin, now=SOON)
    assert said(page.finish) == "scan_gone"
    assert said(lambda: page.scanned(phone)) == "scan_not_yours"


def test_not_me_ends_it_before_and_after_confirming(
    town: Town, lin: Staff, phone: Worker, limits: Console
) -> None:
    for confirmed in (False, True):
        page = Page(town, limits)
        scan = page.scanned(phone)
        if confirmed:
            logins.confirm_scan(town.db, phone.id, scan.id, now=SOON)
        logins.deny_scan(town.db, phone.id, scan.id, now=SOON)
        logins.deny_scan(town.db, phone.id, scan.id, now=SOON)
        assert said(page.finish) == "scan_denied"
        assert said(lambda: page.confirmed(phone)) == "scan_denied"  # noqa: B023
    attempts = town.db.scalars(select(LoginAttempt)).all()
    assert [(one.outcome, one.staff_id, one.way) for one in attempts] == [("denied", lin.id, "scan")] * 2


def test_not_me_after_it_was_used_says_so(town: Town, page: Page, lin: Staff, phone: Worker) -> None:
    page.confirmed(phone)
    page.finish()
    scan = town.db.scalars(select(ScanLogin)).one()
    assert said(lambda: logins.deny_scan(town.db, phone.id, scan.id, now=SOON)) == "scan_used"


@pytest.mark.parametrize("where", [CAFE, replace(HOME, browser="curl/8")])
def test_it_opens_only_where_the_phone_was_told(
    town: Town, page: Page, lin: Staff, phone: Worker, where: logins.Where
) -> None:
    page.confirmed(phone)
    with pytest.raises(Noted) as no:
        page.finish(where=where)
    assert no.value.code == "scan_elsewhere"
    assert said(page.finish) == "scan_gone", "and is over then"
    assert outcomes(town)[0] == "elsewhere"


def test_a_scan_id_of_somebody_else_is_nothing(town: Town, page: Page, lin: Staff, phone: Worker) -> None:
    for scan_id in (-1, 0, 999, page.db.scalars(select(ScanLogin.id)).one()):
        for act in (logins.confirm_scan, logins.deny_scan):
            assert said(lambda: act(town.db, phone.id, scan_id, now=SOON)) == "scan_not_yours"  # noqa: B023


def test_one_address_makes_no_more_codes_than_it_may(town: Town, limits: Console) -> None:
    few = limits.model_copy(update={"scans_per_address": 3})
    for _ in range(3):
        logins.begin_scan(town.db, HOME, limits=few, now=NOW)
    assert said(lambda: logins.begin_scan(town.db, HOME, limits=few, now=NOW)) == "scan_busy"
    logins.begin_scan(town.db, CAFE, limits=few, now=NOW)
    logins.begin_scan(town.db, HOME, limits=few, now=NOW + timedelta(minutes=10))


def test_the_code_is_made_by_wechat_and_drawn(page: Page, limits: Console) -> None:
    asked: list[tuple[str, int | None]] = []

    class Made:
        url = "http://weixin.qq.com/q/02abc"
        expires_at = None

    class Maker:
        def create_code(self, scene: str, expire_seconds: int | None, *, now: datetime | None = None) -> Made:
            asked.append((scene, expire_seconds))
            return Made()

    scenes: tuple[Scene, ...] = (page.scene, BindScene("A" * 22))
    for scene in scenes:
        assert "<svg" in svg(logins.code_url(Maker(), scene, limits=limits, now=NOW))
    assert [unpack(scene) for scene, _ in asked] == list(scenes)
    assert {seconds for _, seconds in asked} == {120}
    assert isinstance(page.scene, LoginScene)


# -- binding -----------------------------------------------------------------------------------------------


def opened(town: Town, staff: Staff, limits: Console) -> Login:
    token = logins.open_login(town.db, staff, HOME, Way.SCAN, now=NOW)
    login = logins.current(town.db, token, limits=limits, now=NOW)
    assert login is not None
    return login


def test_whoever_is_logged_in_binds_their_wechat_and_comes_in_by_it(
    town: Town, limits: Console, page: Page
) -> None:
    chen, phone = plain(town.db, town.north, "chen", Role.CLERK, now=NOW), town.worker(town.north)
    scene = logins.begin_bind(town.db, opened(town, chen, limits), limits=limits, now=NOW)
    binding = logins.bind_scanned(town.db, phone.id, scene.token, now=SOON)
    assert chen.worker_id is None
    assert logins.bind_state(town.db, scene, now=SOON) == "scanned"
    assert logins.confirm_bind(town.db, phone.id, binding.id, now=SOON) is chen
    assert logins.bind_state(town.db, scene, now=OVER) == "confirmed"
    page.confirmed(phone)
    assert page.finish() is chen
    assert town.db.scalars(select(Audit.act).order_by(Audit.id.desc())).first() == "wechat_bind"
    assert said(lambda: logins.confirm_bind(town.db, phone.id, binding.id, now=SOON)) == "bind_gone"


def test_an_invitation_is_accepted_by_scanning_instead_of_a_password(
    town: Town, limits: Console, page: Page
) -> None:
    phone = town.worker(town.north)
    staff, token = logins.invite(
        town.db,
        None,
        login="new",
        name="新",
        role=Role.REVIEWER,
        organisation=town.north,
        limits=limits,
        now=NOW,
    )
    scene = logins.begin_bind_invited(town.db, token, limits=limits, now=NOW)
    binding = logins.bind_scanned(town.db, phone.id, scene.token, now=SOON)
    logins.confirm_bind(town.db, phone.id, binding.id, now=SOON)
    assert said(lambda: logins.accept(town.db, token, PASSWORD, now=SOON)) == "invitation_gone"
    page.confirmed(phone)
    assert page.finish() is staff


def test_a_binding_is_over_with_time_its_login_its_invitation_and_a_no(town: Town, limits: Console) -> None:
    db, phone = town.db, town.worker(town.north)
    chen = plain(db, town.north, "chen", Role.CLERK, now=NOW)
    login = opened(town, chen, limits)

    def scan(scene: BindScene, now: datetime = SOON) -> int:
        return logins.bind_scanned(db, phone.id, scene.token, now=now).id

    late = logins.begin_bind(db, login, limits=limits, now=NOW)
    late_id = scan(late)
    assert said(lambda: logins.confirm_bind(db, phone.id, late_id, now=OVER)) == "bind_gone"
    denied = logins.begin_bind(db, login, limits=limits, now=NOW)
    denied_id = scan(denied)
    assert logins.bind_state(db, denied, now=SOON) == "scanned"
    logins.deny_bind(db, phone.id, denied_id, now=SOON)
    assert logins.bind_state(db, denied, now=SOON) == "denied"
    assert [logins.bind_state(db, late, now=now) for now in (SOON, OVER)] == ["scanned", "gone"]
    assert said(lambda: logins.confirm_bind(db, phone.id, denied_id, now=SOON)) == "bind_gone"
    closed = logins.begin_bind(db, login, limits=limits, now=NOW)
    closed_id = scan(closed)
    logins.end(db, chen, login.id, logins.Ended.LEFT, now=SOON)
    assert said(lambda: logins.confirm_bind(db, phone.id, closed_id, now=SOON)) == "bind_gone"
    token = logins.reset(db, None, chen, limits=limits, now=NOW)
    invited = logins.begin_bind_invited(db, token, limits=limits, now=NOW)
    invited_id = scan(invited)
    logins.reset(db, None, chen, limits=limits, now=SOON)
    assert said(lambda: logins.confirm_bind(db, phone.id, invited_id, now=SOON)) == "bind_gone"
    assert chen.worker_id is None
    assert said(lambda: scan(BindScene("A" * 22))) == "bind_gone"


def test_a_binding_is_whose_phone_scanned_first(town: Town, limits: Console) -> None:
    chen = plain(town.db, town.north, "chen", Role.CLERK, now=NOW)
    first, second = town.worker(town.north), town.worker(town.north)
    scene = logins.begin_bind(town.db, opened(town, chen, limits), limits=limits, now=NOW)
    binding = logins.bind_scanned(town.db, first.id, scene.token, now=SOON)
    assert said(lambda: logins.bind_scanned(town.db, second.id, scene.token, now=SOON)) == "bind_gone"
    assert said(lambda: logins.confirm_bind(town.db, second.id, binding.id, now=SOON)) == "bind_gone"


def test_a_wechat_is_one_persons_and_a_new_one_takes_the_place_of_the_old(
    town: Town, lin: Staff, phone: Worker, limits: Console
) -> None:
    chen = plain(town.db, town.north, "chen", Role.CLERK, now=NOW)
    scene = logins.begin_bind(town.db, opened(town, chen, limits), limits=limits, now=NOW)
    assert said(lambda: logins.bind_scanned(town.db, phone.id, scene.token, now=SOON)) == "worker_taken"
    fresh = town.worker(town.north)
    mine = logins.begin_bind(town.db, opened(town, lin, limits), limits=limits, now=NOW)
    binding = logins.bind_scanned(town.db, fresh.id, mine.token, now=SOON)
    logins.confirm_bind(town.db, fresh.id, binding.id, now=SOON)
    assert lin.worker_id == fresh.id
    again = logins.bind_scanned(town.db, phone.id, scene.token, now=SOON)
    assert again.staff is chen
    assert town.db.scalar(select(Invitation.id)) is None
