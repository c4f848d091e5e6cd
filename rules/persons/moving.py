"""How what hangs on one record follows to another one: each table that names a worker, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session, aliased

from models import appointments, audit, broadcasts, events, matchmaking, messages, persons
from models.appointments import Booking, Tick, TickKind
from models.base import Base
from models.exams import SignUp
from models.logins import Binding, ScanLogin
from models.matchmaking import Mark, MeetRequest, Profile, ProfileState, Report, RequestState
from models.messages import Consent, Dialog
from models.people import Staff, Worker
from models.persons import Merge, OtherPhone
from models.photos import Photo
from rules import waiting
from rules.matchmaking import looking
from rules.persons import erasing
from rules.persons.at_work import OF_STAFF, WHY

Move = Callable[[Session, int, int, datetime], None]
"""Rows of one table follow: the record that stays, the one that goes."""
LIVE: Final = (RequestState.WAITING, RequestState.OPEN, RequestState.ACCEPTED)
"""Live wishes, the furthest last."""


def _plainly(table: Any, column: str = "worker_id") -> Move:
    """All rows follow."""

    def move(db: Session, keep: int, gone: int, now: datetime) -> None:
        _to(db, table, column, keep, getattr(table, column) == gone)

    return move


def _once(table: Any, *same: str) -> Move:
    """Rows follow unless the other record has the same one; then one of the two is enough."""

    def move(db: Session, keep: int, gone: int, now: datetime) -> None:
        there: Any = aliased(table)
        equal = [getattr(there, name) == getattr(table, name) for name in same]
        has_it = exists().where(there.worker_id == keep, *equal)
        _to(db, table, "worker_id", keep, table.worker_id == gone, ~has_it)
        db.execute(delete(table).where(table.worker_id == gone))

    return move


def _profile(db: Session, keep: int, gone: int, now: datetime) -> None:
    """Of two the withdrawn one stays behind, empty: `problems` refuses the rest."""
    moved = erasing.profile_of(db, gone)
    if moved is None:
        return
    if erasing.profile_of(db, keep) is None:
        _to(db, Profile, "worker_id", keep, Profile.id == moved.id)
    elif moved.state == ProfileState.WITHDRAWN:
        _blocks(db, keep, moved)
        erasing.empty_profile(db, gone, now)


def _blocks(db: Session, keep: int, left: Profile) -> None:
    """Whoever blocked the profile that stays behind blocked the person, not the record."""
    kept = erasing.profile_of(db, keep)
    assert kept is not None
    there = aliased(Mark)
    has_it = exists().where(
        there.worker_id == Mark.worker_id, there.kind == Mark.kind, there.profile_id == kept.id
    )
    about = (Mark.profile_id == left.id, Mark.kind == looking.BLOCKED)
    _to(db, Mark, "profile_id", kept.id, *about, ~has_it)


def _requests(db: Session, keep: int, gone: int, now: datetime) -> None:
    """Between the two there was no wish; of two live ones for the same person the further one counts."""
    pair = (keep, gone)
    between = MeetRequest.asker_id.in_(pair) & MeetRequest.asked_id.in_(pair)
    own = select(MeetRequest.id).where(between)
    db.execute(delete(events.Meeting).where(events.Meeting.request_id.in_(own)))
    _expire(db, now, between, MeetRequest.state != RequestState.EXPIRED)
    for mine, other in ((MeetRequest.asker_id, "asked_id"), (MeetRequest.asked_id, "asker_id")):
        live = select(MeetRequest).where(mine.in_(pair), MeetRequest.state.in_(LIVE), ~between)
        by_other: dict[int, list[MeetRequest]] = {}
        for one in db.scalars(live.order_by(MeetRequest.id).execution_options(populate_existing=True)):
            by_other.setdefault(getattr(one, other), []).append(one)
        for twins in by_other.values():
            best = max(twins, key=lambda one: LIVE.index(RequestState(one.state)))
            _expire(db, now, MeetRequest.id.in_([one.id for one in twins if one is not best]))
        _to(db, MeetRequest, mine.key, keep, mine == gone)


def _marks(db: Session, keep: int, gone: int, now: datetime) -> None:
    """What one thought of oneself is nothing."""
    _once(Mark, "profile_id", "kind")(db, keep, gone, now)
    own = select(Profile.id).where(Profile.worker_id == keep)
    db.execute(delete(Mark).where(Mark.worker_id == keep, Mark.profile_id.in_(own)))


def _reports(db: Session, keep: int, gone: int, now: datetime) -> None:
    _once(Report, "profile_id")(db, keep, gone, now)
    own = select(Profile.id).where(Profile.worker_id == keep)
    db.execute(delete(Report).where(Report.worker_id == keep, Report.profile_id.in_(own)))


def _ticks(db: Session, keep: int, gone: int, now: datetime) -> None:
    there = aliased(Tick)
    has_it = exists().where(there.kind == TickKind.WORKER, there.owner_id == keep, there.at == Tick.at)
    mine = (Tick.kind == TickKind.WORKER, Tick.owner_id == gone)
    _to(db, Tick, "owner_id", keep, *mine, ~has_it)
    db.execute(delete(Tick).where(*mine))


def _sign_ups(db: Session, keep: int, gone: int, now: datetime) -> None:
    there = aliased(SignUp)
    has_it = exists().where(
        there.worker_id == keep, there.sitting_id == SignUp.sitting_id, there.state.in_(waiting.LIVE)
    )
    _to(db, SignUp, "worker_id", keep, SignUp.worker_id == gone, ~(SignUp.state.in_(waiting.LIVE) & has_it))


def _recipients(db: Session, keep: int, gone: int, now: datetime) -> None:
    """What both phones were sent stays with both, so that the numbers of a broadcast go on to add up."""
    one, there = broadcasts.Recipient, aliased(broadcasts.Recipient)
    has_it = exists().where(there.worker_id == keep, there.broadcast_id == one.broadcast_id)
    _to(db, one, "worker_id", keep, one.worker_id == gone, ~has_it)


def _consents(db: Session, keep: int, gone: int, now: datetime) -> None:
    """What was agreed to by each phone is added up."""
    for one in db.scalars(select(Consent).where(Consent.worker_id == gone)).all():
        _change(
            db,
            Consent,
            Consent.worker_id == keep,
            Consent.template_id == one.template_id,
            credit=Consent.credit + one.credit,
        )
    _once(Consent, "template_id")(db, keep, gone, now)


def _newest_dialog(db: Session, keep: int, gone: int) -> int | None:
    return db.scalar(
        select(Dialog.worker_id)
        .where(Dialog.worker_id.in_((keep, gone)))
        .order_by(Dialog.changed_at.desc(), Dialog.worker_id)
        .limit(1)
    )


def _photos(db: Session, keep: int, gone: int, now: datetime) -> None:
    """What was given for a form goes on with its conversation, or ends with it."""
    newest = _newest_dialog(db, keep, gone)
    if newest is not None:
        other = gone if newest == keep else keep
        db.execute(delete(Photo).where(Photo.worker_id == other, Photo.profile_id.is_(None)))
    _to(db, Photo, "worker_id", keep, Photo.worker_id == gone)


def _dialog(db: Session, keep: int, gone: int, now: datetime) -> None:
    """The conversation that was last goes on."""
    if _newest_dialog(db, keep, gone) == gone:
        db.execute(delete(Dialog).where(Dialog.worker_id == keep))
        _to(db, Dialog, "worker_id", keep, Dialog.worker_id == gone)
    else:
        db.execute(delete(Dialog).where(Dialog.worker_id == gone))


def _codes(table: Any) -> Move:
    """A code of a login that was scanned and not used yet is to be scanned anew."""

    def move(db: Session, keep: int, gone: int, now: datetime) -> None:
        mine = table.worker_id == gone
        _change(db, table, mine, table.used_at.is_(None), table.denied_at.is_(None), denied_at=now)
        _to(db, table, "worker_id", keep, mine)

    return move


MOVES: Final[Mapping[type[Base], Move]] = MappingProxyType(
    {
        Profile: _profile,
        matchmaking.ProfileKey: _plainly(matchmaking.ProfileKey),
        Mark: _marks,
        Report: _reports,
        matchmaking.Scan: _plainly(matchmaking.Scan),
        MeetRequest: _requests,
        events.Seat: _once(events.Seat, "event_id", "starts_at"),
        events.CheckIn: _once(events.CheckIn, "event_id"),
        Booking: _plainly(Booking),
        Tick: _ticks,
        SignUp: _sign_ups,
        broadcasts.Recipient: _recipients,
        broadcasts.Mute: _once(broadcasts.Mute, "topic"),
        broadcasts.WorkerTag: _once(broadcasts.WorkerTag, "name"),
        messages.Notice: _plainly(messages.Notice),
        messages.Handover: _plainly(messages.Handover),
        Consent: _consents,
        Photo: _photos,
        Dialog: _dialog,
        persons.ExportLink: _plainly(persons.ExportLink),
        OtherPhone: _plainly(OtherPhone),
        Merge: _plainly(Merge, "kept_id"),
        ScanLogin: _codes(ScanLogin),
        Binding: _codes(Binding),
    }
)
"""How the rows of each table that names a worker follow, in this order."""
NOT_MOVED: Final[Mapping[type[Base], str]] = MappingProxyType(
    {
        Worker: "the record itself",
        Staff: "nobody whose WeChat is bound is merged",
        persons.Erasure: "whoever was erased is not merged",
        audit.Audit: "what was done to a record, by its number",
        **dict.fromkeys(
            (
                *(
                    matchmaking.ProfileMove,
                    matchmaking.Card,
                    events.Meeting,
                    messages.NoticeAttempt,
                    messages.Said,
                ),
                *(appointments.BookingMove, appointments.Reminder),
            ),
            "moves with the row it belongs to",
        ),
        messages.Received: "goes by its message",
        **dict.fromkeys(OF_STAFF, WHY),
    }
)
"""Every other table that hangs on a worker, and why its rows need not follow; a test looks for more."""


def move_all(db: Session, keep: int, gone: int, now: datetime) -> None:
    """Let everything follow. Does no harm a second time."""
    for move in MOVES.values():
        move(db, keep, gone, now)
        db.flush()


def _to(db: Session, table: type[Base], column: str, keep: int, *which: ColumnElement[bool]) -> None:
    _change(db, table, *which, **{column: keep})


def _expire(db: Session, now: datetime, *which: ColumnElement[bool]) -> None:
    _change(db, MeetRequest, *which, state=RequestState.EXPIRED, told_at=now)


def _change(db: Session, table: type[Base], *which: ColumnElement[bool], **values: Any) -> None:
    db.execute(update(table).where(*which).values(values).execution_options(synchronize_session=False))
