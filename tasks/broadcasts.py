"""Broadcasts on their way out, a piece at a time: freeze a slice, make a mass call, write to some people, finish.

Any number of threads and workers may do this at once: who does what is settled by rows and leases. No transaction is
open while the platform is called. F4's classes of errors are those of bot/platform_errors.py.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.client import Client
from bot.platform_errors import NEVER_REACHED, CallFailed, OutcomeUnknown, PlatformError, Reaction
from core import log, metrics
from core.clock import today, utcnow
from core.config import Broadcasts
from core.db import Desk, commit
from core.errors import Refused
from models.broadcasts import Batch, BatchState, Broadcast, BroadcastState, BroadcastVersion, RecipientState
from rules.broadcasts import audience, batches, life, results, rows
from rules.broadcasts.batches import Call, Pace
from rules.broadcasts.rows import Outcome, Person

TURN = 20.0
"""Seconds after which a task ends, so that other broadcasts get their turn; the sweep hands out the next one."""

CHUNK = 1.0
"""Seconds that one claim of people is worked on; the rest is given back."""

QUOTA_OVER = timedelta(minutes=5)
"""Quotas start anew at midnight in China; a little later, for clocks that differ."""

WINDOW = (45015, 45047)

_log = log.get("broadcasts")


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs."""

    engine: Database
    client: Client
    settings: Broadcasts
    stopping: threading.Event = field(default_factory=threading.Event)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "desk", Desk(self.engine))

    def pace(self) -> Pace:
        """The limits of mass calls."""
        one = self.settings
        return Pace(one.batch_size, one.calls_per_minute, timedelta(seconds=one.lease_seconds))

    def after(self, seconds: float, now: datetime) -> datetime:
        return now + timedelta(seconds=seconds)


def work(post: Post, broadcast_id: int, *, clock: Any = utcnow, turn: float = TURN) -> None:
    """One task: go on with a broadcast while there is something to do, or until the turn is over."""
    until = time.monotonic() + turn
    while not post.stopping.is_set() and time.monotonic() < until:
        if not step(post, broadcast_id, clock()):
            return


def step(post: Post, broadcast_id: int, now: datetime) -> bool:
    """One piece of work. False when nothing can be done right now."""
    with Session(post.engine, expire_on_commit=False) as db:
        broadcast = db.get(Broadcast, broadcast_id)
        if broadcast is None:
            return False
        if _ask(post, db, broadcast, now):
            return True
        if broadcast.state != BroadcastState.SENDING or (broadcast.due_at and broadcast.due_at > now):
            return False
        if not broadcast.is_frozen:
            audience.freeze_slice(db, broadcast, now=now, size=post.settings.slice_size)
            db.commit()
            return True
        call = batches.take(db, broadcast, now=now, pace=post.pace())
        db.commit()
        if call is not None:
            _call(post, broadcast, call, now)
            return True
        lease = timedelta(seconds=post.settings.lease_seconds)
        people = rows.claim(db, broadcast, now=now, limit=post.settings.chunk_size, lease=lease)
        version = life.words(db, broadcast)
        if people:
            db.commit()
            db.expunge_all()
            _write_to(post, broadcast, version, people, now)
            return True
        if batches.leave_out(db, broadcast, now=now):
            db.commit()
            return True
        db.rollback()
        is_over = results.finish(db, db.get_one(Broadcast, broadcast_id), now=now)
        db.commit()
        return is_over


# by customer-service message


def _write_to(
    post: Post, broadcast: Broadcast, version: BroadcastVersion, people: list[Person], now: datetime
) -> None:
    """Write to people one by one. Each commit settles one person and opens the next: one may be in doubt, no more."""
    started = time.monotonic()
    text = str(version.body["text"])
    tried = failed = 0
    before: tuple[Person, Outcome] | None = None
    stop: Outcome | None = None
    left = list(people)
    with post.desk.session() as db:
        while True:
            passed = time.monotonic() - started
            at = now + timedelta(seconds=passed)
            if before is not None:
                rows.settle(db, broadcast.id, version.version, *before, now=at)
                before = None
            is_over = passed > CHUNK or stop is not None or post.stopping.is_set() or not left
            one = None if is_over else left.pop(0)
            until = at + timedelta(seconds=post.settings.lease_seconds)
            if one is None:
                break
            if not rows.open_(db, broadcast.id, version.version, one, until=until):
                left.insert(0, one)
                break
            commit(db)
            outcome, stop = _send_text(post, broadcast, one, text, at)
            metrics.broadcast_calls.labels("customer", str(outcome.state)).inc()
            tried += outcome.state in (RecipientState.SENT, RecipientState.FAILED)
            failed += outcome.state == RecipientState.FAILED
            before = one, outcome
        rows.release(db, broadcast.id, left)
        _conclude(post, db, broadcast.id, tried, failed, stop, now)
        commit(db)


