"""The invented province: unions on four levels, staff, a fair that is always on, its walls, an exam."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import local
from models.events import Event
from models.matchmaking import Wall
from models.people import Organisation, Staff
from qr.scenes import new_token
from rules import organisations
from rules import staff as staff_rules
from rules.access import Role
from rules.matchmaking import walls

PROVINCE, CITY = "云栖省总工会", "临湖市总工会"
UNIONS: Final = (
    # name, the one above; in an order in which each finds the one above
    (PROVINCE, None),
    (CITY, PROVINCE),
    ("青屿市总工会", PROVINCE),
    ("城北区总工会", CITY),
    ("城南区总工会", CITY),
    ("洪和镇总工会", "城北区总工会"),
    ("新港街道总工会", "城北区总工会"),
    ("白鹭街道总工会", "城南区总工会"),
)
STAFF: Final = (
    # login, name, role, union
    ("lin", "林老师", Role.ADMINISTRATOR, CITY),
    ("zhou", "周老师", Role.CLERK, CITY),
    ("he", "何老师", Role.MANAGER, PROVINCE),
    ("chen", "陈老师", Role.REVIEWER, "城北区总工会"),
    ("sun", "孙老师", Role.REVIEWER, "城南区总工会"),
    ("wu", "吴老师", Role.DUTY, "洪和镇总工会"),
    ("xu", "徐咨询师", Role.PROFESSIONAL, CITY),
    ("tang", "唐咨询师", Role.PROFESSIONAL, "城北区总工会"),
    ("gao", "高律师", Role.PROFESSIONAL, CITY),
    ("jiang", "江律师", Role.PROFESSIONAL, "城南区总工会"),
)
WALLS: Final = ("90后", "90后", "80后", "80后", "70后", "95后", "00后", "优质单身", "新临湖人", "匠人")
FAIR, EXAM = "临湖市“幸福牵手”相亲会", "仓库保管员（四级）技能评价"
DAYS: Final = 30
TABLES: Final = 20


@dataclass(frozen=True)
class Scenery:
    """What the rest of the demo stands on."""

    fair: Event
    walls: tuple[Wall, ...]
    unions: dict[str, Organisation]
    staff: dict[str, Staff]


def build(db: Session, *, now: datetime) -> Scenery:
    """Put up whatever of it is not there yet, and keep the fair on for days to come. The caller commits."""
    unions: dict[str, Organisation] = {}
    for name, above in UNIONS:
        unions[name] = organisations.named(db, name) or organisations.add(
            db, name, unions[above] if above else None
        )
    staff = {
        login: db.scalar(select(Staff).where(Staff.login == login))
        or staff_rules.add(db, login, name=name, role=role, organisation=unions[union], now=now)
        for login, name, role, union in STAFF
    }
    fair = _event(db, "fair", FAIR, "临湖体育馆", unions[CITY], tables=TABLES)
    if not fair.is_on(now) or fair.ends_at < now + timedelta(days=DAYS / 2):
        today = local(now).replace(hour=0, minute=0, second=0, microsecond=0)
        fair.starts_at, fair.ends_at = today, today + timedelta(days=DAYS)
    exam = _event(db, "exam", EXAM, "临湖市职工技能中心", unions[CITY])
    if exam.ends_at < now:
        exam.starts_at = local(now).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=DAYS)
        exam.ends_at = exam.starts_at + timedelta(hours=3)
    db.flush()
    have = {wall.number: wall for wall in db.scalars(select(Wall).where(Wall.event_id == fair.id))}
    put_up = tuple(
        have.get(number) or walls.lay_out(db, fair, number, title) for number, title in enumerate(WALLS, 1)
    )
    return Scenery(fair, put_up, unions, staff)


def _event(db: Session, kind: str, title: str, place: str, union: Organisation, tables: int = 0) -> Event:
    found = db.scalar(
        select(Event).where(Event.organisation_id == union.id, Event.kind == kind, Event.title == title)
    )
    if found:
        return found
    long_ago = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    event = Event(
        organisation_id=union.id,
        kind=kind,
        title=title,
        place=place,
        starts_at=long_ago,
        ends_at=long_ago,
        tables=tables,
        token=new_token(),
    )
    db.add(event)
    return event
