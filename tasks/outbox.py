"""Notices on their way out: claimed, put into words, sent by the channel that is open, recorded.

Any number of threads and workers may do this at once (docs/decisions/0003-outbox.md). Nothing is sent while a
transaction is open, and nothing is sent twice on a channel where the platform would not notice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Engine, Update, and_, exists, not_, or_, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, aliased, defer

from bot.client import Client, Template
from bot.platform_errors import CallFailed
from bot.replies import Say, render
from bot.templates import Templates
from core import log, metrics
from models.messages import Consent, Notice, NoticeAttempt, NoticeState
from tasks import channels
from tasks.channels import Channel, Outcome, Try, Verdict

BATCH = 50
LEASE = timedelta(seconds=120)
"""Longer than the slowest try, a renewal of the token included; starts anew with each try."""

BACK_OFF = tuple(timedelta(seconds=s) for s in (5, 20, 60, 180, 600, 1800, 3600))
REPEATABLE = timedelta(minutes=8)
"""How long the platform surely recognises a client_msg_id (10 minutes, less our clocks' differences)."""

PATIENCE = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between tries to write down what is already sent, while the database restarts."""

_ARRIVED = (Verdict.SENT, Verdict.PARTLY, Verdict.UNKNOWN)  # or may have
_log = log.get("outbox")
_OPEN = text("notice.state IN ('pending', 'sending')")  # literally, or the partial index is not used

Words = Callable[[Session, Notice], Say | None]
"""Finds the words for a notice; None = it is no longer true."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """What sending needs."""

    engine: Engine
    client: Client
    words: Words
    templates: Templates
    template_ids: Mapping[str, str] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    told: Callable[[str, str], None] = lambda openid, text: None
    """Takes note of what somebody was told in the chat, by openid; must not raise."""


def deliver_due(outbox: Outbox, now: datetime) -> int:
    """Deal with what is due, up to BATCH notices; how many this call dealt with.

    A person's notices go out in the order they were written.
    """
    started = time.monotonic()

    def clock() -> datetime:
        return now + timedelta(seconds=time.monotonic() - started)

    count = settle_lapsed(outbox.engine, now)
    with Session(outbox.engine) as db:
        due = db.execute(
            select(Notice.id, Notice.kind)
            .where(_OPEN, _claimable(now))
            .order_by(Notice.due_at, Notice.id)
            .limit(BATCH)
        ).all()
    for notice_id, kind in due:
        if outbox.stopping.is_set():
            break
        count += _deliver(outbox, notice_id, kind, clock)
    return count


def settle_lapsed(engine: Engine, now: datetime) -> int:
    """Notices whose sender died: only what the platform recognises as the same is tried again."""
    with Session(engine) as db:
        lapsed = db.scalars(
            select(Notice)
            .options(defer(Notice.facts))  # what cannot be opened must not keep the others from being settled
            .where(_OPEN, Notice.state == "sending", Notice.lease_until < now)
        ).all()
        count = 0
        for notice in lapsed:
            if not _take_over(db, notice, now):
                continue
            count += 1
            attempt = _open_attempt(db, notice.id)
            is_repeatable = attempt is not None and attempt.channel == Channel.TEMPLATE
            if is_repeatable:
                _change(db, notice.id, notice.attempts, state=NoticeState.PENDING, lease_until=None)
            else:
                channel = attempt.channel if attempt else None
                _settle(db, notice.id, notice.attempts, NoticeState.UNKNOWN, channel, now=now)
            _log.warning("sender died", notice=notice.id, will_repeat=is_repeatable)
        db.commit()
        return count


def _take_over(db: Session, notice: Notice, now: datetime) -> bool:
    result: Any = db.execute(
        update(Notice)
        .where(Notice.id == notice.id, Notice.state == NoticeState.SENDING, Notice.lease_until < now)
        .values(lease_until=None)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount == 1)


def _claimable(now: datetime) -> ColumnElement[bool]:
    """Due, and no earlier notice of the same person is under way, due, or waiting to be tried again."""
    earlier = aliased(Notice)
    in_front = exists().where(
        earlier.worker_id == Notice.worker_id,
        earlier.id < Notice.id,
        or_(
            earlier.state == NoticeState.SENDING,
            and_(earlier.state == NoticeState.PENDING, or_(earlier.due_at <= now, earlier.attempts > 0)),
        ),
    )
    return and_(Notice.state == NoticeState.PENDING, Notice.due_at <= now, not_(in_front))


def _deliver(outbox: Outbox, notice_id: int, kind: str, clock: Callable[[], datetime]) -> bool:
    template, is_known = _template(outbox, kind)
    try:
        is_ours, one = _claim(outbox, notice_id, template, is_known, clock())
    except OperationalError:
        raise
    except Exception:
        metrics.bugs.labels("outbox").inc()
        _log.exception("bug while finding words", notice=notice_id)
        _set_aside(outbox.engine, notice_id, clock())
        return True
    while one is not None:
        outcome = channels.make(outbox.client, one)
        if one.channel is Channel.CUSTOMER and outcome.verdict in _ARRIVED:
            outbox.told(one.openid, render(one.say))
        one = _surely(partial(_record, outbox.engine, one, outcome, clock()))
    return is_ours


def _template(outbox: Outbox, kind: str) -> tuple[Template | None, bool]:
    """The template for this kind, and whether that is certain (the platform may not have told)."""
    template_id = outbox.template_ids.get(kind)
    if not template_id:
        return None, True
    try:
        return outbox.templates.find(template_id), True
    except CallFailed as error:
        return None, channels.after(error).verdict is Verdict.CLOSED


def _claim(
    outbox: Outbox, notice_id: int, template: Template | None, is_known: bool, now: datetime
) -> tuple[bool, Try | None]:
    """Make the notice ours and open its first try; (True, None) when there is nothing to send."""
    with Session(outbox.engine) as db, db.begin():
        result: Any = db.execute(
            update(Notice)
            .where(Notice.id == notice_id, _claimable(now))
            .values(state=NoticeState.SENDING, lease_until=now + LEASE, attempts=Notice.attempts + 1)
            .execution_options(synchronize_session=False)
        )
        if result.rowcount != 1:
            return False, None
        notice = db.get_one(Notice, notice_id)
        return True, _first_try(db, notice, outbox.words(db, notice), template, is_known, now)


def _first_try(
    db: Session, notice: Notice, say: Say | None, template: Template | None, is_known: bool, now: datetime
) -> Try | None:
    before = _open_attempt(db, notice.id)
    done = partial(_settle, db, notice.id, notice.attempts, now=now)
    if say is None:
        # What may have been said already is not denied; what was not is never said.
        done(NoticeState.UNKNOWN if before else NoticeState.VOID, before.channel if before else None)
        return None
    if template is not None and not channels.can_carry(template, say, notice.id, notice.made_at):
        _log.error("template has fields we cannot fill", template=template.id, kind=notice.kind)
        template = None
    person = notice.worker
    one = Try(
        notice_id=notice.id,
        claim=notice.attempts,
        channel=Channel.CUSTOMER,
        openid=person.openid,
        worker_id=person.id,
        say=say,
        made_at=notice.made_at,
        template=template,
        is_template_known=is_known,
    )
    if before is None:
        if person.is_following:
            return _open(db, one, now)
        done(NoticeState.KEPT, Channel.INBOX)
    elif now - before.at > REPEATABLE or (template is None and is_known):
        done(NoticeState.UNKNOWN, before.channel)
    elif template is None:
        _postpone(db, one, None, now)
    else:
        return _open(db, replace(one, channel=Channel.TEMPLATE, is_repeat=True), now)
    return None


def _record(engine: Engine, one: Try, outcome: Outcome, now: datetime) -> Try | None:
    """Write down what the try came to, and open the next one if there is one."""
    with Session(engine) as db, db.begin():
        db.execute(
            update(NoticeAttempt)
            .where(NoticeAttempt.id == one.attempt_id)
            .values(errcode=outcome.errcode, message_id=outcome.message_id)
        )
        if one.channel is Channel.SUBSCRIPTION:
            _keep_count(db, one, outcome)
        done = partial(_settle, db, one.notice_id, one.claim, now=now)
        match outcome.verdict:
            case Verdict.SENT:
                done(NoticeState.SENT, one.channel, 0)
            case Verdict.LATER:
                _postpone(db, one, outcome.errcode, now)
            case Verdict.UNKNOWN if one.channel is Channel.TEMPLATE:
                _postpone(db, one, None, now)
            case Verdict.UNKNOWN:
                done(NoticeState.UNKNOWN, one.channel)
            case Verdict.CLOSED if one.is_repeat:  # this no says nothing about the first time
                done(NoticeState.UNKNOWN, one.channel)
            case Verdict.CLOSED if one.channel is Channel.CUSTOMER and not one.is_template_known:
                _postpone(db, one, outcome.errcode, now)
            case Verdict.CLOSED if one.channel is Channel.CUSTOMER and (second := _second_channel(db, one)):
                return _open(db, replace(one, channel=second), now)
            case _:
                done(NoticeState.KEPT, Channel.INBOX, outcome.errcode)
    return None


def _second_channel(db: Session, one: Try) -> Channel | None:
    if one.template is None:
        return None
    if not one.template.is_subscription:
        return Channel.TEMPLATE
    result: Any = db.execute(_consent(one).where(Consent.credit > 0).values(credit=Consent.credit - 1))
    return Channel.SUBSCRIPTION if result.rowcount == 1 else None


def _keep_count(db: Session, one: Try, outcome: Outcome) -> None:
    """The consent was counted down before the call: give it back if none was used, forget what is refused."""
    if outcome.errcode == 43101:
        db.execute(_consent(one).values(credit=0))
    elif outcome.verdict in (Verdict.LATER, Verdict.CLOSED):
        db.execute(_consent(one).values(credit=Consent.credit + 1))


def _consent(one: Try) -> Update:
    assert one.template is not None
    return update(Consent).where(Consent.worker_id == one.worker_id, Consent.template_id == one.template.id)


def _open(db: Session, one: Try, now: datetime) -> Try | None:
    """Commit to a try: whoever finds this row without an answer knows that the call may have been made."""
    if not _change(db, one.notice_id, one.claim, state=NoticeState.SENDING, lease_until=now + LEASE):
        return None
    attempt = NoticeAttempt(notice_id=one.notice_id, at=now, channel=one.channel)
    db.add(attempt)
    db.flush()
    return replace(one, attempt_id=attempt.id)


def _open_attempt(db: Session, notice_id: int) -> NoticeAttempt | None:
    """The first try of which nobody knows what came of it."""
    return db.scalar(
        select(NoticeAttempt)
        .where(NoticeAttempt.notice_id == notice_id, NoticeAttempt.errcode.is_(None))
        .order_by(NoticeAttempt.id)
        .limit(1)
    )


def _settle(
    db: Session,
    notice_id: int,
    claim: int,
    state: NoticeState,
    channel: str | None,
    errcode: int | None = None,
    *,
    now: datetime,
) -> None:
    if _change(
        db, notice_id, claim, state=state, channel=channel, errcode=errcode, settled_at=now, lease_until=None
    ):
        metrics.notices.labels(str(channel or ""), str(state)).inc()


def _postpone(db: Session, one: Try, errcode: int | None, now: datetime) -> None:
    if one.claim > len(BACK_OFF):
        state = NoticeState.UNKNOWN if _open_attempt(db, one.notice_id) else NoticeState.KEPT
        _settle(db, one.notice_id, one.claim, state, Channel.INBOX, errcode, now=now)
        return
    due_at = now + BACK_OFF[one.claim - 1]
    values = {"state": NoticeState.PENDING, "due_at": due_at, "lease_until": None, "errcode": errcode}
    if _change(db, one.notice_id, one.claim, **values):
        metrics.notices.labels(str(one.channel), "later").inc()


def _change(db: Session, notice_id: int, claim: int, **values: Any) -> bool:
    """Only while the claim is still ours. A result that comes after the lease is better than `unknown`."""
    result: Any = db.execute(
        update(Notice)
        .where(
            Notice.id == notice_id,
            Notice.attempts == claim,
            Notice.state.in_((NoticeState.SENDING, NoticeState.UNKNOWN)),
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount == 1)


def _set_aside(engine: Engine, notice_id: int, now: datetime) -> None:
    """A notice without words must not be found again at once, nor for ever."""
    with Session(engine) as db, db.begin():
        before = db.scalar(select(Notice.attempts).where(Notice.id == notice_id))
        if before is None:
            return  # its person was erased meanwhile
        tries = before + 1
        is_over = tries > len(BACK_OFF)
        db.execute(
            update(Notice)
            .where(Notice.id == notice_id, Notice.state == NoticeState.PENDING, Notice.attempts == tries - 1)
            .values(
                attempts=tries,
                state=NoticeState.KEPT if is_over else NoticeState.PENDING,
                channel=Channel.INBOX if is_over else None,
                due_at=now if is_over else now + BACK_OFF[tries - 1],
                settled_at=now if is_over else None,
            )
        )


def _surely(write: Callable[[], Try | None]) -> Try | None:
    """Write down what has happened outside, even if the database is away for a moment."""
    for pause in PATIENCE:
        try:
            return write()
        except OperationalError:
            _log.warning("database away, will write down again", seconds=pause)
            time.sleep(pause)
    return write()