def _send_text(
    post: Post, broadcast: Broadcast, one: Person, text: str, now: datetime
) -> tuple[Outcome, Outcome | None]:
    """(what it came to, the same again when nobody else should be tried now)."""
    try:
        post.client.send_text(one.openid, text)
    except OutcomeUnknown:
        return Outcome(RecipientState.UNKNOWN), None
    except PlatformError as error:
        return _after(post, broadcast, one, error, now)
    except CallFailed:
        return _later(post, one, None, now), None
    return Outcome(RecipientState.SENT, 0), None


def _after(
    post: Post, broadcast: Broadcast, one: Person, error: PlatformError, now: datetime
) -> tuple[Outcome, Outcome | None]:
    waits = Outcome(RecipientState.WAITING, error.code)
    match error.reaction:
        case Reaction.QUOTA | Reaction.OPERATOR:
            return waits, waits
        case Reaction.RETRY_LATER | Reaction.TOKEN:
            return _later(post, one, error.code, now), None
        case Reaction.NEXT_CHANNEL if error.code in WINDOW:
            # Whom a list left alone comes back with that code: nothing is left to try.
            if broadcast.way == "both" and one.errcode not in WINDOW:
                return Outcome(RecipientState.WAITING, error.code, way="mass"), None
            return Outcome(RecipientState.SKIPPED, error.code, rows.WINDOW), None
        case Reaction.NEXT_CHANNEL:
            return Outcome(RecipientState.SKIPPED, error.code, "refused"), None
        case _:
            return Outcome(RecipientState.FAILED, error.code), None


def _later(post: Post, one: Person, code: int | None, now: datetime) -> Outcome:
    if one.claim >= post.settings.tries:
        return Outcome(RecipientState.FAILED, code)
    return Outcome(RecipientState.WAITING, code, again_at=now + timedelta(seconds=5 * 3**one.claim))


def _conclude(
    post: Post, db: Session, broadcast_id: int, tried: int, failed: int, stop: Outcome | None, now: datetime
) -> None:
    """Pause when the quota is gone, the account needs a hand, or too many fail."""
    broadcast = db.get_one(Broadcast, broadcast_id)
    all_tried, all_failed = results.tally(db, broadcast, tried, failed)
    db.refresh(broadcast)
    if broadcast.state != BroadcastState.SENDING:
        return
    if stop is not None and stop.errcode is not None:
        _pause(db, broadcast, stop.errcode, now)
        return
    limit = all_tried * post.settings.failure_percent
    if failed and all_tried >= post.settings.failure_minimum and all_failed * 100 >= limit:
        _hold(db, broadcast, now=now, reason="failures")


def _pause(db: Session, broadcast: Broadcast, code: int, now: datetime) -> None:
    if PlatformError("", code, "").reaction is Reaction.QUOTA:
        midnight = today(now)[1]
        _hold(db, broadcast, now=now, reason="quota", errcode=code, resume_at=midnight + QUOTA_OVER)
    else:
        _hold(db, broadcast, now=now, reason="platform", errcode=code)


def _hold(db: Session, broadcast: Broadcast, **why: Any) -> None:
    """Pause it, unless staff did so a moment ago: what became of people is written down all the same."""
    with suppress(Refused):
        life.pause(db, broadcast, **why)


# by mass message


def content(version: BroadcastVersion, media_id: str | None = None) -> dict[str, Any]:
    """The words as a mass call carries them; an article by the draft's id."""
    if version.kind == "article":
        return {"msgtype": "mpnews", "mpnews": {"media_id": media_id or version.body["media_id"]}}
    return {"msgtype": "text", "text": {"content": version.body["text"]}}


