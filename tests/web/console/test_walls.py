"""相亲墙: cards hang where staff put them, paper is printed once and again when it is out of date, E6 holds."""

from __future__ import annotations

import io
import re

import pypdf
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import Audit
from models.matchmaking import Card, Wall, place, position_of
from rules.matchmaking import looking, walls
from tests.rules.cast import NOW
from tests.web.console.office import Office, Seat
from web.console import prints
from web.console import walls as wall_pages


@pytest.fixture
def wall(office: Office) -> int:
    """A wall of the city's fair with three cards that have codes, and an empty one beside it."""
    with office.town() as town:
        wall = town.wall(1, "90后")
        town.wall(2, "优质单身")
        for number in range(3):
            card = town.listed(wall, nickname=f"禾{number}", birth_year=1991 + number)
            card.url = f"http://weixin.qq.com/q/{card.id}"
            card.url_expires_at = NOW.replace(year=2027)
            office.ids[f"card{number}"] = card.id
        office.ids |= {"fair": town.fair.id, "wall": wall.id}
        return wall.id


def card(office: Office, name: str) -> Card:
    with Session(office.account.engine, expire_on_commit=False) as db:
        return db.get_one(Card, office.ids[name])


def acts(office: Office) -> list[tuple[str, str, str | None]]:
    with Session(office.account.engine) as db:
        found = db.scalars(select(Audit).order_by(Audit.id))
        return [(one.act, one.subject, one.reason) for one in found]


def printed(seat: Seat, wall: int, **fields: str) -> str:
    """The text of the PDF."""
    seat.get(f"/walls/{wall}")
    answer = seat.post(f"/walls/{wall}/print", **({"what": "all", "kind": "sheet"} | fields))
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.data)).pages)


@pytest.mark.parametrize(
    ("text", "position"),
    [("A-01", 1), ("a20", 20), ("B 1", 21), ("AA-01", 521), ("37", 37), ("A-21", None), ("A-00", None), ("0", None),
     ("", None), ("<b>", None), ("١", None)],
)  # fmt: skip
def test_a_place_is_read_as_it_is_written(text: str, position: int | None) -> None:
    assert position_of(text) == position
    if position:
        assert position_of(place(position)) == position


def test_two_cards_change_places_and_both_are_printed_again(office: Office, wall: int) -> None:
    seat = office.seat("boss")
    printed(seat, wall)
    assert seat.get(f"/walls/{wall}").text.count("要打印</span>") == 0
    assert seat.post(f"/walls/{wall}/move", **{"from": "a-01", "to": "A-03"}).status_code == 303
    page = seat.get(f"/walls/{wall}").text
    assert "禾0 挂到 A-03 了" in page
    assert [card(office, f"card{n}").place for n in range(3)] == ["A-03", "A-02", "A-01"]
    said = printed(seat, wall, what="changed")
    assert ("禾0" in said, "禾1" in said, "禾2" in said) == (True, False, True)
    seat.get(f"/walls/{wall}")
    assert seat.post(f"/walls/{wall}/move", **{"from": "A-02", "to": "C-07"}).status_code == 303
    assert card(office, "card1").place == "C-07"
    for wrong in ({"from": "A-02", "to": "B-01"}, {"from": "A-01", "to": "Z-99"}, {"from": "", "to": ""}):
        seat.get(f"/walls/{wall}")
        answer = seat.post(f"/walls/{wall}/move", **wrong)
        assert answer.status_code == 422
        assert 'action="/console/walls/1"' in answer.text, "search and leaves lead to the list"
        assert "“”" not in answer.text
    moves = [act for act in acts(office) if act[0] in ("card_move", "wall_print")]
    assert [act for act, *_ in moves] == ["wall_print", "card_move", "card_move", "wall_print", "card_move"]


