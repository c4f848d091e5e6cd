"""What waits on the staff's desks when the demo begins: a few profiles to review, a conversation to answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from demo import people
from demo.scenery import Scenery
from models.matchmaking import Profile, ProfileMove, ProfileState
from models.messages import Handover, Said
from models.people import Worker

SEED: Final = 2
WAITING: Final = 9
ASKED: Final = (
    # said by whom, words
    (True, "周六的见面会可以带朋友一起来吗？她还没有做资料卡"),
    (False, "这个要请工作人员来答，已经转过去了，一般半天内回复。"),
    (True, "不急，周五前告诉我就行"),
)


def build(db: Session, stage: Scenery, *, now: datetime) -> None:
    """Put it there once, whatever became of it since. The caller commits."""
    if db.scalar(select(Worker.id).where(Worker.openid == people.openid(SEED, 0))):
        return
    unions = [union.id for union in stage.unions.values() if union.level > 2]
    people.generate(db, WAITING, SEED, now=now, walls=(), organisation_ids=unions)
    waiting = db.scalars(
        select(Profile).where(Profile.draft_id.startswith(f"demo-{SEED}-")).order_by(Profile.id)
    ).all()
    for number, profile in enumerate(waiting):
        sent = now - timedelta(minutes=9 + 17 * number * number)
        profile.state, profile.listed_at = ProfileState.IN_REVIEW, None
        profile.submitted_at = profile.consented_at = sent
        db.add(ProfileMove(profile_id=profile.id, at=sent, before=None, after=ProfileState.IN_REVIEW))
    asker = db.scalars(select(Worker).join(Profile).where(Profile.draft_id == "demo-akuan")).one()
    asked = now - timedelta(minutes=50)
    handover = Handover(worker_id=asker.id, at=asked, about="chat", message_key="demo-akuan")
    db.add(handover)
    db.flush()
    db.add_all(
        Said(handover_id=handover.id, at=asked, is_theirs=is_theirs, words=words)
        for is_theirs, words in ASKED
    )
