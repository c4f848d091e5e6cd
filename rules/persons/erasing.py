"""注销: a person is forgotten, at once and everywhere, but for what has to stay, and that names nobody any more.

All of it is one transaction, so that a crash leaves the person whole or gone. The record itself stays, without phone
or union, for the rows that others need (a booking that was kept, a place that was taken). What was under way at that
moment, and what is outside the database, is cleared again shortly after (`finish`, called until it succeeds).
"""

from __future__ import annotations

import enum
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from core.config import Config
from core.errors import Refused
from core.visible import tidy
from models import (
    appointments,
    audit,
    broadcasts,
    events,
    exams,
    logins,
    matchmaking,
    messages,
    people,
    persons,
)
from models.appointments import Booking
from models.base import Base
from models.exams import SignUp, Sitting
from models.logins import Binding, Ended, ScanLogin
from models.matchmaking import Mark, MeetRequest, Profile, ProfileState, RequestState
from models.messages import Notice, Received
from models.people import Staff, Worker
from models.persons import Erasure, Merge, OtherPhone
from models.photos import Photo
from models.waiting import Turn
from rules import access, conversations, waiting
from rules import audit as audits
from rules import people as people_rules
from rules.access import Permission
from rules.appointments import bookings
from rules.appointments.terms import terms
from rules.exams import sign_ups
from rules.logins import opened
from rules.matchmaking import profiles
from rules.persons.at_work import OF_STAFF, WHY

AT_REST: Final = timedelta(seconds=20)
"""After so long nothing that was under way can still write, and WeChat repeats nothing any more."""
GONE: Final = "gone:"
"""How an openid begins that is nobody's; no platform gives one with a colon."""


class Fate(enum.Enum):
    """What becomes of the rows of a table. EMPTIED: they stay, and say nothing of the person."""

    DELETED = "deleted"
    EMPTIED = "emptied"
    KEPT = "kept"


_D, _E, _K = Fate.DELETED, Fate.EMPTIED, Fate.KEPT
_COUNTED = "counted, or needed by the other side; it names a record that is nobody"
FATES: Final[Mapping[type[Base], tuple[Fate, str]]] = MappingProxyType(
    {
        people.Worker: (_E, "phone and union go; the number stays for what hangs on it"),
        persons.OtherPhone: (_D, ""),
        people.Staff: (_E, "the WeChat is unbound and the logins end; the employment is not ours to erase"),
        messages.Received: (_D, ""),
        messages.Dialog: (_D, ""),
        messages.Notice: (_D, ""),
        messages.NoticeAttempt: (_D, "with its notice"),
        messages.Consent: (_D, ""),
        messages.Handover: (
            _E,
            "that somebody asked for a person stays for limits.handover_days; what was said goes",
        ),
        messages.Said: (_D, ""),
        matchmaking.Profile: (_E, "withdrawn and empty; requests of others hang on it"),
        matchmaking.ProfileMove: (_E, "when it was reviewed; what was written to its person goes"),
        Photo: (_D, "the files within a minute"),
        matchmaking.ProfileKey: (_D, "with the nickname"),
        matchmaking.Card: (_E, "void; the paper on the wall leads nowhere"),
        matchmaking.Scan: (_D, ""),
        matchmaking.Mark: (_D, "theirs, and those about them"),
        matchmaking.Report: (_E, "a complaint protects others and stays; those about them go"),
        matchmaking.MeetRequest: (_E, "the other one's history; open ones end as if there was no answer"),
        events.Meeting: (_K, _COUNTED),
        events.Seat: (_K, _COUNTED),
        events.CheckIn: (_K, _COUNTED),
        appointments.Booking: (_E, "counted; what it was about goes, those to come are cancelled"),
        appointments.BookingMove: (_E, "the reason goes"),
        appointments.Reminder: (_K, _COUNTED),
        appointments.Tick: (_K, _COUNTED),
        exams.SignUp: (
            _E,
            "of an exam that was held: name and ID number stay for persons.exam_years, as they do of everybody",
        ),
        broadcasts.Recipient: (_K, _COUNTED),
        broadcasts.Mute: (_D, ""),
        broadcasts.WorkerTag: (_D, ""),
        persons.ExportLink: (_D, ""),
        persons.Merge: (_K, "proof of what staff did; numbers only"),
        persons.Erasure: (_K, "proof that it was done; numbers only"),
        audit.Audit: (_K, "a chain that nobody can change; it names people by number"),
        logins.ScanLogin: (_E, "a login of staff; which WeChat scanned goes"),
        logins.Binding: (_E, "which WeChat scanned goes"),
        **dict.fromkeys(OF_STAFF, (_K, f"{WHY}; their WeChat is unbound")),
    }
)
"""Every table that hangs on a person, and what becomes of its rows; a test looks for more."""


