"""The demo's appointments: two services, three invented professionals, their rooms and hours."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.scenery import CITY, Scenery
from models.appointments import Hours, Service
from rules.appointments import planning

MORNING, AFTERNOON = (9 * 60, 12 * 60), (14 * 60, 17 * 60)
SERVICES: Final[dict[str, dict[str, Any]]] = {
    "心理咨询": {
        "asks": "想聊哪方面？",
        "words": "心理 咨询师 心理医生",
        "minutes": 50,
        "buffer_minutes": 10,
        "notice_minutes": 120,
        "cancel_minutes": 240,
        "move_minutes": 120,
    },
    "法律咨询": {
        "asks": "遇到什么事？",
        "words": "法律 律师 坐堂问诊",
        "minutes": 30,
        "buffer_minutes": 0,
        "notice_minutes": 60,
        "cancel_minutes": 120,
        "move_minutes": 120,
    },
}
OFFERS: Final = (
    # login, service, place, several at a time, weekdays, hours
    ("xu", "心理咨询", "临湖市总工会二楼谈心室（按门铃 2）", False, range(5), (MORNING, AFTERNOON)),
    ("tang", "心理咨询", "城北区总工会三楼静心室", False, (1, 3, 5), (AFTERNOON,)),
    ("gao", "法律咨询", "临湖市职工服务中心 5 号窗口", True, (1, 3), (MORNING,)),
)


def build(db: Session, scenery: Scenery) -> None:
    """Set up whatever of it is not there yet. The caller commits."""
    city = scenery.unions[CITY]
    for name, facts in SERVICES.items():
        if db.scalar(select(Service.id).where(Service.name == name)) is None:
            planning.add_service(db, city, name, **facts)
    for login, name, place, is_shared, weekdays, spans in OFFERS:
        who = planning.professional_of(db, scenery.staff[login])
        where = planning.place_named(db, city, place, is_shared=is_shared)
        planning.offer(db, who, planning.service_named(db, name), where)
        if db.scalar(select(Hours.id).where(Hours.professional_id == who.id).limit(1)) is None:
            for weekday in weekdays:
                planning.set_hours(db, who, weekday, list(spans))