def test_a_large_wall_is_printed_in_parts(office: Office, wall: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prints, "PART", 2)
    monkeypatch.setattr(wall_pages, "PART", 2)
    seat = office.seat("boss")
    assert "第 3–3 张" in seat.get(f"/walls/{wall}").text
    said = printed(seat, wall, part="2")
    assert ("禾1" in said, "禾2" in said) == (False, True)
    assert "禾2" in printed(seat, wall, part="99")
    said = printed(seat, wall, what="changed")
    assert ("禾0" in said, "禾1" in said, "禾2" in said) == (True, True, False)
    answer = seat.post(f"/walls/{wall}/print", what="changed")
    assert (answer.status_code, "都打印过了" in answer.text) == (409, True)
    with office.town() as town:
        for number in range(3):
            town.db.get_one(Card, office.ids[f"card{number}"]).url = None
    seat.get(f"/walls/{wall}")
    answer = seat.post(f"/walls/{wall}/print", what="all")
    assert (answer.status_code, "先点“做二维码”" in answer.text) == (409, True)


def test_cards_are_voided_and_renewed_with_a_reason(office: Office, wall: int) -> None:
    seat, number = office.seat("boss"), office.ids["card1"]
    seat.get(f"/cards/{number}")
    assert seat.post(f"/cards/{number}/reissue", reason=" ").status_code == 422
    answer = seat.post(f"/cards/{number}/reissue", reason="纸弄丢了")
    assert answer.status_code == 303
    fresh = int(answer.headers["Location"].rsplit("/", 1)[1])
    with Session(office.account.engine) as db:
        old, new = db.get_one(Card, number), db.get_one(Card, fresh)
        assert (old.revoked_at, new.position, new.url) == (NOW, old.position, None)
        assert old.token != new.token
    seat.get(f"/cards/{fresh}")
    assert seat.post(f"/cards/{number}/reissue", reason="再来").status_code == 409
    assert seat.post(f"/cards/{fresh}/revoke", reason="本人要求").status_code == 303
    seat.get(f"/walls/{wall}")
    both = f"{office.ids['card0']},{office.ids['card2']}"
    page = seat.post(f"/walls/{wall}/bulk/elsewhere", ids=both).text
    assert "2号墙 优质单身" in page
    with Session(office.account.engine) as db:
        other = db.scalars(select(Wall.id).where(Wall.number == 2)).one()
    moved = seat.post(f"/walls/{wall}/bulk/elsewhere", ids=both, target=str(other), step="do")
    assert moved.status_code == 303
    assert [card(office, name).wall_id for name in ("card0", "card2")] == [other, other]
    noted = [act for act in acts(office) if act[0].startswith("card_")]
    assert noted == [
        ("card_reissue", f"card:{number}", "纸弄丢了"),
        ("card_revoke", f"card:{fresh}", "本人要求"),
        ("card_move", f"card:{office.ids['card0']}", None),
        ("card_move", f"card:{office.ids['card2']}", None),
    ]


def test_who_hangs_nowhere_is_hung_and_a_wall_is_put_up(office: Office, wall: int) -> None:
    seat = office.seat("boss")
    seat.get(f"/cards/{office.ids['card0']}")
    seat.post(f"/cards/{office.ids['card0']}/revoke", reason="换墙")
    page = seat.get(f"/fairs/{office.ids['fair']}").text
    assert "1990–1999 年出生的自动挂上" in page
    assert seat.post(f"/fairs/{office.ids['fair']}/walls", number="1", title="80后").status_code == 422
    answer = seat.post(f"/fairs/{office.ids['fair']}/walls", number="7", title="新临湖人")
    assert answer.status_code == 303
    new = answer.headers["Location"].removeprefix("/console")
    assert "墙还是空的" in seat.get(new).text
    page = seat.get(f"{new}/add?born=1990").text
    assert "禾0" in page
    assert "禾1" not in page, "hangs already"
    chosen = seat.post(f"{new}/bulk/hang?born=1990", all="yes").text
    found = re.search(r'name="ids" value="(\d+)"', chosen)
    assert found
    for _ in range(2):
        assert seat.post(f"{new}/bulk/hang", ids=found[1], step="do").status_code == 303
    assert seat.get(new).text.count('data-place="A-') == 1
    assert [act for act, *_ in acts(office)].count("card_hang") == 1


def test_codes_are_made_by_a_worker_and_the_page_says_how_many_are_missing(office: Office, wall: int) -> None:
    with office.town() as town:
        town.db.get_one(Card, office.ids["card1"]).url = None
    seat = office.seat("boss")
    assert '还差 <b class="num" data-left-over>1</b> 个二维码' in seat.get(f"/walls/{wall}").text
    said = printed(seat, wall)
    assert "禾1" not in said, "without a code there is no paper"
    for _ in range(2):
        assert seat.post(f"/walls/{wall}/codes").status_code == 303
    assert seat.get(f"/walls/{wall}/codes.json").json == {"left": 1, "is_over": False}
    with Session(office.account.engine) as db:
        assert db.get_one(Wall, wall).codes_wanted_at == NOW


