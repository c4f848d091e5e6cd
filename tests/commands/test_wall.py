"""./niangjia wall: what is printed can be scanned, shows nothing private, and is whole or not there."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path

import pypdf
import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select

from core.clock import utcnow
from core.config import ROOT, Config
from core.redis import connect
from emulator.testing import Running
from models.audit import Audit
from models.matchmaking import Card
from qr.scenes import CardScene, CheckInScene, unpack
from rules.matchmaking import cards, looking
from tasks import codes as codes_task
from tests.commands.conftest import Niangjia
from tests.rules.cast import Town
from tests.wechat import environment


def codes(pdf: Path) -> list[str]:
    """What the codes of a PDF say, read from a picture of it."""
    found = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            found += [code.text for code in zxingcpp.read_barcodes(page.render(scale=150 / 72).to_pil())]
    return found


def text(pdf: Path) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf.read_bytes())).pages)


def scene(wechat: Running, url: str) -> object:
    """What the platform would report when this code is scanned."""
    return unpack(wechat.state.ticket_by_code[url.rsplit("/", 1)[-1]].scene)


@pytest.fixture
def made(town: Town) -> list[Card]:
    """Ten cards on wall 1, and one on wall 2."""
    wall = town.wall(1, "90后")
    made = [town.listed(wall, nickname=f"小禾{number}") for number in range(10)]
    town.listed(town.wall(2, "80后"))
    town.db.commit()
    return made


def test_a_wall_is_printed_with_codes_that_lead_to_its_cards(
    made: list[Card], wechat: Running, niangjia: Niangjia, tmp_path: Path
) -> None:
    out = tmp_path / "wall-1.pdf"
    code, said, err = niangjia("wall", "print", "--wall", 1, "--out", out)
    assert (code, said, err) == (0, f"{out}：10 张卡片，2 页，新做了 10 个二维码\n", "")
    assert {scene(wechat, url) for url in codes(out)} == {CardScene(card.token) for card in made}
    assert list(tmp_path.glob(".wall*")) == []


def test_E1_paper_shows_no_contact_no_openid_and_no_token(
    made: list[Card], niangjia: Niangjia, tmp_path: Path
) -> None:
    for kind in ("sheet", "poster"):
        out = tmp_path / f"{kind}.pdf"
        assert (
            niangjia("wall", "print", "--wall", 1, "--out", out, *(["--poster"] * (kind == "poster")))[0] == 0
        )
        shown = text(out)
        assert "小禾3" in shown
        assert "A-04" in shown
        raw = out.read_bytes()
        for card in made:
            for secret in ("13800000000", card.profile.worker.openid, card.token):
                assert secret not in shown
                assert secret.encode() not in raw


def test_only_what_changed_is_printed_again(
    made: list[Card], town: Town, wechat: Running, niangjia: Niangjia, tmp_path: Path
) -> None:
    town.staff("lin", town.city)
    town.staff("boss", town.city)
    town.db.commit()
    out = tmp_path / "changed.pdf"
    niangjia("wall", "print", "--wall", 1, "--out", tmp_path / "all.pdf")
    code, said, _ = niangjia("wall", "print", "--wall", 1, "--out", out, "--only-changed")
    assert (code, said) == (0, "1号墙没有要打印的卡片。\n")
    assert not out.exists()
    code, said, _ = niangjia("wall", "reissue", "--card", made[2].id, "--reason", "纸丢了", "--as", "lin")
    assert code == 0
    assert "1号墙 A-03" in said
    niangjia("wall", "print", "--wall", 1, "--out", out, "--only-changed")
    town.db.rollback()
    fresh = cards.live_card(town.db, made[2].profile)
    assert fresh
    assert [scene(wechat, url) for url in codes(out)] == [CardScene(fresh.token)]


def test_codes_are_made_once_and_anew_before_they_end(
    made: list[Card], wechat: Running, niangjia: Niangjia, tmp_path: Path, town: Town
) -> None:
    out = tmp_path / "wall.pdf"
    for _ in range(2):
        niangjia("wall", "print", "--wall", 1, "--out", out)
    assert len(wechat.calls("/cgi-bin/qrcode/create")) == 10
    town.db.rollback()
    made[0].url_expires_at = utcnow()
    town.db.commit()
    assert "新做了 1 个二维码" in niangjia("wall", "print", "--wall", 1, "--out", out)[1]


@pytest.mark.slow
def test_when_wechat_is_gone_nothing_is_half_written(
    made: list[Card], wechat: Running, settings: Config, tmp_path: Path, town: Town
) -> None:
    out = tmp_path / "wall.pdf"
    out.write_text("the print of yesterday")
    wechat.stop()
    words = [sys.executable, "-m", "commands", "wall", "print", "--wall", "1", "--out", str(out)]
    done = subprocess.run(
        words, cwd=ROOT, env=environment(settings), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "微信" in done.stderr
    assert out.read_text() == "the print of yesterday"
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith((".wall", "wall"))] == [
        "wall.pdf"
    ]
    town.db.rollback()
    assert town.db.scalars(select(Card.printed_at).distinct()).all() == [None]


def test_a_folder_that_is_not_there_is_one_line(made: list[Card], niangjia: Niangjia, tmp_path: Path) -> None:
    code, _, err = niangjia("wall", "print", "--wall", 1, "--out", tmp_path / "no" / "wall.pdf")
    assert code == 1
    assert "No such file" in err


@pytest.mark.parametrize("words", [("--wall", "7"), ("--wall", "1", "--event", "99")])
def test_a_wall_that_is_not_there_is_one_line(
    made: list[Card], niangjia: Niangjia, words: tuple[str, ...]
) -> None:
    code, _, err = niangjia("wall", "print", *words)
    assert (code, len(err.splitlines())) == (1, 1)


def test_printing_and_voiding_are_written_down(
    made: list[Card], town: Town, niangjia: Niangjia, tmp_path: Path
) -> None:
    town.staff("lin", town.city)
    town.db.commit()
    niangjia("wall", "print", "--wall", 1, "--out", tmp_path / "wall.pdf", "--as", "lin")
    niangjia("wall", "revoke", "--card", made[0].id, "--reason", "人不来了", "--as", "lin")
    niangjia("wall", "reissue", "--card", made[1].id, "--reason", "纸丢了", "--as", "lin")
    town.db.rollback()
    acts = [(row.act, row.reason) for row in town.db.scalars(select(Audit).order_by(Audit.id))]
    assert acts == [("wall_print", None), ("card_revoke", "人不来了"), ("card_reissue", "纸丢了")]
    assert town.db.get_one(Card, made[0].id).revoked_at


@pytest.mark.parametrize("login", ["chen", "wu"])
def test_neither_the_next_district_nor_one_below_the_fair_voids_anything(
    made: list[Card], town: Town, niangjia: Niangjia, login: str
) -> None:
    town.staff("chen", town.south)
    town.staff("wu", town.north)
    town.db.commit()
    why = ("--reason", "纸丢了", "--as", login)
    absent = niangjia("wall", "revoke", "--card", 99999, *why)
    for act in ("revoke", "reissue"):
        assert niangjia("wall", act, "--card", made[0].id, *why) == absent
    assert absent[0] == 1
    town.db.rollback()
    assert town.db.get_one(Card, made[0].id).revoked_at is None


def test_staff_of_a_district_print_no_wall_of_the_city(
    made: list[Card], town: Town, niangjia: Niangjia, tmp_path: Path
) -> None:
    town.staff("chen", town.north)
    town.staff("boss", town.city)
    town.db.commit()
    out = tmp_path / "wall.pdf"
    code, _, err = niangjia("wall", "print", "--wall", 1, "--out", out, "--as", "chen")
    assert (code, "没有找到" in err, out.exists()) == (1, True, False)


def test_codes_that_somebody_waits_for_are_made_by_a_worker(
    made: list[Card], town: Town, wechat: Running, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall, now = made[0].wall, utcnow()
    cards.want_codes(town.db, wall, now=now)
    town.db.commit()
    monkeypatch.setattr(codes_task, "AT_ONCE", 6)
    redis = connect(settings)
    run = partial(codes_task.make_wanted, settings, town.engine, redis)
    wechat.stop()
    assert run(now) == 0, "WeChat is away: tried again"
    town.db.refresh(wall)
    assert wall.codes_wanted_at
    assert run(now + timedelta(hours=2)) == 0, "but not for ever"
    town.db.refresh(wall)
    assert wall.codes_wanted_at is None
    redis.close()


def test_codes_are_made_a_few_at_a_time(
    made: list[Card], town: Town, wechat: Running, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall, now = made[0].wall, utcnow()
    cards.want_codes(town.db, wall, now=now)
    town.db.commit()
    monkeypatch.setattr(codes_task, "AT_ONCE", 6)
    redis = connect(settings)
    done = [codes_task.make_wanted(settings, town.engine, redis, now) for _ in range(3)]
    redis.close()
    assert done == [6, 4, 0]
    town.db.rollback()
    town.db.refresh(wall)
    assert wall.codes_wanted_at is None
    assert cards.without_code(town.db, wall, now=now, config=settings) == 0


def test_walls_and_scans_are_counted(made: list[Card], town: Town, niangjia: Niangjia) -> None:
    town.staff("boss", town.city)
    town.staff("sun", town.south)
    for card, people in ((made[4], 6), (made[5], 3)):
        for _ in range(people):
            looking.note(town.db, town.worker().id, card.id, key="1", now=utcnow())
    town.db.commit()
    code, out, _ = niangjia("wall", "list", "--as", "boss")
    assert code == 0
    assert [line.split() for line in out.splitlines()[2:]] == [
        ["1", "90后", "10", "10", "9"],
        ["2", "80后", "1", "1", "少于", "5"],
    ]
    code, out, _ = niangjia("wall", "scans", "--wall", 1, "--as", "boss")
    assert "管辖范围" in niangjia("wall", "scans", "--wall", 1, "--as", "sun")[2]
    assert out.splitlines()[1].split() == ["A-05", str(made[4].id), "小禾4", "6", "6"]
    assert out.splitlines()[2].split()[3:] == ["少于", "5", "少于", "5"], "nobody learns who looked at whom"
    assert len(out.splitlines()) == 11


def test_new_walls_are_filled_with_who_has_no_card_yet(town: Town, niangjia: Niangjia) -> None:
    town.staff("lin", town.city)
    town.staff("chen", town.north)
    town.staff("wu", town.city, "professional")
    profile = town.profile()
    town.db.commit()
    niangjia("staff", "approve", profile.id, "--as", "lin")
    assert niangjia("wall", "add", 1, "90后", "--as", "lin")[1] == "1号墙 90后 建好了。\n"
    assert niangjia("wall", "add", 1, "80后", "--as", "lin")[0] == 1
    assert niangjia("wall", "fill", "--as", "chen")[1] == "新挂了 0 张卡片。\n", "the fair is the city's"
    assert "管辖范围" in niangjia("wall", "fill", "--as", "wu")[2]
    for hung in (1, 0):
        assert niangjia("wall", "fill", "--as", "lin")[1] == f"新挂了 {hung} 张卡片。\n"
    town.db.rollback()
    card = town.db.scalars(select(Card).where(Card.profile_id == profile.id)).one()
    noted = town.db.scalars(select(Audit.subject).where(Audit.act == "card_hang")).all()
    assert noted == [f"card:{card.id}"]


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_code_for_the_door_checks_in(
    town: Town, wechat: Running, niangjia: Niangjia, tmp_path: Path, kind: str
) -> None:
    town.staff("boss", town.city)
    town.db.commit()
    out = tmp_path / f"door.{kind}"
    code, said, _ = niangjia("wall", "door", "--out", out, "--as", "boss")
    assert (code, "临湖市相亲会" in said) == (0, True)
    scenes = [ticket.scene for ticket in wechat.state.tickets.values()]
    assert scenes == [CheckInScene(town.fair.token).pack()]
    assert out.stat().st_size > 500


def test_a_door_code_is_a_picture_by_its_name(town: Town, niangjia: Niangjia, tmp_path: Path) -> None:
    town.db.commit()
    code, _, err = niangjia("wall", "door", "--out", tmp_path / "door.txt", "--as", "boss")
    assert (code, "must end in .png or .svg" in err) == (2, True)
    assert list(tmp_path.glob("door*")) == []
