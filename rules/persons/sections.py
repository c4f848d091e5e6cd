"""How each part of an export is read: plain values of one person, oldest first, and no more than they know (E6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models import (
    appointments,
    broadcasts,
    events,
    exams,
    matchmaking,
    messages,
    people,
    persons,
)
from models.base import Base
from models.matchmaking import MeetRequest, RequestState
from models.messages import Notice, NoticeState
from models.people import Organisation, Staff, Worker
from models.photos import Photo
from rules import conversations

Row = dict[str, Any]
Words = Callable[[Session, Notice], str | None]
"""The words of a notice as its person reads them; this layer speaks no Chinese."""
Held = Mapping[str, list[Row]]
"""By section; values are text, numbers, yes or no, moments and lists of such."""

TOLD: Final = (NoticeState.SENT, NoticeState.KEPT, NoticeState.UNKNOWN, NoticeState.SHOWN)
AT_WORK: Final = frozenset(
    {
        *("crisis", "booking_made", "booking_moved", "booking_off", "year_missing", "broadcast_differs"),
    }
)
"""What a member of staff is told for their work, of other people."""


def _person(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    union = db.get(Organisation, worker.organisation_id) if worker.organisation_id else None
    yield {
        "number": worker.id,
        "openid": worker.openid,
        "union": union.name if union else None,
        "since": worker.created_at,
        "followed_at": worker.followed_at,
        "unfollowed_at": worker.unfollowed_at,
    }


def _phones(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    for one in db.scalars(select(persons.OtherPhone).where(persons.OtherPhone.worker_id == worker.id)):
        yield {
            "openid": one.openid,
            "followed_at": one.followed_at,
            "unfollowed_at": one.unfollowed_at,
        }


def _staff(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    for one in db.scalars(select(Staff).where(Staff.worker_id == worker.id)):
        yield {"login": one.login, "name": one.name, "union": one.organisation.name}


PROFILE: Final = (
    *("nickname", "sex", "birth_year", "height_cm", "education", "trade", "district", "home_town", "marital"),
    *(
        "line",
        "wants_born_from",
        "wants_born_to",
        "contact_kind",
        "contact",
        "state",
        "submitted_at",
        "listed_at",
    ),
    *("consent_version", "consented_at"),
)


def _profile(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    for one in db.scalars(select(matchmaking.Profile).where(matchmaking.Profile.worker_id == worker.id)):
        yield {key: getattr(one, key) for key in PROFILE}


def _profile_moves(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    move = matchmaking.ProfileMove
    for one in db.scalars(
        select(move)
        .join(matchmaking.Profile, matchmaking.Profile.id == move.profile_id)
        .where(matchmaking.Profile.worker_id == worker.id)
        .order_by(move.id)
    ):
        yield {"at": one.at, "state": one.after, "reason": one.reason}


def _cards(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    card = matchmaking.Card
    for one in db.scalars(
        select(card)
        .join(card.profile)
        .options(joinedload(card.wall))
        .where(matchmaking.Profile.worker_id == worker.id)
        .order_by(card.id)
    ):
        yield {
            "wall": f"{one.wall.number} {one.wall.title}",
            "place": one.place,
            "issued_at": one.issued_at,
            "printed_at": one.printed_at,
            "revoked_at": one.revoked_at,
        }


def _photos(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    for number, one in enumerate(photos_of(db, worker), 1):
        yield {"file": f"photo-{number}.jpg", "at": one.made_at}


def _given(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    for number, one in enumerate(photos_of(db, worker, is_given=True), 1):
        yield {"file": f"given-{number}.jpg", "at": one.made_at}


def photos_of(db: Session, worker: Worker, *, is_given: bool = False) -> Sequence[Photo]:
    """Their photos, in the order of the export: those of the profile, or those given and not handed in yet."""
    is_wanted = Photo.profile_id.is_(None) if is_given else Photo.profile_id.is_not(None)
    return db.scalars(select(Photo).where(Photo.worker_id == worker.id, is_wanted).order_by(Photo.id)).all()


def _looks(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    scan = matchmaking.Scan
    for one in db.scalars(select(scan).where(scan.worker_id == worker.id).order_by(scan.at)):
        yield {"at": one.at, "card": one.card_id}


def _marks(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    mark = matchmaking.Mark
    for one in db.scalars(select(mark).where(mark.worker_id == worker.id).order_by(mark.at)):
        yield {"at": one.at, "kind": one.kind, "profile": one.profile_id, "nickname": one.seen_as}


def _reports(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    report = matchmaking.Report
    for one in db.scalars(select(report).where(report.worker_id == worker.id).order_by(report.id)):
        yield {"at": one.at, "profile": one.profile_id}


def _nickname(db: Session, worker_id: int) -> str | None:
    return db.scalar(select(matchmaking.Profile.nickname).where(matchmaking.Profile.worker_id == worker_id))


def _asked(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    """As the asker sees it: a no is no answer yet until the end, and no answer after it."""
    for one in db.scalars(
        select(MeetRequest).where(MeetRequest.asker_id == worker.id).order_by(MeetRequest.id)
    ):
        state = "no_answer"
        if one.state in (RequestState.ACCEPTED, RequestState.WAITING):
            state = str(one.state)
        elif one.state in (RequestState.OPEN, RequestState.DECLINED) and one.expires_at > now:
            state = "open"
        yield {"at": one.asked_at, "whom": _nickname(db, one.asked_id), "answer": state}


def _wishes(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    """Only what was put to them: of a wish that never was they know nothing."""
    told = {
        one.facts.get("request")
        for one in db.scalars(
            select(Notice).where(Notice.worker_id == worker.id, Notice.kind == "meet_asked")
        )
    }
    for one in db.scalars(
        select(MeetRequest).where(MeetRequest.asked_id == worker.id).order_by(MeetRequest.id)
    ):
        if one.state == RequestState.WAITING or (one.state == RequestState.EXPIRED and one.id not in told):
            continue
        is_over = one.state == RequestState.OPEN and one.expires_at <= now
        state = RequestState.EXPIRED if is_over else one.state
        yield {
            "at": one.asked_at,
            "who": _nickname(db, one.asker_id),
            "answer": str(state),
            "answered_at": one.answered_at,
        }


def _meetings(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    for meeting, title in db.execute(
        select(events.Meeting, events.Event.title)
        .join(events.Seat, events.Seat.meeting_id == events.Meeting.id)
        .join(events.Event, events.Event.id == events.Meeting.event_id)
        .where(events.Seat.worker_id == worker.id)
        .order_by(events.Meeting.starts_at)
    ):
        yield {"event": title, "starts_at": meeting.starts_at, "table": meeting.table_number}


def _check_ins(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    for one, title in db.execute(
        select(events.CheckIn, events.Event.title)
        .join(events.Event, events.Event.id == events.CheckIn.event_id)
        .where(events.CheckIn.worker_id == worker.id)
        .order_by(events.CheckIn.at)
    ):
        yield {"event": title, "at": one.at}


def _bookings(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    booking = appointments.Booking
    for one in db.scalars(select(booking).where(booking.worker_id == worker.id).order_by(booking.id)):
        yield {
            "number": one.code,
            "service": one.service.name,
            "professional": one.professional.name,
            "place": one.place.name,
            "starts_at": one.starts_at,
            "ends_at": one.ends_at,
            "state": one.state,
            "reason": one.reason,
            "made_at": one.made_at,
            "confirmed_at": one.confirmed_at,
        }


def _booking_moves(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    move, booking = appointments.BookingMove, appointments.Booking
    for one, mine in db.execute(
        select(move, booking)
        .join(booking, booking.id == move.booking_id)
        .where(booking.worker_id == worker.id)
        .order_by(move.id)
    ):
        yield {"number": mine.code, "at": one.at, "state": one.after, "starts_at": one.starts_at}


def _reminders(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    reminder, booking = appointments.Reminder, appointments.Booking
    for one, mine in db.execute(
        select(reminder, booking)
        .join(booking, booking.id == reminder.booking_id)
        .where(booking.worker_id == worker.id)
        .order_by(reminder.told_at)
    ):
        yield {"number": mine.code, "at": one.told_at, "hours": one.hours}


def _sign_ups(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    one_of = exams.SignUp
    for one in db.scalars(
        select(one_of)
        .options(joinedload(one_of.sitting))
        .where(one_of.worker_id == worker.id)
        .order_by(one_of.id)
    ):
        yield {
            "number": one.number,
            "trade": one.sitting.level.trade.name,
            "level": one.sitting.level.level,
            "place": one.sitting.place,
            "starts_at": one.sitting.starts_at,
            "state": one.state,
            "name": one.name,
            "id_number": one.id_number,
            "phone": one.phone,
            "employer": one.employer,
            "agreed": one.agreed,
            "signed_at": one.signed_at,
            "offered_at": one.offered_at,
            "offer_until": one.offer_until,
            "settled_at": one.settled_at,
        }


def _messages(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    told = Notice.state.in_(TOLD)
    for one in db.scalars(select(Notice).where(Notice.worker_id == worker.id, told).order_by(Notice.id)):
        if one.kind not in AT_WORK:
            yield {"at": one.made_at, "state": one.state, "channel": one.channel, "words": words(db, one)}


def _handovers(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    handover = messages.Handover
    for one in db.scalars(select(handover).where(handover.worker_id == worker.id).order_by(handover.id)):
        yield {
            "at": one.at,
            "about": one.about,
            "closed_at": one.closed_at,
            "draft": _answered(one.draft),
            "said": [each.words for each in conversations.said(db, one)],
        }


def _draft(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    dialog = db.get(messages.Dialog, worker.id)
    draft = dialog.state.get("draft") if dialog else None
    if dialog and draft:
        yield {"about": draft.get("title"), "at": dialog.changed_at, "draft": _answered(draft)}


def _answered(draft: Row | None) -> list[str] | None:
    """What was filled in so far, each answer as "key: value"."""
    if draft is None:
        return None
    given = {**(draft.get("answers") or {}), **(draft.get("secrets") or {})}
    return [f"{key}: {value}" for key, value in given.items()]


def _consents(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    consent = messages.Consent
    for one in db.scalars(select(consent).where(consent.worker_id == worker.id)):
        yield {"template": one.template_id, "times": one.credit}


def _mutes(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    mute = broadcasts.Mute
    for one in db.scalars(select(mute).where(mute.worker_id == worker.id).order_by(mute.at)):
        yield {"topic": one.topic, "at": one.at}


def _tags(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    tag = broadcasts.WorkerTag
    for name in db.scalars(select(tag.name).where(tag.worker_id == worker.id).order_by(tag.name)):
        yield {"name": name}


def _broadcasts(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    for one, about in db.execute(
        select(broadcasts.Recipient, broadcasts.Broadcast)
        .join(broadcasts.Broadcast, broadcasts.Broadcast.id == broadcasts.Recipient.broadcast_id)
        .where(broadcasts.Recipient.worker_id == worker.id)
        .order_by(broadcasts.Recipient.broadcast_id)
    ):
        yield {"number": about.id, "topic": about.topic, "state": one.state, "at": about.started_at}


def _copies(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    link = persons.ExportLink
    for one in db.scalars(select(link).where(link.worker_id == worker.id).order_by(link.id)):
        yield {"at": one.made_at, "used_at": one.used_at}


def _merges(db: Session, worker: Worker, words: Words, now: datetime) -> Iterable[Row]:
    merge = persons.Merge
    for one in db.scalars(select(merge).where(merge.kept_id == worker.id).order_by(merge.at)):
        yield {"number": one.gone_id, "at": one.at}


Read = Callable[[Session, Worker, Words, datetime], Iterable[Row]]
SECTIONS: Final[Mapping[str, tuple[Read, tuple[type[Base], ...]]]] = MappingProxyType(
    {
        "person": (_person, (people.Worker,)),
        "phones": (_phones, (persons.OtherPhone,)),
        "staff": (_staff, (people.Staff,)),
        "profile": (_profile, (matchmaking.Profile,)),
        "profile_moves": (_profile_moves, (matchmaking.ProfileMove,)),
        "photos": (_photos, (Photo,)),
        "cards": (_cards, (matchmaking.Card,)),
        "looks": (_looks, (matchmaking.Scan,)),
        "marks": (_marks, (matchmaking.Mark,)),
        "reports": (_reports, (matchmaking.Report,)),
        "asked": (_asked, (matchmaking.MeetRequest,)),
        "wishes": (_wishes, (matchmaking.MeetRequest,)),
        "meetings": (_meetings, (events.Meeting, events.Seat)),
        "check_ins": (_check_ins, (events.CheckIn,)),
        "bookings": (_bookings, (appointments.Booking,)),
        "booking_moves": (_booking_moves, (appointments.BookingMove,)),
        "reminders": (_reminders, (appointments.Reminder,)),
        "sign_ups": (_sign_ups, (exams.SignUp,)),
        "messages": (_messages, (messages.Notice,)),
        "handovers": (_handovers, (messages.Handover, messages.Said)),
        "draft": (_draft, (messages.Dialog,)),
        "given": (_given, (messages.Dialog, Photo)),
        "consents": (_consents, (messages.Consent,)),
        "mutes": (_mutes, (broadcasts.Mute,)),
        "tags": (_tags, (broadcasts.WorkerTag,)),
        "broadcasts": (_broadcasts, (broadcasts.Recipient,)),
        "copies": (_copies, (persons.ExportLink,)),
        "merges": (_merges, (persons.Merge,)),
    }
)
"""What an export holds: how each section is read, and of which tables it is."""
