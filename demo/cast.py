"""The few invented people who have a phone in the emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import insert_new
from demo.people import OPENIDS
from demo.phones import Phone, Phones
from demo.scenery import CITY, Scenery
from models.events import CheckIn
from models.matchmaking import Profile, ProfileState
from models.people import Worker
from rules.matchmaking import profiles, walls

SILENT: Final = timedelta(days=1)


@dataclass(frozen=True)
class Character:
    """Somebody with a phone. `wall`: listed, with a card there. `profile` without a wall: still in review.

    `says`: asked now and then, because the platform lets us write only to those who wrote within two days.
    """

    key: str
    nickname: str
    follows: bool
    union: str | None = None
    wall: int | None = None
    is_there: bool = False
    login: str = ""
    says: str = ""
    profile: dict[str, Any] = field(default_factory=dict)


CAST: Final = (
    Character(
        "xiaohe",
        "小禾",
        follows=True,
        says="我的资料卡",
        union="城北区总工会",
        wall=1,
        is_there=True,
        profile={
            "sex": "f",
            "birth_year": 1991,
            "height_cm": 168,
            "education": "本科",
            "trade": "护士",
            "district": "城北区",
            "home_town": "南溪",
            "line": "周末多半在爬山，想找个愿意慢慢聊的人。",
            "contact_kind": "wechat",
            "contact": "demo_xiaohe",
        },
    ),
    Character("ayue", "阿岳", follows=False),
    Character(
        "xiaoman",
        "小满",
        follows=True,
        says="我的资料卡",
        union="城南区总工会",
        wall=1,
        profile={
            "sex": "f",
            "birth_year": 1994,
            "height_cm": 162,
            "education": "硕士",
            "trade": "小学教师",
            "district": "城南区",
            "home_town": "青屿",
            "line": "会做一桌家常菜，饭后想有人一起散步。",
            "contact_kind": "wechat",
            "contact": "demo_xiaoman",
        },
    ),
    Character(
        "akuan",
        "阿宽",
        follows=True,
        says="我的资料卡",
        union="洪和镇总工会",
        profile={
            "sex": "m",
            "birth_year": 1988,
            "height_cm": 175,
            "education": "大专",
            "trade": "电工",
            "district": "洪和镇",
            "home_town": "洪和",
            "line": "会修水龙头和灯，想找个踏实过日子的人。",
            "contact_kind": "none",
            "contact": None,
        },
    ),
    Character("lin", "工会林老师", follows=True, union=CITY, login="lin", says="帮助"),
    Character("fang", "方阿姨", follows=False),
    Character("xu", "徐咨询师", follows=True, union=CITY, login="xu", says="今日安排"),
    Character("gao", "高律师", follows=True, union=CITY, login="gao", says="今日安排"),
)


def bring(db: Session, phones: Phones, scenery: Scenery, *, now: datetime) -> list[Phone]:
    """Give everybody of the cast a phone, and what belongs to them a row; return who is yet to follow.

    The rows come first, so that whoever follows is known already. The caller commits before they follow.
    """
    have = {phone.nickname: phone for phone in phones.all()}
    to_follow = []
    for character in CAST:
        phone = have.get(character.nickname) or phones.add(character.nickname)
        if character.follows:
            _settle(db, character, phone, scenery, now)
            if not phone.following:
                to_follow.append(phone)
    return to_follow


def talk(phones: Phones, *, now: datetime) -> None:
    """Let whoever follows and has been silent for a day say a few words, so that notices reach them."""
    words = {character.nickname: character.says for character in CAST if character.says}
    for phone in phones.all():
        if (
            phone.following
            and phone.nickname in words
            and phones.spoke_at(phone) < now.timestamp() - SILENT.total_seconds()
        ):
            phones.say(phone, words[phone.nickname])


def _settle(db: Session, character: Character, phone: Phone, scenery: Scenery, now: datetime) -> None:
    worker = _worker(db, character, phone, scenery, now)
    if character.login:
        scenery.staff[character.login].worker_id = worker.id
    if character.is_there:
        insert_new(db, CheckIn, event_id=scenery.fair.id, worker_id=worker.id, at=now)
    if not character.profile:
        return
    profile = db.scalar(select(Profile).where(Profile.worker_id == worker.id))
    if profile is None:
        profile = Profile(
            worker_id=worker.id,
            nickname=character.nickname,
            marital="never",
            consent_version="demo",
            consented_at=now,
            submitted_at=now,
            draft_id=_draft(character),
            **character.profile,
        )
        profiles.start(db, profile, now=now)
        if character.wall:
            profiles.move(db, profile, ProfileState.LISTED, now=now)
            profile.listed_at = now
            wall = scenery.walls[character.wall - 1]
            walls.hang(db, profile, now=now, wall=wall)


def _worker(db: Session, character: Character, phone: Phone, scenery: Scenery, now: datetime) -> Worker:
    """Who holds the phone. An emulator that forgot its phones gives new openids: they go to the people we know."""
    holder = db.scalar(select(Worker).where(Worker.openid == phone.openid))
    worker = _known(db, character, scenery) or holder
    if worker is None:
        worker = Worker(openid=phone.openid, created_at=now, followed_at=now)
        db.add(worker)
    elif worker is not holder:
        if holder:
            holder.openid = f"{OPENIDS}gone-{holder.id:017d}"
            db.flush()
        worker.openid = phone.openid
    union = scenery.unions.get(character.union or "")
    if worker.organisation_id is None and union:
        worker.organisation_id = union.id
    db.flush()
    return worker


def _known(db: Session, character: Character, scenery: Scenery) -> Worker | None:
    if character.login:
        number = scenery.staff[character.login].worker_id
        return db.get(Worker, number) if number else None
    return db.scalar(
        select(Worker)
        .join(Profile, Profile.worker_id == Worker.id)
        .where(Profile.draft_id == _draft(character))
    )


def _draft(character: Character) -> str:
    return f"demo-{character.key}"