def erase(
    db: Session,
    worker: Worker,
    *,
    config: Config,
    now: datetime,
    staff: Staff | None = None,
    reason: str = "",
) -> bool:
    """Forget this person. False: they were forgotten already, and nothing is done.

    Staff do it on request, with a reason. Raises Refused: not_found, reason_needed, bound_staff (a colleague's WeChat
    is unbound by resetting their login first), just_gone (somebody was first: merged into another record they live on).
    """
    if staff is not None:
        reason = _on_request(db, staff, worker, reason, now)
    if not people_rules.hold(db, worker):  # of two who do it at once the second waits here, and finds nobody
        if staff is None and db.get(Erasure, worker.id) is not None:
            return False
        raise Refused("just_gone")
    openids = [worker.openid, *_other_phones(db, worker.id)]
    worker.openid, worker.gone_at = f"{GONE}{worker.id}", now
    db.flush()
    db.add(Erasure(worker_id=worker.id, staff_id=staff.id if staff else None, at=now, openids=openids))
    _unbind(db, worker.id, now)
    clear(db, worker.id, config=config, now=now)
    _forget_received(db, openids)
    if staff is not None:
        audits.note(db, staff, "worker_erase", f"worker:{worker.id}", now=now, reason=reason)
    db.flush()
    return True


def due(db: Session, now: datetime) -> Sequence[Erasure]:
    """Whom the rest of the machine has still to forget; not before all has followed that was merged into them."""
    is_followed = exists().where(Merge.kept_id == Erasure.worker_id, Merge.settled_at.is_(None))
    return db.scalars(
        select(Erasure)
        .where(Erasure.cleared_at.is_(None), Erasure.at <= now - AT_REST, ~is_followed)
        .order_by(Erasure.at)
    ).all()


def finish(db: Session, erasure: Erasure, *, config: Config, now: datetime) -> None:
    """Once more, for what was under way; then the phones are forgotten too. Redis has forgotten them before."""
    clear(db, erasure.worker_id, config=config, now=now)
    _forget_received(db, erasure.openids or [])
    erasure.openids = None
    erasure.cleared_at = now


def walls_of(db: Session, worker_id: int) -> set[int]:
    """The numbers of the walls on which they ever hung: what was printed of those shows them still."""
    card = matchmaking.Card
    return set(
        db.scalars(
            select(matchmaking.Wall.number)
            .join(card, card.wall_id == matchmaking.Wall.id)
            .join(Profile, Profile.id == card.profile_id)
            .where(Profile.worker_id == worker_id)
        )
    )


def is_just_gone(db: Session, openid: str) -> bool:
    """Whether whoever writes with this phone was erased a moment ago: they may have tapped twice."""
    unfinished = db.scalars(select(Erasure).where(Erasure.cleared_at.is_(None))).all()
    return any(openid in (one.openids or ()) for one in unfinished)


def _on_request(db: Session, staff: Staff, worker: Worker, reason: str, now: datetime) -> str:
    access.need(staff, Permission.WORKERS_CHANGE)
    access.need_reach(db, staff, worker, now=now)
    reason = tidy(reason)
    if not reason:
        raise Refused("reason_needed")
    if db.scalar(select(Staff.id).where(Staff.worker_id == worker.id)) is not None:
        raise Refused("bound_staff")
    return reason


def _other_phones(db: Session, worker_id: int) -> Sequence[str]:
    return db.scalars(select(OtherPhone.openid).where(OtherPhone.worker_id == worker_id)).all()


def _unbind(db: Session, worker_id: int, now: datetime) -> None:
    """Their WeChat opens no console any more; whoever has no password is invited anew."""
    for member in db.scalars(select(Staff).where(Staff.worker_id == worker_id)).all():
        member.worker_id = None
        db.flush()
        opened.end_all(db, member, Ended.RESET, now=now)
        before, after = {"worker": worker_id}, {"worker": None}
        subject = f"staff:{member.id}"
        audits.note(
            db, member, "wechat_unbind", subject, now=now, before=before, after=after, origin="wechat"
        )


def clear(db: Session, worker_id: int, *, config: Config, now: datetime) -> None:
    """Give up what is to come, delete and empty the rest. Does no harm a second time."""
    _change(db, Worker, Worker.id == worker_id, organisation_id=None, followed_at=None, unfollowed_at=now)
    _cancel_bookings(db, worker_id, config, now)
    _withdraw_sign_ups(db, worker_id, config, now)
    empty_profile(db, worker_id, now)
    _close_requests(db, worker_id, now)
    _empty(db, worker_id, now)
    _delete(db, worker_id)
    db.flush()


def _cancel_bookings(db: Session, worker_id: int, config: Config, now: datetime) -> None:
    for booking in bookings.upcoming(db, worker_id, now=now):
        bookings.cancel(db, booking, now=now, terms=terms(db, config), may_be_late=True)
    kept = select(Booking.id).where(Booking.worker_id == worker_id)
    _change(db, appointments.BookingMove, appointments.BookingMove.booking_id.in_(kept), reason=None)
    _change(db, Booking, Booking.worker_id == worker_id, reason=None, confirmed_at=None)
    for booking in db.scalars(select(Booking).where(Booking.worker_id == worker_id)):
        booking.token = secrets.token_urlsafe(24)  # the calendar file said when and where


