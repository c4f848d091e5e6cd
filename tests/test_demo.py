"""The demo: plainly invented, the same every time, loaded twice as once, and nowhere but with the emulator."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from commands import _broadcasts
from commands.demo import CROWD, load_demo
from core import crypto, log
from core.clock import utcnow
from core.config import Config
from core.db import make_engine
from core.errors import Refused
from demo import cast, console, exams, people, scenery
from demo.phones import NoEmulator, Phones
from emulator.testing import Running
from models.base import Base
from models.broadcasts import Broadcast
from models.events import CheckIn, Event
from models.exams import Sitting
from models.matchmaking import Card, Profile, Wall
from models.people import Organisation, Staff, Worker
from qr.scenes import CardScene, CheckInScene, unpack
from rules import conversations, figures, logins, organisations
from rules import staff as staff_rules
from rules.broadcasts import audience, life
from rules.exams import sittings
from rules.logins import Way, Where
from rules.matchmaking import cards, looking, reviewing
from tests.rules.cast import NOW, Town, build
from tests.wechat import pointed_at, run


@pytest.fixture
def platform(config: Config) -> Iterator[Running]:
    with run(config, verify_on_start=False) as running:
        yield running


@pytest.fixture
def settings(config: Config, platform: Running, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setattr(log, "setup", lambda config: None)  # once in a process, and this one is pytest's
    return pointed_at(config, platform.url)


@pytest.fixture
def db(config: Config) -> Iterator[Session]:
    crypto.use(config)
    engine = make_engine(config)
    with Session(engine) as db:
        yield db
    engine.dispose()


def rows(db: Session) -> dict[str, int]:
    db.rollback()
    return {
        name: db.scalar(select(func.count()).select_from(table)) or 0
        for name, table in Base.metadata.tables.items()
    }


def read(picture: Path) -> list[str]:
    if picture.suffix == ".png":
        return [code.text for code in zxingcpp.read_barcodes(Image.open(picture).convert("L"))]
    with pypdfium2.PdfDocument(picture) as document:
        pages = [page.render(scale=150 / 72).to_pil() for page in document]
    return [code.text for page in pages for code in zxingcpp.read_barcodes(page)]


def test_it_is_all_there(settings: Config, platform: Running, db: Session) -> None:
    load_demo(settings)
    assert {union.level for union in db.scalars(select(Organisation))} == {1, 2, 3, 4}
    roles = list(db.scalars(select(Staff.role)))
    assert Counter(roles) == {
        "administrator": 1,
        "manager": 1,
        "clerk": 1,
        "reviewer": 2,
        "duty": 1,
        "professional": 4,
    }
    fair = organisations.fair_for(db, None, now=utcnow())
    assert fair
    assert fair.is_on(utcnow())
    assert fair.tables == 20
    assert db.scalar(select(func.count(Wall.id)).where(Wall.event_id == fair.id)) == 10
    assert db.scalars(select(Event.kind).order_by(Event.kind)).all() == ["exam", "fair"]
    assert db.scalar(select(func.count(Card.id))) == CROWD + 2
    for wall in db.scalars(select(Wall)):
        assert 20 <= (db.scalar(select(func.count(Card.id)).where(Card.wall_id == wall.id)) or 0) <= 60

    xiaohe = db.scalars(
        select(Profile).where(Profile.nickname == "小禾", Profile.draft_id == "demo-xiaohe")
    ).one()
    card = cards.live_card(db, xiaohe)
    assert card
    assert (card.wall.number, card.place, xiaohe.is_listed) == (1, "A-01", True)
    assert db.get(CheckIn, (fair.id, xiaohe.worker_id))
    officer = staff_rules.by_login(db, "lin")
    waiting = [p.nickname for p in db.scalars(reviewing.queue(db, officer, now=utcnow()))]
    assert (len(waiting), "阿宽" in waiting) == (10, True)
    assert len(db.scalars(conversations.queue(db, officer, now=utcnow())).all()) == 1
    past = figures.lines(db, officer, [officer.organisation], now=utcnow())
    assert len(past) == len(figures.Kind)
    for line in past:
        assert sum(count is not None for count in line.counts[:-1]) > 9, line.kind
    figures.catch_up(db, now=utcnow())
    assert (
        figures.lines(db, officer, [officer.organisation], now=utcnow())[1].counts[:-1] == past[1].counts[:-1]
    )

    following = {person.nickname: bool(person.following) for person in platform.state.phones()}
    assert following == {
        "小禾": True,
        "阿岳": False,
        "小满": True,
        "阿宽": True,
        "工会林老师": True,
        "方阿姨": False,
        "徐咨询师": True,
        "高律师": True,
    }
    assert xiaohe.worker.openid in platform.state.by_openid


def test_the_first_wall_and_the_door_can_be_scanned(settings: Config, platform: Running, db: Session) -> None:
    load_demo(settings)
    sheets = settings.data_dir / "sheets"
    assert sorted(file.name for file in sheets.iterdir()) == ["checkin.png", "wall-1.pdf"]

    def scene(url: str) -> object:
        return unpack(platform.state.ticket_by_code[url.rsplit("/", 1)[-1]].scene)

    tokens = db.scalars(select(Card.token).join(Wall).where(Wall.number == 1)).all()
    assert {scene(url) for url in read(sheets / "wall-1.pdf")} == {CardScene(token) for token in tokens}
    token = db.scalars(select(Event.token).where(Event.kind == "fair")).one()
    assert [scene(url) for url in read(sheets / "checkin.png")] == [CheckInScene(token)]


def test_twice_is_once(settings: Config, platform: Running, db: Session) -> None:
    load_demo(settings)
    before = rows(db)
    load_demo(settings)
    assert rows(db) == before
    assert len(list(platform.state.phones())) == 8


def test_the_way_into_the_console_works_and_only_its_owner_reads_it(
    settings: Config, platform: Running, db: Session
) -> None:
    load_demo(settings)
    first = console.read(settings.data_dir)
    load_demo(settings)
    way = console.read(settings.data_dir)
    assert first
    assert way
    assert first.password == way.password, "the password stays"
    assert not set(first.codes) & set(way.codes), "the codes are fresh at every start"
    assert (settings.data_dir / console.FILE).stat().st_mode & 0o777 == 0o600
    here, limits = Where("127.0.0.1", "test"), settings.console
    staff = logins.by_password(db, way.login, way.password, here, limits=limits, now=utcnow())
    logins.second_factor(db, staff, way.codes[0], here, limits=limits, now=utcnow())
    assert logins.open_login(db, staff, here, Way.PASSWORD, now=utcnow())


@pytest.mark.slow
def test_people_have_written_lately_so_that_notices_reach_them(settings: Config, platform: Running) -> None:
    def said() -> dict[str, list[str]]:
        return {
            person.nickname: [line.text for line in person.chat or [] if line.kind == "text"]
            for person in platform.state.phones()
            if person.following
        }

    load_demo(settings)
    once = said()
    assert once == {
        "小禾": ["我的资料卡"],
        "小满": ["我的资料卡"],
        "阿宽": ["我的资料卡"],
        "工会林老师": ["帮助"],
        "徐咨询师": ["今日安排"],
        "高律师": ["今日安排"],
    }
    load_demo(settings)
    assert said() == once
    phones = Phones(platform.url)
    cast.talk(phones, now=utcnow() + cast.SILENT + timedelta(minutes=5))
    phones.close()
    assert [len(lines) for lines in said().values()] == [2] * 6


@pytest.mark.slow
def test_a_sheet_with_nothing_out_of_date_is_left_alone(settings: Config, platform: Running) -> None:
    load_demo(settings)
    sheet = settings.data_dir / "sheets" / "wall-1.pdf"
    first = sheet.stat().st_ino
    load_demo(settings)
    assert sheet.stat().st_ino == first
    sheet.unlink()
    load_demo(settings)
    assert sheet.exists()


@pytest.mark.slow
def test_when_the_emulator_forgot_its_phones_the_same_people_get_new_ones(
    settings: Config, config: Config, platform: Running, db: Session
) -> None:
    load_demo(settings)
    with run(config, verify_on_start=False) as fresh:
        for _ in range(3):
            fresh.phone()
        load_demo(pointed_at(config, fresh.url))
        worker = db.scalars(select(Worker).join(Profile).where(Profile.draft_id == "demo-xiaohe")).one()
        assert fresh.state.by_openid[worker.openid].nickname == "小禾"
    assert (
        db.scalar(
            select(func.count(Profile.id)).where(
                Profile.nickname == "小禾", Profile.draft_id.like("demo-xi%")
            )
        )
        == 1
    )


@pytest.mark.parametrize("address", ["https://api.weixin.qq.com", "http://127.0.0.1:9"])
def test_without_the_emulator_it_refuses_and_touches_nothing(
    config: Config, db: Session, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(click.ClickException) as no:
        load_demo(pointed_at(config, address))
    assert len(no.value.message.splitlines()) == 1
    assert set(rows(db).values()) == {0}
    with pytest.raises(NoEmulator):
        Phones(address)


def test_the_fair_is_on_whenever_the_demo_is_started(config: Config, db: Session) -> None:
    scenery.build(db, now=NOW)
    for days in (0, 20, 200):
        fair = scenery.build(db, now=NOW + timedelta(days=days)).fair
        assert fair.is_on(NOW + timedelta(days=days))
        assert fair.ends_at > NOW + timedelta(days=days + 14)


def test_there_is_an_exam_of_every_kind_whenever_the_demo_is_started(config: Config, db: Session) -> None:
    for days in (0, 3, 40):
        now = NOW + timedelta(days=days)
        for _twice in range(2):
            exams.build(db, scenery.build(db, now=now), now=now)
        worker = Worker(openid=f"oTEST{days:023d}", created_at=now, followed_at=now)
        db.add(worker)
        db.flush()
        found = sittings.on_offer(db, worker.id, now=now)
        assert sorted((one.free, one.waiting) for one in found if one.opens_at <= now) == [
            (0, 4),
            (12, 0),
            (30, 0),
        ]
        assert [one.trade for one in found if one.opens_at > now] == ["养老护理员"]
        closed = select(func.count(Sitting.id)).where(Sitting.closes_at <= now, Sitting.starts_at > now)
        assert (db.scalar(closed) or 0) >= 1


@pytest.mark.slow
def test_one_broadcast_is_written_and_one_waits_for_approval(
    settings: Config, platform: Running, db: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    load_demo(settings)
    capsys.readouterr()
    assert _broadcasts.overview(db, staff_rules.by_login(db, "lin")) == 0
    shown = capsys.readouterr().out
    assert shown.count("（演示）") == 2
    assert "草稿" in shown
    assert "已预览" in shown
    draft, waiting = db.scalars(select(Broadcast).order_by(Broadcast.id))
    lin = staff_rules.by_login(db, "lin")
    for one in (draft, waiting):
        assert audience.count(db, one, now=utcnow()).receive > 0
    with pytest.raises(Refused, match="own_broadcast"):
        life.approve(db, draft, lin, now=utcnow())
    life.approve(db, waiting, lin, now=utcnow())
    life.start(db, waiting, lin, now=utcnow())
    db.commit()
    load_demo(settings)  # what became of them since does not bring them back
    assert db.scalar(select(func.count(Broadcast.id))) == 2


# The crowd


@pytest.fixture
def town(db: Session) -> Town:
    engine = db.get_bind()
    assert isinstance(engine, Engine)
    return build(engine, db)


def listed(db: Session) -> list[tuple[object, ...]]:
    columns = (
        Profile.nickname,
        Profile.sex,
        Profile.birth_year,
        Profile.trade,
        Profile.line,
        Profile.home_town,
    )
    return [tuple(row) for row in db.execute(select(*columns).order_by(Profile.id))]


def test_a_seed_makes_the_same_people(town: Town) -> None:
    people.generate(town.db, 60, 7, now=NOW, walls=())
    people.generate(town.db, 60, 8, now=NOW, walls=())
    first, second = listed(town.db)[:60], listed(town.db)[60:]
    assert first != second
    town.db.rollback()
    other = build(town.engine, town.db)
    people.generate(other.db, 60, 7, now=NOW, walls=())
    assert listed(other.db) == first


def test_the_crowd_is_invented_varied_and_can_be_looked_at(town: Town) -> None:
    for number, title in enumerate(scenery.WALLS, 1):
        town.wall(number, title)
    people.generate(town.db, 400, 1, now=NOW)
    found = list(town.db.scalars(select(Profile)))
    assert all(re.fullmatch(r"oDEMO-\d{5}-\d{16}", p.worker.openid) for p in found)
    assert all(p.contact is None or p.contact.startswith("demo_") for p in found)
    assert len({p.line for p in found}) > 280
    assert len({p.trade for p in found}) > 30
    assert len({p.nickname for p in found}) > 120
    assert 0.4 < sum(p.sex == "f" for p in found) / 400 < 0.6
    assert all(1 < len(p.nickname) <= 8 and 4 <= len(p.line) <= 40 for p in found)
    assert all(NOW.year - p.birth_year >= 18 for p in found)
    card = cards.live_card(town.db, found[17])
    assert card
    assert looking.card(town.db, town.worker().id, card.token).nickname == found[17].nickname


def test_a_crowd_leaves_room_for_those_who_come_later(town: Town) -> None:
    """Ids and places it took are not given again, on neither database."""
    wall = town.wall(1, "90后")
    before = town.listed(wall)
    people.generate(town.db, 30, 1, now=NOW)
    after = town.listed(wall)
    people.generate(town.db, 30, 2, now=NOW)
    assert (before.position, after.position) == (1, 32)
    assert cards.free_position(town.db, wall) == 63
    assert town.db.scalar(select(func.count(Profile.id))) == 62
