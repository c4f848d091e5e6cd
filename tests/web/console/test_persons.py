"""On request: export, erase and merge from the console, each with its reason, its preview and its row."""

from __future__ import annotations

import io
import json
import zipfile

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import Audit
from models.matchmaking import MeetRequest, Profile
from models.people import Worker
from tests.rules.cast import NOW
from tests.rules.clinic import at, open_clinic
from tests.web.console.office import Office, profile_of

REASON = "本人持身份证来窗口"


def noted(office: Office, act: str) -> list[tuple[str, str | None]]:
    with Session(office.account.engine) as db:
        return [(row.subject, row.reason) for row in db.scalars(select(Audit).where(Audit.act == act))]


def test_staff_take_away_for_somebody_what_staff_may_see_and_no_more(office: Office) -> None:
    number = office.ids["north_worker"]
    with office.town() as town:
        worker = town.db.get_one(Worker, number)
        open_clinic(town.db, town.north, now=NOW, phones={}).book(worker, at(25, 15), reason="睡不着MK")
        other = profile_of(office, "north0")
        card = town.listed(town.wall(1, "90后"), nickname="阿岳", sex="m")
        town.db.add(
            MeetRequest(
                asker_id=number, asked_id=other.worker_id, card_id=card.id, state="open", asked_at=NOW,
                expires_at=NOW,
            )
        )  # fmt: skip
    path = f"/workers/{number}/export"
    seat = office.seat("north_admin")
    assert "本人可以自己在聊天里说" in seat.get(path).text
    assert seat.post(path, reason=" ").status_code == 422
    assert noted(office, "worker_export") == []
    answer = seat.post(path, reason=REASON)
    assert answer.content_type == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as zipped:
        data = json.loads(zipped.read("data.json"))
        assert "资料卡" in zipped.read("index.html").decode()
    assert data["profile"][0]["contact"] == "13800000000"
    assert data["bookings"][0]["service"] == "心理咨询"
    assert "MK" not in json.dumps(data, ensure_ascii=False)
    assert not {"asked", "wishes", "marks", "looks", "draft"} & set(data)
    assert noted(office, "worker_export") == [(f"worker:{number}", REASON)]


def test_erasing_shows_what_goes_and_asks_for_the_number(office: Office) -> None:
    number = office.ids["north_worker"]
    path, seat = f"/workers/{number}/erase", office.seat("north_admin")
    page = seat.get(path).text
    assert "资料卡、照片、墙上的卡片" in page
    assert "留 5 年" in page
    for fields in ({"reason": REASON, "number": str(number + 1)}, {"reason": "", "number": str(number)}):
        answer = seat.post(path, **fields)
        assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
    seat.get(path)
    assert seat.post(path, reason=REASON, number=str(number)).status_code == 303
    assert "注销了" in seat.get("/workers").text
    assert seat.get(f"/workers/{number}").status_code == 404
    with Session(office.account.engine) as db:
        assert db.scalars(select(Profile.nickname).where(Profile.worker_id == number)).one() == ""
    assert noted(office, "worker_erase") == [(f"worker:{number}", REASON)]
    assert f">{number}</a>" not in seat.get("/workers").text


def test_two_records_are_made_one_and_the_old_number_leads_to_the_new(office: Office) -> None:
    with office.town() as town:
        second = town.worker(town.north).id
    number, seat = office.ids["north_worker"], office.seat("north_admin")
    found = seat.get(f"/workers/{number}/merge?q={second}")
    assert f"with={second}" in found.text
    page = seat.get(f"/workers/{number}/merge?with={second}").text
    assert f"{second} 并进 {number}" in page
    assert seat.post(f"/workers/{number}/merge", other=str(second), reason="").status_code == 422
    seat.get(f"/workers/{number}/merge?with={second}")
    assert seat.post(f"/workers/{number}/merge", other=str(second), reason=REASON).status_code == 303
    assert seat.get(f"/workers/{second}").headers["Location"].endswith(f"/workers/{number}")
    assert len(noted(office, "worker_merge")) == 2
    other = seat.get(f"/workers/{profile_of(office, 'north0').worker_id}/merge?with={number}").text
    assert "各有一张资料卡" in other
    assert ">合并</button>" not in other


def test_the_second_record_is_looked_for_in_ones_own_district(office: Office) -> None:
    number, far = office.ids["north_worker"], office.ids["south_worker"]
    seat = office.seat("north_admin")
    assert f"with={far}" not in seat.get(f"/workers/{number}/merge").text
    for odd in (str(far), str(number), "x", "9" * 30):
        assert seat.get(f"/workers/{number}/merge?with={odd}").status_code == 404, odd
        seat.get(f"/workers/{number}/merge")
        assert seat.post(f"/workers/{number}/merge", other=odd, reason=REASON).status_code == 404, odd


def test_a_worker_page_shows_what_was_agreed_to(office: Office) -> None:
    page = office.seat("north_admin").get(f"/workers/{office.ids['north_worker']}").text
    assert "单身承诺和上墙，test 版" in page
    assert "注销</a>" in page
    clerks = office.seat("north_clerk").get(f"/workers/{office.ids['north_worker']}").text
    assert "注销</a>" not in clerks
