"""How the outbox stands: numbers only, of all unions together, for those who look after the system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.messages import IS_KEPT, Notice, NoticeAttempt, NoticeState

LATE: Final = timedelta(minutes=5)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Outbox:
    """`waiting`: due or to be due; `late`: due for `LATE`; `unread`: kept in 我的消息; `unknown`: maybe sent.

    `attempts` and `failures` (errcode -> number) are those of a day.
    """

    waiting: int
    late: int
    sending: int
    unread: int
    unknown: int
    attempts: int
    failures: tuple[tuple[int, int], ...]


def outbox(db: Session, *, now: datetime) -> Outbox:
    """The numbers of this moment; each is found by a partial index of what is open."""
    is_open = Notice.state.in_((NoticeState.PENDING, NoticeState.SENDING))
    is_waiting = Notice.state == NoticeState.PENDING
    waiting, late, sending = db.execute(
        select(
            func.count().filter(is_waiting),
            func.count().filter(is_waiting, Notice.due_at < now - LATE),
            func.count().filter(Notice.state == NoticeState.SENDING),
        ).where(is_open)
    ).one()
    unread, unknown = db.execute(
        select(
            func.count().filter(Notice.state == NoticeState.KEPT),
            func.count().filter(Notice.state == NoticeState.UNKNOWN),
        )
        .select_from(Notice)
        .where(IS_KEPT)
    ).one()
    codes = db.execute(
        select(NoticeAttempt.errcode, func.count())
        .where(NoticeAttempt.at >= now - DAY)
        .group_by(NoticeAttempt.errcode)
    ).all()
    failures = sorted(((code, count) for code, count in codes if code), key=lambda one: -one[1])
    return Outbox(waiting, late, sending, unread, unknown, sum(row[1] for row in codes), tuple(failures))