def _withdraw_sign_ups(db: Session, worker_id: int, config: Config, now: datetime) -> None:
    """Places pass on to the next. Always in the same order: each locks its sitting."""
    mine = select(SignUp).join(Sitting, Sitting.id == SignUp.sitting_id).where(SignUp.worker_id == worker_id)
    for one in db.scalars(
        mine.where(SignUp.state.in_(waiting.LIVE), Sitting.starts_at > now).order_by(SignUp.sitting_id)
    ).all():
        sign_ups.withdraw(db, worker_id, one.id, now=now, limits=config.waiting)
    for one in db.scalars(mine.execution_options(populate_existing=True)).all():
        one.phone = one.employer = ""
        if one.state != Turn.PLACED:
            forget_person(one)


def forget_person(one: SignUp) -> None:
    """Nobody can be told from this sign-up any more."""
    one.name = one.id_number = one.phone = one.employer = one.agreed = ""
    one.id_hash = f"{GONE}{one.id}"


def profile_of(db: Session, worker_id: int) -> Profile | None:
    """The profile of a record, as the database has it now."""
    query = select(Profile).where(Profile.worker_id == worker_id)
    return db.scalar(query.execution_options(populate_existing=True))


def empty_profile(db: Session, worker_id: int, now: datetime) -> None:
    """Withdraw the profile, and take out of it whatever tells of its person."""
    profile = profile_of(db, worker_id)
    if profile is None:
        return
    if profile.state != ProfileState.WITHDRAWN:
        profiles.move(db, profile, ProfileState.WITHDRAWN, now=now)
    profiles.drop_photos(db, profile)
    for key in ("nickname", "sex", "education", "trade", "district", "home_town", "marital", "line"):
        setattr(profile, key, "")
    profile.birth_year = profile.height_cm = 0
    profile.wants_born_from = profile.wants_born_to = profile.contact = None
    profile.contact_kind = "none"
    profile.draft_id = f"{GONE}{profile.id}"
    move, report = matchmaking.ProfileMove, matchmaking.Report
    _change(db, move, move.profile_id == profile.id, reason=None)
    _change(db, matchmaking.Card, matchmaking.Card.profile_id == profile.id, url=None, url_expires_at=None)
    db.execute(delete(report).where(report.profile_id == profile.id))
    db.execute(delete(Mark).where(Mark.profile_id == profile.id))


def _close_requests(db: Session, worker_id: int, now: datetime) -> None:
    """What they asked ends; whoever asked them is told "no answer" when it would have been told anyway."""
    _change(
        db,
        MeetRequest,
        MeetRequest.asker_id == worker_id,
        MeetRequest.state.in_((RequestState.WAITING, RequestState.OPEN, RequestState.DECLINED)),
        state=RequestState.EXPIRED,
        told_at=now,
    )


def _empty(db: Session, worker_id: int, now: datetime) -> None:
    handover = messages.Handover
    for one in db.scalars(select(handover).where(handover.worker_id == worker_id)):
        one.draft = None
        one.closed_at = one.closed_at or now
        one.message_key = f"{GONE}{one.id}"
        conversations.forget(db, one.id)
    _change(db, ScanLogin, ScanLogin.worker_id == worker_id, worker_id=None)
    _change(db, Binding, Binding.worker_id == worker_id, worker_id=None)


def _delete(db: Session, worker_id: int) -> None:
    db.execute(delete(Notice).where(Notice.worker_id == worker_id))
    for notice in db.scalars(  # where to call somebody in distress
        select(Notice).where(
            Notice.kind == "crisis",
            Notice.worker_id.in_(select(Staff.worker_id).where(Staff.worker_id.is_not(None))),
        )
    ).all():
        if notice.facts.get("about") == worker_id:
            db.delete(notice)
    for table in (
        *(messages.Dialog, messages.Consent, matchmaking.Scan, Mark, Photo),
        *(broadcasts.Mute, broadcasts.WorkerTag, persons.ExportLink, OtherPhone),
    ):
        owner: Any = table
        db.execute(delete(table).where(owner.worker_id == worker_id))


def _forget_received(db: Session, openids: Sequence[str]) -> None:
    """Their keys begin with the phone. Compared exactly: LIKE takes both cases on SQLite."""
    found = [func.substr(Received.key, 1, len(openid) + 1) == f"{openid}:" for openid in openids]
    if found:
        db.execute(delete(Received).where(or_(*found)))


def _change(db: Session, table: type[Base], *which: ColumnElement[bool], **values: Any) -> None:
    db.execute(update(table).where(*which).values(values).execution_options(synchronize_session="fetch"))
