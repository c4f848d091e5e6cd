"""What staff do in the console, page by page, as a browser without a script would."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forms.draft import Draft, State, Veiled
from models.audit import Audit
from models.matchmaking import Profile, ProfileState
from models.messages import Handover, Notice
from models.people import Worker
from tests.rules.cast import NOW
from tests.web.console.office import Office, busy_day, profile_of

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found
    return found[1]


def test_home_counts_what_waits_and_leads_to_exactly_those(office: Office) -> None:
    seat = office.seat("north_review")
    home = seat.get("/").text
    counts = dict(re.findall(r'href="/console/(profiles|conversations)" data-count>(\d+)<', home))
    assert counts == {"profiles": "3", "conversations": "2"}
    for path, count in counts.items():
        listed = seat.get(f"/{path}").text
        assert f"共 <b>{count}</b>" in listed
        assert len(re.findall(rf'href="/console/{path}/\d+"', listed)) == int(count)


def test_what_is_late_is_counted_and_leads_to_exactly_those(office: Office) -> None:
    with office.town() as town:
        town.db.get_one(Profile, office.ids["north1"]).submitted_at = NOW - timedelta(hours=3)
    seat = office.seat("north_review")
    late = re.search(r'href="(/console/profiles\?late=yes)"><span data-late>1</span>', seat.get("/").text)
    assert late
    listed = seat.get("/profiles?late=yes").text
    assert "共 <b>1</b>" in listed
    assert "北1" in listed


@pytest.mark.parametrize(
    ("login", "counts"),
    [
        ("boss", {"预约": 3, "考试": 2, "相亲会": 1, "群发": 3}),
        ("north_clerk", {"预约": 3, "考试": 1, "群发": 3}),
        ("north_review", {"考试": 1, "群发": 3}),
        ("north_pro", {"预约": 1}),
        ("north_duty", {}),
        ("south_admin", {"考试": 1}),
    ],
)
def test_home_counts_what_there_is_today_and_leads_to_exactly_those(
    office: Office, login: str, counts: dict[str, int]
) -> None:
    busy_day(office)
    seat = office.seat(login)
    home = seat.get("/").text
    lines = re.findall(r'<li><a href="/console([^"]+)">(\S+) <b>(\d+)</b>', home)
    assert {title: int(count) for _, title, count in lines} == counts
    assert ("今天没有排着的事" in home) == (not counts)
    for path, title, count in lines:
        listed = seat.get(html.unescape(path)).text
        assert f"共 <b>{count}</b>" in listed, title
        assert listed.count("<tr>") == int(count) + 1, title
        assert "睡不着" not in listed
    if "预约" in counts:
        assert "下一个 14:00" in home
    menu = {path: f'href="/console{path}"' in home for path in ("/appointments", "/exams", "/broadcasts")}
    for path, is_there in menu.items():
        assert (seat.get(path).status_code == 200) is is_there, path


def test_the_lists_of_the_day_are_searched_and_turned_round(office: Office) -> None:
    busy_day(office)
    seat = office.seat("boss")
    for path, count in (
        ("/appointments", 5),
        ("/appointments?when=tomorrow", 1),
        ("/appointments?state=cancelled", 1),
        ("/appointments?q=北0陈", 4),
        ("/appointments?q=a0001", 1),
        ("/appointments?q=法律", 0),
        ("/exams", 3),
        ("/exams?q=城南", 1),
        ("/exams?state=open", 0),
        ("/broadcasts", 5),
        ("/broadcasts?state=done", 2),
        ("/broadcasts?topic=news", 0),
    ):
        assert f"共 <b>{count}</b>" in seat.get(path).text, path
    numbers = [
        re.findall(r'<tr><td class="num">(\d+)', seat.get(f"/broadcasts{way}").text)
        for way in ("", "?sort=number", "?sort=-number", "?sort=made")
    ]
    assert numbers == [list("54321"), list("12345"), list("54321"), list("12345")]


def test_a_professional_has_a_quiet_home(office: Office) -> None:
    page = office.seat("north_pro").get("/").text
    assert "现在没有要你处理的事" in page
    assert "资料卡审核" not in page


def test_a_reviewer_reads_the_stack_to_its_end(office: Office) -> None:
    seat = office.seat("north_review")
    answer = seat.get("/profiles/next")
    for number in range(3):
        path = urlsplit(answer.headers["Location"]).path.removeprefix("/console")
        assert path == f"/profiles/{office.ids[f'north{number}']}"
        page = seat.get(path).text
        assert f"第 1 / {3 - number} 份" in page
        answer = seat.post(f"{path}/approve", seen=seen(page))
        assert answer.status_code == 303
    assert answer.headers["Location"] == "/console/profiles"
    empty = seat.get("/profiles").text
    assert "都审完了" in empty
    assert "没有待审的资料卡" in empty
    assert {profile_of(office, f"north{n}").state for n in range(3)} == {ProfileState.LISTED}


def test_a_profile_is_sent_back_with_a_reason_beside_the_field_when_it_is_missing(office: Office) -> None:
    seat = office.seat("north_review")
    path = f"/profiles/{office.ids['north0']}"
    page = seat.get(path).text
    for reason, words in (
        ("", "退回要写明原因"),
        ("\u200b \u2060", "退回要写明原因"),
        ("长" * 101, "太长了，最多 100 个字"),
    ):
        answer = seat.post(f"{path}/refuse", reason=reason, seen=seen(page))
        assert answer.status_code == 422
        assert re.search(rf'id="reason-wrong" role="alert">{words}', answer.text), reason
        assert 'aria-invalid="true"' in answer.text
    assert seat.post(f"{path}/refuse", reason="照片看不清脸", seen=seen(page)).status_code == 303
    assert profile_of(office, "north0").state == ProfileState.REFUSED
    with Session(office.account.engine) as db:
        kinds = {notice.kind: notice.facts for notice in db.scalars(select(Notice))}
    assert kinds["profile_refused"] == {"reason": "照片看不清脸"}
    assert "照片看不清脸" in seat.get(path).text


def test_of_two_reviewers_the_second_is_told_who_was_first(office: Office) -> None:
    first, second = office.seat("north_review"), office.seat("north_review2")
    path = f"/profiles/{office.ids['north0']}"
    pages = [seat.get(path).text for seat in (first, second)]
    assert first.post(f"{path}/approve", seen=seen(pages[0])).status_code == 303
    for way, more in (("approve", {}), ("refuse", {"reason": "再看看"})):
        second.page = pages[1]
        told = second.post(f"{path}/{way}", seen=seen(pages[1]), **more)
        assert told.status_code == 409
        assert "已经有同事处理过了" in told.text
        assert "north_review" in told.text
        assert "已上墙" in told.text
    assert profile_of(office, "north0").state == ProfileState.LISTED


def test_what_changed_while_it_was_read_is_read_again(office: Office) -> None:
    seat = office.seat("north_review")
    path = f"/profiles/{office.ids['north0']}"
    old = seat.get(path).text
    with office.town() as town:
        profile = town.db.get_one(Profile, office.ids["north0"])
        profile.line, profile.submitted_at = "加我微信 evil_1", NOW + timedelta(seconds=1)
    for stamp in (seen(old), "", "x", "2026-01-01"):
        told = seat.post(f"{path}/approve", seen=stamp)
        assert told.status_code == 409
        assert "刚刚改过" in told.text
        assert "evil_1" in told.text, "the new text is on the page"
    assert profile_of(office, "north0").state == ProfileState.IN_REVIEW
    assert seat.post(f"{path}/approve", seen=seen(told.text)).status_code == 303


def test_nobody_reviews_their_own_profile(office: Office) -> None:
    with office.town() as town:
        worker = town.db.get_one(Profile, office.ids["north0"]).worker_id
        office.ids["self"] = town.staff(
            "self", town.north, "reviewer", worker=town.db.get_one(Worker, worker)
        ).id
    seat = office.seat("self")
    assert "共 <b>2</b>" in seat.get("/profiles").text
    page = seat.get(f"/profiles/{office.ids['north0']}").text
    assert "你自己的资料卡" in page
    assert "/approve" not in page


def test_a_conversation_is_answered_once(office: Office) -> None:
    seat, other = office.seat("north_clerk"), office.seat("north_review")
    path = f"/conversations/{office.ids['north_talk']}"
    seat.get(path)
    other.get(path)
    for words, wrong in (("", "要写回什么话"), (" \u200b", "要写回什么话"), ("字" * 301, "最多 300 个字")):
        answer = seat.post(f"{path}/answer", words=words)
        assert answer.status_code == 422
        assert re.search(rf'id="words-wrong" role="alert">[^<]*{wrong}', answer.text), words
    assert seat.post(f"{path}/answer", words="您好，周一上午来就行。").status_code == 303
    told = other.post(f"{path}/answer", words="我也来回一句")
    assert told.status_code == 409
    assert "已经有同事处理了" in told.text
    assert "您好，周一上午来就行。" in told.text
    with Session(office.account.engine) as db:
        assert [
            n.facts["words"] for n in db.scalars(select(Notice).where(Notice.kind == "staff_answer"))
        ] == ["您好，周一上午来就行。"]


def test_a_conversation_is_closed_with_a_reason(office: Office) -> None:
    seat = office.seat("north_clerk")
    path = f"/conversations/{office.ids['north_talk']}"
    seat.get(path)
    assert seat.post(f"{path}/close", reason="").status_code == 422
    assert seat.post(f"{path}/close", reason="电话里说好了").status_code == 303
    with Session(office.account.engine) as db:
        assert db.get_one(Handover, office.ids["north_talk"]).closed_at == NOW
        acts = {audit.act: audit.reason for audit in db.scalars(select(Audit))}
        assert acts["handover_close"] == "电话里说好了"
        assert list(db.scalars(select(Notice))) == []


def test_a_draft_is_shown_but_not_what_was_told_in_confidence(office: Office) -> None:
    draft = Draft(
        "d1", "matchmaking", 1, "资料卡", "sex", NOW, NOW, NOW, State.HANDED_OVER,
        answers=Veiled(sex="f"), secrets=Veiled(wechat="planted_wechat"),
    )  # fmt: skip
    from forms import FORMS

    form = next(form for form in FORMS.values() if "wechat" in form.by_key)
    data = draft.to_json() | {"form": form.name, "version": form.version}
    with office.town() as town:
        worker = town.db.get_one(Worker, office.ids["north_worker"])
        handover = office.handover(town.db, worker, form.name, draft=data)
        broken = office.handover(town.db, worker, "gone-form", draft={"x": EVIL})
        numbers = handover.id, broken.id
    seat = office.seat("north_review")
    page = seat.get(f"/conversations/{numbers[0]}").text
    assert "填到这里" in page
    assert "女" in page
    assert "planted_wechat" not in page
    assert seat.get(f"/conversations/{numbers[1]}").status_code == 200
    assert form.title in seat.get("/conversations").text


@pytest.mark.parametrize("login", ["boss", "north_review"])
def test_what_people_write_is_text_on_every_page(office: Office, login: str) -> None:
    evil = EVIL[:100]
    with office.town() as town:
        profile = town.db.get_one(Profile, office.ids["north0"])
        for name in ("nickname", "education", "trade", "district", "home_town", "line"):
            column = Profile.__table__.c[name]
            setattr(profile, name, evil[: column.type.length])  # type: ignore[attr-defined]
        profile.contact = evil
        said = {"who": evil, "words": evil}
        told = Notice(worker_id=profile.worker_id, kind="staff_answer", facts=said, made_at=NOW, due_at=NOW)
        town.db.add(told)
        talk = office.handover(town.db, profile.worker, about=evil[:40])
        numbers = talk.id, profile.worker_id
        town.north.name = evil
    seat = office.seat(login)
    paths = [
        "/",
        "/profiles",
        f"/profiles/{office.ids['north0']}",
        "/conversations",
        "/workers",
        "/organisations",
    ]
    paths += [f"/conversations/{numbers[0]}", f"/workers/{numbers[1]}", "/staff", f"/profiles?q={EVIL}"]
    paths += [f"/workers?q={EVIL}&sort={EVIL}&x={EVIL}"]
    hit = 0
    for path in paths:
        answer = seat.get(path)
        assert "<script>alert" not in answer.text, path
        assert "<img src=x" not in answer.text, path
        assert ">49" not in answer.text, path
        hit += "&lt;script&gt;" in answer.text
    assert hit >= 7
    for path, fields in (
        (f"/profiles/{office.ids['north0']}/refuse", {"reason": EVIL * 3, "seen": EVIL}),
        (f"/conversations/{numbers[0]}/answer", {"words": EVIL * 9}),
        (f"/workers/{numbers[1]}/contact", {"reason": EVIL * 9}),
        ("/staff/invite", {"login": EVIL, "name": EVIL, "role": EVIL, "organisation": EVIL}),
    ):
        answer = seat.post(path, **fields)
        assert answer.status_code in (404, 422), path
        assert "<script>alert" not in answer.text, path


def test_the_list_keeps_its_habits(office: Office) -> None:
    with office.town() as town:
        for number in range(45):
            town.profile(nickname=f"页{number:02d}", sex="m" if number % 3 else "f", birth_year=1960 + number)
    seat = office.seat("north_review")
    page = seat.get("/profiles").text
    assert "共 <b>48</b>" in page
    assert "第 1–20 条" in page
    assert "第 41–48 条" in seat.get("/profiles?page=3").text
    assert "第 41–48 条" in seat.get("/profiles?page=99").text, "beyond the end is the end"
    assert "第 1–48 条" in seat.get("/profiles?size=50").text
    men = seat.get("/profiles?sex=m").text
    assert "共 <b>30</b>" in men
    assert "sex=m&amp;page=2" in men, "the filter goes along to the next page"
    born = seat.get("/profiles?sort=-born").text
    assert born.index("页44") < born.index("页43")
    assert 'aria-sort="descending"' in born
    assert "共 <b>1</b>" in seat.get("/profiles?q=页07").text
    assert "共 <b>48</b>" in seat.get("/profiles?sort=x&sex=x&page=x&size=7&late=%00&q=").text
    assert "没有符合条件的" in seat.get("/profiles?q=%25").text, "a percent sign is a percent sign"
    shown: list[str] = []
    for number in (1, 2, 3):
        shown += re.findall(r'href="/console/profiles/(\d+)"', seat.get(f"/profiles?page={number}").text)
    assert len(shown) == len(set(shown)) == 48


def test_a_contact_is_masked_until_a_reason_is_given_and_that_is_written_down(office: Office) -> None:
    path = f"/workers/{office.ids['north_worker']}"
    reader = office.seat("north_clerk")
    page = reader.get(path).text
    assert "138****0000" in page
    assert "13800000000" not in page
    assert "查看完整" not in page
    assert reader.post(f"{path}/contact", reason="想看").status_code == 404
    duty = office.seat("north_duty")
    duty.get(path)
    assert duty.post(f"{path}/contact", reason="").status_code == 422
    shown = duty.post(f"{path}/contact", reason="回访，电话联系不上")
    assert "13800000000" in shown.text
    assert "13800000000" not in duty.get(path).text
    with Session(office.account.engine) as db:
        read = db.scalars(select(Audit).where(Audit.act == "contact_read")).one()
        assert (read.staff_id, read.reason) == (office.ids["north_duty"], "回访，电话联系不上")
        assert read.subject == f"worker:{office.ids['north_worker']}"
        assert db.scalar(select(Audit.id).where(Audit.act == "worker_read").limit(1))


def test_openids_are_on_no_page(office: Office) -> None:
    seat = office.seat("boss")
    worker = office.ids["north_worker"]
    with Session(office.account.engine) as db:
        openid = db.get_one(Worker, worker).openid
    for path in (
        "/workers",
        f"/workers/{worker}",
        "/conversations",
        f"/conversations/{office.ids['north_talk']}",
    ):
        assert openid not in seat.get(path).text


def test_the_tree_shows_ones_own_branch(office: Office) -> None:
    city, north = (
        office.seat("boss").get("/organisations").text,
        office.seat("north_pro").get("/organisations").text,
    )
    assert "临湖市总工会" in city
    assert "城南区总工会" in city
    assert "云栖省总工会" not in city
    assert "城北区总工会" in north
    assert "城南区" not in north
    assert "临湖市" not in north


@pytest.mark.parametrize(
    "moment", ["", "x", "2026-11-23", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
)
def test_a_reviewer_who_sends_no_moment_reads_again(office: Office, moment: str) -> None:
    seat, number = office.seat("north_review"), office.ids["north0"]
    seat.get(f"/profiles/{number}")
    assert seat.post(f"/profiles/{number}/approve", seen=moment).status_code == 409
