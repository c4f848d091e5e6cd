"""One act on many rows: previewed with who is left out and why, one audit row each, and sent twice it is done once."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import Audit
from models.messages import Handover
from models.people import Worker
from tests.web.console.office import Office, Seat


def audits(office: Office, act: str) -> list[Audit]:
    with Session(office.account.engine) as db:
        return list(db.scalars(select(Audit).where(Audit.act == act).order_by(Audit.id)))


def ids(page: str) -> str:
    found = re.search(r'name="ids" value="([\d,]*)"', page)
    assert found
    return found[1]


def preview(seat: Seat, path: str, **fields: str) -> str:
    seat.get("/" + path.split("/")[1])
    answer = seat.post(path, **fields)
    assert answer.status_code == 200
    return answer.text


def test_conversations_are_closed_together_after_a_preview(office: Office) -> None:
    with office.town() as town:
        worker = town.db.get_one(Worker, office.ids["north_worker"])
        for _ in range(3):
            office.handover(town.db, worker)
    seat = office.seat("north_clerk")
    page = preview(seat, "/conversations/bulk/close", all="yes")
    assert '<b class="num">4</b> 个会从列表里拿掉' in page
    assert "情绪关怀要一个一个看" in page
    with Session(office.account.engine) as db:
        assert db.scalar(select(Handover.id).where(Handover.closed_at.is_not(None))) is None, "only shown"
    chosen = ids(page)
    assert seat.post("/conversations/bulk/close", ids=chosen, step="do", reason="").status_code == 422
    for _ in range(2):
        answer = seat.post("/conversations/bulk/close", ids=chosen, step="do", reason="活动取消，已群发说明")
        assert answer.status_code == 303
    noted = audits(office, "handover_close")
    assert len(noted) == 4, "sent twice, done once"
    assert {one.reason for one in noted} == {"活动取消，已群发说明"}
    assert "没有可以处理的" in seat.get("/conversations").text
    assert "情绪关怀" in seat.page


def test_what_is_not_ours_is_only_counted(office: Office) -> None:
    seat = office.seat("north_clerk")
    both = f"{office.ids['south_talk']},{office.ids['north_talk']}"
    page = preview(seat, "/conversations/bulk/close", ids=both)
    assert "1 个已经不在列表里" in page
    assert f"对话 {office.ids['south_talk']}" not in page
    seat.post("/conversations/bulk/close", ids=both, step="do", reason="重复")
    with Session(office.account.engine) as db:
        assert db.get_one(Handover, office.ids["south_talk"]).closed_at is None
    assert len(audits(office, "handover_close")) == 1


def test_workers_move_to_a_union_within_reach(office: Office) -> None:
    path, worker = "/workers/bulk/move", office.ids["north_worker"]
    assert office.seat("north_clerk").get("/workers").text.count("移到别的单位") == 0
    seat = office.seat("boss")
    page = preview(seat, path, pick=str(worker))
    assert "城南区总工会" in page
    page = seat.post(path, ids=str(worker), target=str(office.ids["south"])).text
    assert "移到 <b>城南区总工会</b>" in page
    said = {"ids": str(worker), "target": str(office.ids["south"]), "step": "do", "reason": "换了工作单位"}
    for _ in range(2):
        assert seat.post(path, **said).status_code == 303
    (noted,) = audits(office, "worker_move")
    assert noted.before == {"organisation": office.ids["north"]}
    assert noted.after == {"organisation": office.ids["south"]}
    assert "本来就在这个单位" in preview(seat, path, ids=str(worker), target=str(office.ids["south"]))
    north = office.seat("north_admin")
    north.get("/workers")
    mine = str(office.ids["north_worker"])
    page = north.post(path, ids=mine, target=str(office.ids["south"]), step="do", reason="x").text
    assert "下一步" in page, "the union of the next district is no choice"
    assert len(audits(office, "worker_move")) == 1


def test_nothing_chosen_and_too_much_chosen_lead_back_to_the_list(office: Office) -> None:
    seat = office.seat("boss")
    seat.get("/workers")
    assert seat.post("/workers/bulk/move").status_code == 303
    assert "先勾选" in seat.get("/workers").text
    many = ",".join(map(str, range(1, 600)))
    assert seat.post("/workers/bulk/move", ids=many).status_code == 303
    assert "一次最多 500 个" in seat.get("/workers").text
