"""Every address of the console, tried by everybody who should not be there; and what every answer carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from models.logins import Login
from models.people import Staff
from rules import audit, events
from rules.access import PERMISSIONS, Permission, Role
from rules.matchmaking import walls
from tests.rules.cast import NOW
from tests.web.console.office import BASE, STAFF, Office, Seat, busy_day
from web.console import home
from web.console.gate import CSP, Desk, Door, Gate
from web.console.home import Waiting

SAID_BY_404 = "没有找到"
LOGGED_OUT = {"console.doors.code", "console.joining.picture"}  # pictures for this browser: 404 without one


def gate(office: Office) -> Gate:
    found: Gate = office.account.app.extensions["console"]
    return found


def rules(office: Office) -> Iterator[Rule]:
    for rule in office.account.app.url_map.iter_rules():
        if rule.rule.startswith("/console"):
            yield rule


def addresses(office: Office, whose: dict[str, int]) -> Iterator[tuple[Rule, str, str]]:
    """Each rule with each of its methods, its ids filled in by what the address is about."""
    for rule in rules(office):
        path = rule.rule.removeprefix("/console")
        kind = path.split("/")[1]
        path = re.sub("<(id|small):number>", str(whose.get(kind, "")), path)
        path = path.replace("<id:login>", str(whose["mine"]))
        path = path.replace("<token>", "x" * 43).replace("<fingerprint>", "0" * 16).replace("<name>", "x.css")
        assert "<" not in path, path
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield rule, method, path


def ask(seat: Seat, method: str, path: str) -> tuple[int, str, str]:
    answer = seat.get(path) if method == "GET" else seat.post(path)
    text = re.sub(r'csrf_token" value="[^"]*', "", answer.text) if answer.mimetype == "text/html" else ""
    return answer.status_code, text, answer.headers.get("Location", "")


def ids(office: Office, district: str) -> dict[str, int]:
    office.seat(f"{district}_admin")
    with Session(office.account.engine) as db:
        member = db.get_one(
            Staff, office.ids[f"{district}_clerk" if district == "north" else f"{district}_review"]
        )
        row = audit.note(db, member, "profile_approve", f"worker:{office.ids[f'{district}_worker']}", now=NOW)
        db.commit()
        noted = row.id
        login = db.scalar(select(Login.id).where(Login.staff_id == office.ids[f"{district}_admin"]).limit(1))
    assert login
    return {
        "audit": noted,
        "mine": login,
        "profiles": office.ids[f"{district}0"],
        "photos": office.ids[f"{district}_photo"],
        "conversations": office.ids[f"{district}_talk"],
        "workers": office.ids[f"{district}_worker"],
        "staff": office.ids[f"{district}_admin"],
        "organisations": office.ids[district],
        **fair(office, district),
    }


def fair(office: Office, district: str) -> dict[str, int]:
    """A fair of this district, a wall of it and a card on that."""
    name = f"{district}_fair"
    if name not in office.ids:
        with office.town() as town:
            holder = town.north if district == "north" else town.south
            event = events.plan_fair(
                town.db,
                holder,
                f"{'北' if district == 'north' else '南'}0相亲会",
                place="文化宫",
                starts_at=town.now,
                ends_at=town.now + timedelta(days=1),
                tables=5,
            )
            wall = walls.lay_out(town.db, event, 1, "90后")
            card = town.listed(wall, worker=town.worker(holder), nickname="北0墙")
            office.ids |= {name: event.id, f"{district}_wall": wall.id, f"{district}_card": card.id}
    return {
        "fairs": office.ids[name],
        "walls": office.ids[f"{district}_wall"],
        "cards": office.ids[f"{district}_card"],
    }


def test_nobody_gets_anywhere_without_logging_in(office: Office) -> None:
    seat = office.seat()
    for rule, method, path in addresses(office, ids(office, "north")):
        status, text, location = ask(seat, method, path)
        if gate(office).needs[rule.endpoint] is Door.PUBLIC:
            continue
        assert status in (302, 303), (method, path, status)
        assert location.startswith("/console/login"), path
        assert "北" not in text


@pytest.mark.parametrize("login", [login for login, *_ in STAFF])
def test_a_role_without_the_permission_finds_nothing(office: Office, login: str) -> None:
    seat = office.seat(login)
    role = Role(next(role for name, _, role in STAFF if name == login))
    whose = ids(office, "south" if login.startswith("south") else "north")
    tried = 0
    for rule, method, path in addresses(office, whose):
        needs = gate(office).needs[rule.endpoint]
        if isinstance(needs, Permission) and needs not in PERMISSIONS[role]:
            status, text, _ = ask(seat, method, path)
            assert status == 404, (method, path, status)
            assert SAID_BY_404 in text
            tried += 1
    assert tried or role is Role.ADMINISTRATOR


def test_staff_of_the_next_district_find_none_of_ours(office: Office) -> None:
    busy_day(office)
    for login in ("south_admin", "south_review"):
        seat = office.seat(login)
        for _rule, method, path in addresses(office, ids(office, "north")):
            if re.search(r"/\d+", path) is None:
                continue
            nothing = re.sub(r"/\d+", "/987654321", path)
            seat.get("/mine")  # a fresh token
            found = ask(seat, method, path)
            assert found[0] == 404, (method, path, found[0])
            assert found == ask(seat, method, nothing), "what is not ours looks like what is not there"
    for path in ("/", "/profiles", "/conversations", "/workers", "/organisations", "/staff", "/fairs",
                 "/appointments", "/exams", "/broadcasts"):  # fmt: skip
        page = office.seat("south_admin").get(path).text
        assert "北0" not in page, path
        assert "城北区" not in page, path
        assert "north" not in page, path


def test_counts_and_searches_know_of_nobody_else(office: Office) -> None:
    seat = office.seat("south_admin")
    assert seat.get("/waiting.json").json == {"counts": [1, 1], "late": [0, 0]}
    for path in (
        "/profiles?q=北", "/profiles?sex=f&q=北", "/workers?q=北", "/workers?q=城北", "/staff?q=north", "/staff?q=boss",
    ):  # fmt: skip
        assert "没有符合条件的" in seat.get(path).text, path
    assert re.search(r"共 <b>1</b>", seat.get("/workers").text)


def test_the_answer_to_every_address_carries_the_headers(office: Office) -> None:
    seat = office.seat("boss")
    paths = [(method, path) for _, method, path in addresses(office, ids(office, "north"))]
    paths += [("GET", "/nothing/here"), ("POST", "/nothing"), ("GET", ""), ("POST", "/profiles")]
    style = re.search(r'href="/console(/assets/[^"]+css)"', seat.get("/").text)
    assert style
    paths.append(("GET", style[1]))
    for method, path in paths:
        answer = seat.get(path) if method == "GET" else seat.post(path)
        assert answer.status_code < 500, (method, path)
        assert answer.headers["Content-Security-Policy"] == CSP, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in answer.headers, "this one is http"
        is_asset = path == style[1]
        assert ("immutable" if is_asset else "no-store") in answer.headers["Cache-Control"], path
        if answer.mimetype == "text/html" and answer.status_code not in (301, 302, 303, 308):
            assert not re.search(r"<script(?! src=)|<style|\sstyle=|\son\w+=|javascript:", answer.text), path
            assert not re.search(r"(?:src|href)=\"(?:https?:)?//(?!console\.test)", answer.text), path
            assert "Traceback" not in answer.text


def test_no_form_is_taken_without_its_token(office: Office) -> None:
    seat = office.seat("boss")
    for rule, method, path in addresses(office, ids(office, "north")):
        if method != "POST":
            continue
        for token in ("", "made-up"):
            answer = seat.post(path, token=token)
            assert answer.status_code == 400, (path, rule.endpoint)
            assert "没有提交成功" in answer.text
    with Session(office.account.engine) as db:
        assert db.scalar(select(func.count()).where(Staff.disabled_at.is_not(None))) == 0


def test_a_form_that_another_browser_was_given_is_not_taken(office: Office) -> None:
    other = office.seat("north_admin")
    token = re.search(r'name="csrf_token" value="([^"]+)"', other.get("/").text)
    assert token
    assert office.seat("boss").post("/leave", token=token[1]).status_code == 400


def test_another_host_is_sent_to_the_right_address_and_sees_nothing(office: Office) -> None:
    seat = office.seat("boss")
    for host in ("http://evil.example", "http://console.test:81", "http://console.test.evil.example"):
        answer = seat.web.get("/console/", base_url=host)
        assert answer.status_code == 400
        assert f"{BASE}/console/" in answer.text
        assert "evil" not in answer.text


def test_an_id_that_no_database_takes_is_no_row(office: Office) -> None:
    seat = office.seat("boss")
    for path in ("/profiles/0", "/profiles/9223372036854775807", "/workers/9223372036854775808", "/staff/99999999999",
                 f"/workers/{'9' * 400}", "/conversations/-1", "/conversations/%00", "/profiles/١"):  # fmt: skip
        assert seat.get(path).status_code == 404, path


def test_a_view_that_says_not_who_may_see_it_stops_the_start(office: Office) -> None:
    app = office.account.app
    app._got_first_request = False
    app.add_url_rule("/console/back-door", "back_door", lambda: "in")
    with pytest.raises(RuntimeError, match="/console/back-door"):
        gate(office).close()


def test_a_bug_says_sorry_in_chinese_and_nothing_else(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_desk: Desk) -> Waiting:
        raise ZeroDivisionError("planted-marker")

    monkeypatch.setitem(home.HEAPS, Permission.PROFILES_REVIEW, broken)
    seat = Seat(office.account.app)
    seat.web = office.seat("north_clerk").web  # has no such heap
    assert seat.get("/").status_code == 200
    with Session(office.account.engine) as db:
        db.get_one(Staff, office.ids["north_clerk"]).role = Role.REVIEWER
        db.commit()
    answer = seat.get("/")
    assert answer.status_code == 500
    assert "已经记下来了" in answer.text
    assert "planted" not in answer.text
    assert "ZeroDivisionError" in office.account.log.getvalue()
    assert answer.headers["Content-Security-Policy"] == CSP
