"""Invitation, password, code, scan, and leaving, over HTTP."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from urllib.parse import quote

import pyotp
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from core.config import Config
from models.logins import Credential, Login, LoginAttempt, ScanLogin
from models.people import Organisation, Staff, Worker
from rules import logins
from rules.access import Role
from tests.web.console.office import BASE, Office, Seat, open_office

PASSWORD = "竹林里的三只白鹭-4242"


def link(office: Office, login: str = "lan") -> str:
    with Session(office.account.engine) as db:
        _, token = logins.invite(
            db,
            None,
            login=login,
            name="兰老师",
            role=Role.REVIEWER,
            organisation=db.get_one(Organisation, office.ids["north"]),
            limits=office.account.config.console,
            now=office.account.clock.now,
        )
        db.commit()
    return f"/invitation/{token}"


def join(office: Office, seat: Seat, path: str) -> pyotp.TOTP:
    """Accept the invitation; the authenticator that was set up."""
    seat.get(path)
    assert seat.post(path, password=PASSWORD, again=PASSWORD).headers["Location"] == "/console/authenticator"
    page = seat.get("/authenticator").text
    key = re.search(r'class="link"[^>]*>([^<]+)<', page)
    assert key
    totp = pyotp.TOTP(key[1].replace(" ", ""))
    picture = seat.get("/authenticator.png")
    read = zxingcpp.read_barcode(Image.open(io.BytesIO(picture.data)))
    assert read
    assert pyotp.parse_uri(read.text).secret == totp.secret
    assert seat.get("/authenticator").text.count(key[1]) == 1, "a page opened again keeps the secret"
    assert "看看手机上" in seat.post("/authenticator", code="000000").text
    shown = seat.post("/authenticator", code=totp.at(office.account.clock.now))
    assert len(re.findall(r"<li>[a-z0-9]{5}-[a-z0-9]{5}</li>", shown.text)) == 10
    return totp


def log_in(seat: Seat, login: str, password: str, code: str, **more: str) -> TestResponse:
    seat.get("/login")
    return seat.post("/login", login=login, password=password, code=code, **more)


def test_an_invitation_leads_in_and_is_over_then(office: Office) -> None:
    seat, path = office.seat(), link(office)
    page = seat.get(path).text
    assert "兰老师，欢迎" in page
    common = "password1234"
    for password, again, words in (
        ("", "", "请定一个密码"),
        ("short", "short", "至少 12 个字"),
        (PASSWORD, "x", "两遍不一样"),
        (common, common, "太常见"),
    ):
        answer = seat.post(path, password=password, again=again)
        assert answer.status_code == 422
        assert words in answer.text
        assert password not in answer.text or not password, "a password is never sent back"
    join(office, seat, path)
    assert seat.get("/").status_code == 200
    assert seat.get("/authenticator").status_code == 303, "what is set up is not set up again"
    for gone in (path, "/invitation/x", "/invitation/" + "é" * 50):
        answer = office.seat().get(quote(gone))
        assert answer.status_code == 404
        assert "已经用过，或者过期" in answer.text


def test_password_and_code_open_a_login_and_one_code_once(office: Office) -> None:
    totp = join(office, office.seat(), link(office))
    now = office.account.clock.move(minutes=1)
    seat = office.seat()
    seat.web.set_cookie("nj_console", "fixed-by-somebody", domain="console.test", path="/console")
    answer = log_in(seat, " LAN ", PASSWORD, totp.at(now), next="/console/profiles?sex=f")
    assert answer.headers["Location"] == "/console/profiles?sex=f"
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("nj_console="))
    assert "fixed-by-somebody" not in cookie
    for part in ("HttpOnly", "SameSite=Lax", "Path=/console"):
        assert part in cookie
    assert "Secure" not in cookie, "this one is http"
    assert log_in(office.seat(), "lan", PASSWORD, totp.at(now)).status_code == 422, "the same code again"


def test_what_was_wrong_is_not_told_and_is_a_row(office: Office) -> None:
    join(office, office.seat(), link(office))
    said = set()
    for login, password in (
        ("lan", "wrong-wrong-wrong"),
        ("nobody", PASSWORD),
        ("lan", PASSWORD),
        ("boss", PASSWORD),
    ):
        answer = log_in(office.seat(), login, password, "000000")
        assert answer.status_code == 422
        assert password not in answer.text
        said.add(re.sub(r'value="[^"]*"', "", answer.text))
    assert len(said) == 1
    with Session(office.account.engine) as db:
        assert len(db.scalars(select(LoginAttempt)).all()) == 4


def test_whoever_fails_again_and_again_waits(office: Office) -> None:
    join(office, office.seat(), link(office))
    for _ in range(6):
        answer = log_in(office.seat(), "lan", "wrong-wrong-wrong", "")
    assert "试错的次数太多了，请在 2026-11-23" in answer.text


def test_one_address_tries_twenty_times_a_minute(office: Office) -> None:
    seat = office.seat()
    answers = [log_in(seat, f"nobody{number}", "", "").status_code for number in range(22)]
    assert answers[:20] == [422] * 20
    assert answers[20:] == [429, 429]
    assert seat.get("/login").status_code == 200, "the page itself can be opened"


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/console//evil.example", "/console/\\evil", "/wechat", "javascript:x",
     "/console/\r\nX: y", "/consolex", "\x00"],
)  # fmt: skip
def test_a_login_leads_nowhere_else(office: Office, address: str) -> None:
    totp = join(office, office.seat(), link(office))
    now = office.account.clock.move(minutes=1)
    answer = log_in(office.seat(), "lan", PASSWORD, totp.at(now), next=address)
    assert answer.headers["Location"] == "/console/"
    seat = office.seat("boss")
    assert seat.get(f"/login?next={quote(address)}").headers["Location"] == "/console/"


def test_leaving_ends_the_login_for_good(office: Office) -> None:
    seat = office.seat("boss")
    cookie = seat.web.get_cookie("nj_console", "console.test", "/console")
    assert cookie
    assert seat.post("/leave").headers["Location"] == "/console/login"
    seat.web.set_cookie("nj_console", cookie.value, domain="console.test", path="/console")
    assert seat.get("/").status_code == 302
    with Session(office.account.engine) as db:
        assert db.scalars(select(Login)).one().ended_why == "left"


def test_a_login_that_nobody_uses_is_over(office: Office) -> None:
    seat = office.seat("boss")
    office.account.clock.move(minutes=29)
    assert seat.get("/").status_code == 200
    office.account.clock.move(minutes=31)
    assert seat.get("/profiles?q=x").headers["Location"] == "/console/login?next=/console/profiles?q%3Dx"


def test_a_page_that_asks_by_itself_keeps_no_login_open(office: Office) -> None:
    seat = office.seat("boss")
    for _ in range(4):
        office.account.clock.move(minutes=9)
        answer = seat.get("/waiting.json")
    assert answer.status_code == 302


def test_a_set_up_that_was_begun_before_a_reset_is_over(office: Office) -> None:
    early, path = office.seat(), link(office)
    early.get(path)
    early.post(path, password=PASSWORD, again=PASSWORD)
    assert early.get("/authenticator").status_code == 200
    with Session(office.account.engine) as db:
        lan = db.scalars(select(Staff).where(Staff.login == "lan")).one()
        console = office.account.config.console
        token = logins.reset(db, None, lan, limits=console, now=office.account.clock.now)
        db.commit()
    late = office.seat()
    late.get(f"/invitation/{token}")
    late.post(f"/invitation/{token}", password=PASSWORD, again=PASSWORD)
    assert late.get("/authenticator").status_code == 200
    assert early.get("/authenticator").status_code == 303
    assert early.get("/authenticator.png").status_code == 404


def test_a_link_is_over_once_there_is_a_password(office: Office) -> None:
    seat, path = office.seat(), link(office)
    seat.get(path)
    with Session(office.account.engine) as db:
        lan = db.scalars(select(Staff).where(Staff.login == "lan")).one()
        db.add(Credential(staff_id=lan.id, password_hash="x", made_at=office.account.clock.now))
        db.commit()
    answer = seat.post(path, password=PASSWORD, again=PASSWORD)
    assert (answer.status_code, "已经用过" in answer.text) == (404, True)


def test_a_manager_ends_no_login_of_an_administrator(office: Office) -> None:
    with office.town() as town:
        office.ids["north_manager"] = town.staff("north_manager", town.north, "manager").id
    boss, manager = office.seat("north_admin"), office.seat("north_manager")
    with Session(office.account.engine) as db:
        which = db.scalars(select(Login.id).where(Login.staff_id == office.ids["north_admin"])).one()
    answer = manager.post(f"/staff/{office.ids['north_admin']}/logins/{which}/end")
    assert answer.status_code == 409
    assert boss.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/console", "/console//workers", "/console/nothing"])
def test_another_host_is_told_the_right_one_and_nothing_else(office: Office, path: str) -> None:
    answer = office.seat("boss").web.get(path, base_url="http://evil.example")
    assert answer.status_code == 400
    assert "evil.example" not in answer.text + str(answer.headers)


def test_a_picture_in_another_page_uses_up_no_code(office: Office) -> None:
    answer = office.seat().web.get("/console/login/scan", base_url=BASE, headers={"Sec-Fetch-Dest": "image"})
    assert answer.status_code == 404
    with Session(office.account.engine) as db:
        assert db.scalars(select(ScanLogin)).all() == []


def test_other_logins_of_mine_are_seen_and_ended(office: Office) -> None:
    here, there = office.seat("boss"), office.seat("boss")
    page = here.get("/mine").text
    assert page.count("Chrome（Windows）") == 2
    assert page.count("就是这里") == 1
    assert here.post("/mine/logins/end").status_code == 303
    assert there.get("/").status_code == 302
    assert here.get("/").status_code == 200


def test_a_password_is_changed_with_the_old_one(office: Office) -> None:
    seat = office.seat()
    join(office, seat, link(office))
    seat.get("/mine")
    for fields, words in (
        ({"old": "wrong", "new": PASSWORD + "x", "again": PASSWORD + "x"}, "现在的密码不对"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "至少 12 个字"),
        ({"old": PASSWORD, "new": PASSWORD + "x", "again": "y"}, "两遍不一样"),
    ):
        answer = seat.post("/mine/password", **fields)
        assert (answer.status_code, words in answer.text) == (422, True), words
    assert (
        seat.post("/mine/password", old=PASSWORD, new=PASSWORD + "x", again=PASSWORD + "x").status_code == 303
    )
    assert seat.get("/").status_code == 200


def test_an_administrator_invites_begins_anew_and_closes(office: Office) -> None:
    seat = office.seat("north_admin")
    seat.get("/staff/invite")
    north = str(office.ids["north"])
    for fields, wrong in (
        ({"login": "", "name": "兰", "role": "clerk", "organisation": north}, "login"),
        ({"login": "Bad Login", "name": "兰", "role": "clerk", "organisation": north}, "login"),
        ({"login": "boss", "name": "兰", "role": "clerk", "organisation": north}, "login"),
        ({"login": "lan", "name": "", "role": "clerk", "organisation": north}, "name"),
        ({"login": "lan", "name": "兰", "role": "king", "organisation": north}, "role"),
        (
            {"login": "lan", "name": "兰", "role": "clerk", "organisation": str(office.ids["south"])},
            "organisation",
        ),
    ):
        answer = seat.post("/staff/invite", **fields)
        assert answer.status_code == 422
        assert f'id="{wrong}-wrong"' in answer.text, fields
    made = seat.post("/staff/invite", login="lan", name="兰老师", role="reviewer", organisation=north)
    path = re.search(rf"{BASE}/console(/invitation/[\w-]+)", made.text)
    assert path
    lan = office.seat()
    join(office, lan, path[1])
    with Session(office.account.engine) as db:
        number = db.scalars(select(Staff.id).where(Staff.login == "lan")).one()
    seat.get(f"/staff/{number}")
    again = seat.post(f"/staff/{number}/reset")
    assert re.search(rf"{BASE}/console/invitation/", again.text)
    assert lan.get("/").status_code == 302, "a reset ends all logins"
    assert seat.post(f"/staff/{number}/disable").status_code == 303
    assert "停用" in seat.get(f"/staff/{number}").text
    assert seat.post(f"/staff/{number}/enable").status_code == 303
    own = seat.post(f"/staff/{office.ids['north_admin']}/disable")
    assert (own.status_code, "另一位管理员" in own.text) == (409, True)


class Maker:
    """WeChat's answer to who asks for a code."""

    def create_code(self, scene: str, expire_seconds: int | None, *, now: object = None) -> object:
        from bot.client import Code

        return Code("ticket", f"http://weixin.example/q/{scene}", None)