def _call(post: Post, broadcast: Broadcast, call: Call, now: datetime) -> None:
    """Make one mass call and write down what is known of it then."""
    started = time.monotonic()
    with Session(post.engine) as db:
        version = db.get_one(BroadcastVersion, (call.broadcast_id, call.version))
        people = batches.openids(db, call.batch_id)
    result = "sent"
    try:
        media_id = _own_draft(post, call, version)
        message_id = post.client.send_mass(people, content(version, media_id), call.client_id)
    except CallFailed as error:
        result = "failed"
        at = now + timedelta(seconds=time.monotonic() - started)
        with Session(post.engine) as db, db.begin():
            _after_call(post, db, call, error, at, len(people))
    else:
        at = now + timedelta(seconds=time.monotonic() - started)
        ask_at = at + timedelta(seconds=post.settings.ask_after_seconds)
        with Session(post.engine) as db, db.begin():
            batches.accepted(db, call, message_id, ask_at=ask_at)
            db.flush()
            results.settle_reports(db, at, message_id)
            results.tally(db, db.get_one(Broadcast, call.broadcast_id), len(people), 0)
    metrics.broadcast_calls.labels("mass", result).inc()


def _own_draft(post: Post, call: Call, version: BroadcastVersion) -> str | None:
    """A draft ends with the call that sends it (rule of the platform), so each call has a copy of its own."""
    if version.kind != "article" or call.media_id:
        return call.media_id
    media_id = post.client.add_draft(version.body["articles"])
    with Session(post.engine) as db, db.begin():
        batches.keep_media(db, call, media_id)
    return media_id


def _after_call(post: Post, db: Session, call: Call, error: CallFailed, now: datetime, size: int) -> None:
    repeat_at = now + timedelta(seconds=post.settings.repeat_seconds)
    broadcast = db.get_one(Broadcast, call.broadcast_id)
    if not isinstance(error, PlatformError):
        in_doubt = isinstance(error, OutcomeUnknown) and not error.call.startswith("draft/")
        if in_doubt or call.is_in_doubt:
            batches.again(db, call, None, at=repeat_at, in_doubt=in_doubt)
        else:
            _postpone(db, call, broadcast, None, now)
        return
    code = error.code
    match error.reaction:
        case Reaction.QUOTA | Reaction.OPERATOR:
            if call.is_in_doubt:
                batches.again(db, call, code, at=repeat_at, in_doubt=True)
            else:
                batches.dissolve(db, call, code)
            if broadcast.state == BroadcastState.SENDING:
                _pause(db, broadcast, code, now)
        case Reaction.RETRY_LATER | Reaction.TOKEN if code == -1 or call.is_in_doubt or code == 45066:
            batches.again(db, call, code, at=repeat_at, in_doubt=code in (-1, 45066))
        case Reaction.RETRY_LATER | Reaction.TOKEN:
            _postpone(db, call, broadcast, code, now)
        case _ if call.is_in_doubt:
            batches.give_up(db, call.batch_id, call.claim, errcode=code, now=now)
        case _:
            failed = batches.refused(db, call, code)
            db.flush()
            _conclude(post, db, call.broadcast_id, size, failed, None, now)


def _postpone(db: Session, call: Call, broadcast: Broadcast, code: int | None, now: datetime) -> None:
    """It was certainly not taken: all of the broadcast waits a little, as the platform is busy or away."""
    batches.dissolve(db, call, NEVER_REACHED if code is None else code)
    broadcast.due_at = now + timedelta(seconds=15)


# what the platform did not tell


def _ask(post: Post, db: Session, broadcast: Broadcast, now: datetime) -> bool:
    """Ask for one job whose end is overdue. Whether there was one."""
    again_at = now + timedelta(seconds=post.settings.ask_after_seconds)
    batch = results.to_ask(db, broadcast, now=now, again_at=again_at)
    if batch is None or batch.message_id is None:
        db.rollback()
        return False
    db.commit()
    try:
        status = post.client.mass_status(batch.message_id)
    except PlatformError as error:
        status = "lost" if error.code == 40059 else "SENDING"
    except CallFailed:
        return True
    batch = db.get_one(Batch, batch.id)
    if status == "lost":
        results.lost(db, batch, now=now)
    elif status in ("SEND_SUCCESS", "DELETE"):
        results.ended(db, batch, results.GOOD, None, now=now)
    elif status == "SEND_FAIL":
        results.ended(db, batch, "send fail", None, now=now)
    db.commit()
    return True


def sweep(db: Session, now: datetime) -> list[int]:
    """What time brings: quotas that are back, senders that died, reports that came early. The broadcasts at work."""
    life.resume_due(db, now)
    results.settle_reports(db, now)
    lapsed = rows.lapse(db, now)
    if lapsed:
        _log.warning("senders died, people are in doubt", people=lapsed)
    unsettled = exists().where(Batch.broadcast_id == Broadcast.id, Batch.state == BatchState.ACCEPTED)
    query = select(Broadcast.id).where((Broadcast.state == BroadcastState.SENDING) | unsettled)
    return list(db.scalars(query.order_by(Broadcast.id)))