def test_E6_what_a_few_people_looked_at_is_not_counted(office: Office, wall: int) -> None:
    seat = office.seat("boss")
    paths = (f"/cards/{office.ids['card0']}", f"/walls/{wall}", f"/fairs/{office.ids['fair']}")

    def seen() -> list[str]:
        return [re.sub(r'value="[^"]*"', "", seat.get(path).text) for path in paths]

    nobody = seen()
    with office.town() as town:
        curious = town.worker(town.north)
        for number in range(40):
            looking.note(town.db, curious.id, office.ids["card0"], key=str(number), now=NOW)
        for number in range(3):
            looking.note(town.db, town.worker(town.north).id, office.ids["card0"], key=str(number), now=NOW)
    assert seen() == nobody, "four people and nobody look the same, however often they looked"
    with office.town() as town:
        looking.note(town.db, town.worker(town.north).id, office.ids["card0"], key="x", now=NOW)
    pages = seen()
    assert "44 次" in pages[0]
    assert "40 多" in pages[2]


def test_a_card_shows_nothing_that_is_not_on_paper(office: Office, wall: int) -> None:
    seat = office.seat("boss")
    with Session(office.account.engine) as db:
        one = db.get_one(Card, office.ids["card0"])
        secrets = (one.token, "13800000000", one.profile.worker.openid, one.url or "")
    for path in (f"/cards/{office.ids['card0']}", f"/walls/{wall}"):
        text = seat.get(path).text
        assert not [secret for secret in secrets if secret in text]
    seat.post(f"/cards/{office.ids['card0']}/print")
    assert acts(office)[-1][:2] == ("card_print", f"card:{office.ids['card0']}")


def test_the_districts_see_nothing_of_the_citys_walls(office: Office, wall: int) -> None:
    for login in ("north_admin", "south_admin"):
        seat = office.seat(login)
        assert "管辖范围内还没有相亲会" in seat.get("/fairs").text
        for path in (f"/walls/{wall}", f"/cards/{office.ids['card0']}", f"/fairs/{office.ids['fair']}"):
            assert seat.get(path).status_code == 404
        assert seat.post(f"/walls/{wall}/print", what="all").status_code == 404


def test_a_renamed_wall_is_printed_whole(office: Office, wall: int) -> None:
    seat = office.seat("boss")
    printed(seat, wall)
    seat.get(f"/walls/{wall}")
    assert seat.post(f"/walls/{wall}/title", title=" \u200b").status_code == 422
    assert seat.post(f"/walls/{wall}/title", title="95后").status_code == 303
    with Session(office.account.engine) as db:
        again = walls.to_print(db, db.get_one(Wall, wall), only_changed=True)
        assert len(again) == 3


def test_what_people_write_is_text_on_walls_too(office: Office, wall: int) -> None:
    evil = "<script>alert(1)</script>"
    with office.town() as town:
        one = town.db.get_one(Card, office.ids["card0"])
        one.profile.nickname, one.profile.trade, one.profile.line = evil[:20], evil, evil
        one.wall.title = evil
        one.wall.event.title = evil
        one.wall.event.place = evil
    seat = office.seat("boss")
    paths = ["/fairs", f"/fairs/{office.ids['fair']}", f"/walls/{wall}", f"/walls/{wall}?q={evil}"]
    paths += [f"/cards/{office.ids['card0']}", f"/walls/{wall}/add"]
    for path in paths:
        text = seat.get(path).text
        assert "<script>" not in text, path
        assert "&lt;script&gt;" in text, path
    seat.get(f"/walls/{wall}")
    preview = seat.post(f"/walls/{wall}/bulk/revoke", ids=str(office.ids["card0"])).text
    assert "<script>" not in preview
    answer = seat.post(f"/walls/{wall}/print", what="all")
    assert answer.status_code == 200
    assert "\n" not in answer.headers["Content-Disposition"]