@pytest.fixture
def scanning(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An office whose codes are made without a platform behind it."""
    with open_office(config) as office:
        monkeypatch.setattr(office.account.app.extensions["console"], "client", Maker())
        with office.town() as town:
            worker = town.worker(town.north)
            town.db.get_one(Staff, office.ids["north_review"]).worker_id = worker.id
            office.ids["phone"] = worker.id
        yield office


def test_a_phone_confirms_and_only_this_browser_is_in_once(scanning: Office) -> None:
    seat, now = scanning.seat(), scanning.account.clock.now
    assert 'src="/console/code.png"' in seat.get("/login/scan").text
    read = zxingcpp.read_barcode(Image.open(io.BytesIO(seat.get("/code.png").data)))
    assert read
    assert read.text.startswith("http://weixin.example/q/")
    token = read.text.rpartition("/q/login-")[2]
    assert seat.get("/login/scan/state").json == {"state": "waiting"}
    with Session(scanning.account.engine) as db:
        assert token == db.scalars(select(ScanLogin.scene)).one()
        scan = logins.scanned(db, scanning.ids["phone"], token, now=now).id
        db.commit()
    assert seat.get("/login/scan/state").json == {"state": "scanned"}
    seat.get("/mine")
    with Session(scanning.account.engine) as db:
        logins.confirm_scan(db, scanning.ids["phone"], scan, now=now)
        db.commit()
    assert seat.get("/login/scan/state").json == {"state": "confirmed"}
    stranger = scanning.seat()
    stranger.get("/login")
    assert stranger.post("/login/scan").headers["Location"] == "/console/login/scan"
    seat.page = ""
    form = seat.get("/login")
    assert form.status_code == 200
    assert seat.post("/login/scan", next="/console/profiles").headers["Location"] == "/console/profiles"
    assert "north_review" in seat.get("/").text
    with Session(scanning.account.engine) as db:
        assert db.scalars(select(Login)).one().way == "scan"


def test_without_wechat_the_password_still_opens(office: Office) -> None:
    seat = office.seat()
    assert seat.get("/login/scan").headers["Location"] == "/console/login"
    assert "微信这会儿没有答应" in seat.get("/login").text


def test_my_wechat_is_bound_by_scanning(scanning: Office) -> None:
    seat, now = scanning.seat("boss"), scanning.account.clock.now
    seat.get("/mine")
    assert "绑定我的微信" in seat.post("/mine/wechat").text
    read = zxingcpp.read_barcode(Image.open(io.BytesIO(seat.get("/code.png").data)))
    assert read
    assert seat.get("/mine/wechat/state").json == {"state": "waiting"}
    with Session(scanning.account.engine) as db:
        worker = Worker(openid="oBOSS", created_at=now, followed_at=now)
        db.add(worker)
        db.flush()
        binding = logins.bind_scanned(db, worker.id, read.text.rpartition("/q/bind-")[2], now=now)
        logins.confirm_bind(db, worker.id, binding.id, now=now)
        db.commit()
    assert seat.get("/mine/wechat/state").json == {"state": "confirmed"}
    assert "绑定好了" in seat.get("/mine").text
