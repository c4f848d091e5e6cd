"""The demo's broadcasts: one as it was just written, one that was previewed and waits for a second officer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.scenery import Scenery
from models.broadcasts import Broadcast, BroadcastVersion, Topic, Way
from rules.broadcasts import life


@dataclass(frozen=True)
class Draft:
    """One broadcast; `ago` is how long before the demo was loaded it was written."""

    text: str
    topic: Topic
    way: Way
    writer: str
    audience: dict[str, Any]
    ago: timedelta
    is_previewed: bool = False


DRAFTS: Final = (
    Draft(
        "（演示）周六下午两点，临湖体育馆有职工趣味运动会。带上水壶，家里人也欢迎。",
        Topic.ACTIVITY,
        Way.BOTH,
        "lin",
        {},
        timedelta(hours=3),
    ),
    Draft(
        "（演示）做过资料卡的朋友：周日下午在临湖体育馆二楼还有一场见面会，带上打印的卡片就行。",
        Topic.ACTIVITY,
        Way.MASS,
        "zhou",
        {"service": "matchmaking"},
        timedelta(hours=20),
        is_previewed=True,
    ),
)


def build(db: Session, stage: Scenery, *, now: datetime) -> None:
    """Write whatever of it is not there, whatever became of it since. The caller commits."""
    there = {body.get("text") for body in db.scalars(select(BroadcastVersion.body))}
    for one in DRAFTS:
        if one.text not in there:
            _write(db, stage, one, at=now - one.ago)


def _write(db: Session, stage: Scenery, one: Draft, *, at: datetime) -> Broadcast:
    writer = stage.staff[one.writer]
    broadcast = life.new(
        db, writer, "text", {"text": one.text}, topic=one.topic, way=one.way, audience=one.audience, now=at
    )
    if one.is_previewed:
        life.previewed(db, broadcast, writer, version=broadcast.version, now=at + timedelta(minutes=5))
    return broadcast
