"""The words of a notice, found when it is sent or shown. None: it is not true any more, or not theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.replies import Say, Tap
from bot.texts import HUMAN, appointment_notices, broadcasts, exams, matchmaking
from core.clock import utcnow
from models.broadcasts import Batch, Broadcast, BroadcastVersion
from models.events import Meeting
from models.exams import SignUp
from models.matchmaking import Card, MeetRequest, Profile, ProfileState, RequestState
from models.messages import Dialog, Notice
from models.waiting import Turn
from rules.broadcasts import mutes
from rules.matchmaking import looking, requests

_Words = Callable[[Session, Notice, dict[str, Any], datetime], Say | None]
_ASKS = frozenset({"meet_asked", "exam_offer", "booking_soon", "booking_called_off", "form_waiting"})


def words(db: Session, notice: Notice, *, now: datetime | None = None) -> Say | None:
    """What to say for a notice now. Raises KeyError for a kind without words."""
    return _KINDS[notice.kind](db, notice, notice.facts, now or utcnow())


def asks(notice: Notice, said: Say) -> bool:
    """Whether this notice puts a choice to its person, and not only tells where to go on."""
    return notice.kind in _ASKS and len(said.taps) > 1


def kinds() -> frozenset[str]:
    """All kinds that have words."""
    return frozenset(_KINDS)


def _profile(db: Session, worker_id: int) -> Profile | None:
    return db.scalar(select(Profile).where(Profile.worker_id == worker_id))


def _late_answer(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    return Say(facts["text"], is_rendered=True)


def _form_waiting(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    dialog = db.get(Dialog, notice.worker_id)
    draft = (dialog.state.get("draft") or {}) if dialog else {}
    if draft.get("id") != facts["draft"] or draft.get("state") not in ("open", "expired"):
        return None
    return Say(f"“{draft['title']}”填到一半，我帮你留着。", (Tap("接着填"), Tap("不填了")))


def _profile_listed(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    profile = _profile(db, notice.worker_id)
    if profile is None or profile.state not in (ProfileState.LISTED, ProfileState.PAUSED):
        return None
    card = db.get(Card, facts["card_id"]) if facts.get("card_id") else None
    asked = db.scalars(
        select(Profile.nickname)
        .join(MeetRequest, MeetRequest.asked_id == Profile.worker_id)
        .where(
            MeetRequest.asker_id == notice.worker_id,
            MeetRequest.state.in_((RequestState.OPEN, RequestState.DECLINED)),
            Profile.nickname != "",
        )
        .order_by(MeetRequest.id.desc())
        .limit(3)
    )
    where = matchmaking.place(card.wall.number, card.place) if card and card.revoked_at is None else None
    return matchmaking.listed(where, list(asked))


def _profile_refused(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    profile = _profile(db, notice.worker_id)
    if profile is None or profile.state != ProfileState.REFUSED:
        return None
    return matchmaking.not_listed(facts["reason"])


def _photo_lost(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    return matchmaking.photo_lost(facts["why"])


def _meet_asked(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    request = db.get_one(MeetRequest, facts["request"])
    asker, asked = _profile(db, request.asker_id), _profile(db, request.asked_id)
    if request.state != RequestState.OPEN or request.expires_at <= now or asker is None:
        return None
    if not requests.can_meet(db, request) or asked is None or asked.state == ProfileState.PAUSED:
        return None
    return matchmaking.somebody_asks(asker, request.id)


def _meet_accepted(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    request = db.get_one(MeetRequest, facts["request"])
    mine, other = _profile(db, request.asker_id), _profile(db, request.asked_id)
    if request.state != RequestState.ACCEPTED or other is None or other.state == ProfileState.WITHDRAWN:
        return None
    if mine is None or looking.is_blocked(db, mine, other):
        return None
    meeting = db.scalar(select(Meeting).where(Meeting.request_id == request.id))
    return matchmaking.yes_heard(other, meeting, minutes=facts["minutes"])


def _meet_no_answer(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    request = db.get_one(MeetRequest, facts["request"])
    other = _profile(db, request.asked_id)
    return matchmaking.no_answer(other.nickname or "对方") if other else None


def _meeting_set(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    request = db.get_one(MeetRequest, facts["request"])
    meeting = db.scalar(select(Meeting).where(Meeting.request_id == request.id))
    is_asker = notice.worker_id == request.asker_id
    other = _profile(db, request.asked_id if is_asker else request.asker_id)
    if meeting is None or meeting.starts_at <= now or other is None:
        return None
    return matchmaking.both_here(other, meeting, minutes=facts["minutes"])


def _meeting_soon(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    meeting = db.get(Meeting, facts["meeting"])
    return matchmaking.meeting_soon(meeting.table_number, meeting.starts_at) if meeting else None


def _meeting_over(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    meeting = db.get(Meeting, facts["meeting"])
    return matchmaking.meeting_over(meeting.table_number, facts["minutes"]) if meeting else None


def _meeting_off(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    return matchmaking.meeting_off(datetime.fromisoformat(facts["starts_at"]))


def _exam_offer(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    one = db.get_one(SignUp, facts["sign_up"])
    until = one.offer_until
    if one.state != Turn.OFFERED or until is None or until <= now:
        return None
    return exams.offer(one, until, now=now)


def _exam_offer_over(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    one = db.get_one(SignUp, facts["sign_up"])
    return exams.offer_over(one) if one.sitting.starts_at > now else None


def _staff_answer(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    return Say(f"工会{facts['who']}回你：\n{facts['words']}", (HUMAN,))


def _broadcast(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    version = db.get(BroadcastVersion, (facts["broadcast"], facts["version"]))
    if version is None or version.kind != "text":
        return None
    topic = db.get_one(Broadcast, version.broadcast_id).topic
    if topic in mutes.muted(db, notice.worker_id):
        return None
    return broadcasts.kept(version.body["text"], notice.made_at)


def _broadcast_differs(db: Session, notice: Notice, facts: dict[str, Any], now: datetime) -> Say | None:
    batch = db.get(Batch, facts["batch"])
    if batch is None or not batch.is_different:
        return None
    return broadcasts.differs(
        batch.broadcast_id, batch.number, batch.size, batch.status or "lost", batch.sent
    )


_KINDS: Mapping[str, _Words] = {
    "late_answer": _late_answer,
    "form_waiting": _form_waiting,
    "profile_listed": _profile_listed,
    "profile_refused": _profile_refused,
    "photo_lost": _photo_lost,
    "meet_asked": _meet_asked,
    "meet_accepted": _meet_accepted,
    "meet_no_answer": _meet_no_answer,
    "meeting_set": _meeting_set,
    "meeting_soon": _meeting_soon,
    "meeting_over": _meeting_over,
    "meeting_off": _meeting_off,
    "exam_offer": _exam_offer,
    "exam_offer_over": _exam_offer_over,
    "staff_answer": _staff_answer,
    "broadcast": _broadcast,
    "broadcast_differs": _broadcast_differs,
    **appointment_notices.KINDS,
}
