"""A broadcast's life: the table of its moves, the one function that makes them, and what staff may do."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from core.errors import Refused
from core.visible import tidy
from models.broadcasts import Broadcast, BroadcastMove, BroadcastState, BroadcastVersion, Topic, Way
from models.people import Staff, Worker
from rules import access, audit
from rules import staff as staff_rules
from rules.access import Permission
from rules.broadcasts import audience as audiences

_DRAFT, _PREVIEWED, _APPROVED = BroadcastState.DRAFT, BroadcastState.PREVIEWED, BroadcastState.APPROVED
_SENDING, _PAUSED, _DONE = BroadcastState.SENDING, BroadcastState.PAUSED, BroadcastState.DONE

MOVES: Final = MappingProxyType(
    {
        _DRAFT: frozenset({_DRAFT, _PREVIEWED}),  # to itself: changed again
        _PREVIEWED: frozenset({_DRAFT, _PREVIEWED, _APPROVED}),
        _APPROVED: frozenset({_DRAFT, _SENDING}),
        _SENDING: frozenset({_PAUSED, _DONE}),
        _PAUSED: frozenset({_DRAFT, _SENDING}),  # to draft: other words for the rest, to be looked at again
        _DONE: frozenset({_SENDING}),  # staff settled somebody unknown by "once more"
    }
)
"""From each state, where a broadcast may go."""

HANDLES: Final = (Permission.BROADCASTS_WRITE, Permission.BROADCASTS_APPROVE)
"""One of these to see a broadcast, show it on a phone, send it once approved, hold it and let it go on."""

TEXT_BYTES = 2048  # what one mass or customer-service text may hold


def move(
    db: Session,
    broadcast: Broadcast,
    after: BroadcastState,
    *,
    now: datetime,
    staff: Staff | None = None,
    reason: str | None = None,
    **more: Any,
) -> None:
    """Bring the broadcast to another state, if the table allows, and leave a row that says so.

    Of two who move it at once the second is refused.
    """
    before = BroadcastState(broadcast.state)
    if after not in MOVES[before]:
        raise Refused("broadcast_move", before=before.value, after=after.value)
    moved = db.execute(
        update(Broadcast)
        .where(
            Broadcast.id == broadcast.id, Broadcast.state == before, Broadcast.version == broadcast.version
        )
        .values(state=after, **more)
        .returning(Broadcast.id)
        .execution_options(synchronize_session=False)
    )
    if moved.first() is None:
        raise Refused("broadcast_move", before=before.value, after=after.value)
    db.refresh(broadcast)
    db.add(
        BroadcastMove(
            broadcast_id=broadcast.id,
            at=now,
            before=before,
            after=after,
            staff_id=staff.id if staff else None,
            reason=reason,
        )
    )


def new(
    db: Session,
    staff: Staff,
    kind: str,
    body: dict[str, Any],
    *,
    topic: Topic,
    way: Way,
    audience: dict[str, Any],
    now: datetime,
) -> Broadcast:
    """Write a broadcast of this member's union. Nothing is sent before it is previewed and approved."""
    access.need(staff, Permission.BROADCASTS_WRITE)
    body = _checked(kind, body, way)
    audiences.check(db, staff, audience)
    broadcast = Broadcast(
        organisation_id=staff.organisation_id,
        topic=topic,
        way=way,
        audience=audience,
        state=_DRAFT,
        made_by_id=staff.id,
        made_at=now,
    )
    db.add(broadcast)
    db.flush()
    db.add(_version(broadcast, kind, body, staff, now))
    db.add(BroadcastMove(broadcast_id=broadcast.id, at=now, before=None, after=_DRAFT, staff_id=staff.id))
    db.flush()
    return broadcast


def edit(
    db: Session, broadcast: Broadcast, staff: Staff, kind: str, body: dict[str, Any], *, now: datetime
) -> BroadcastVersion:
    """Other words: the next version, which voids preview and approval. Who has the old one keeps it."""
    _need_reach(staff, broadcast, Permission.BROADCASTS_WRITE)
    body = _checked(kind, body, Way(broadcast.way))
    number = broadcast.version + 1
    move(
        db,
        broadcast,
        _DRAFT,
        now=now,
        staff=staff,
        reason=f"version {number}",
        version=number,
        pause_reason=None,
        resume_at=None,
    )
    version = _version(broadcast, kind, body, staff, now)
    db.add(version)
    db.flush()
    return version


def within(db: Session, staff: Staff, *, now: datetime) -> Select[Broadcast]:
    """The broadcasts within this member's reach, in no order."""
    access.need(staff, *HANDLES)
    return access.scoped(db, staff, Broadcast, now=now)


def find(db: Session, staff: Staff, broadcast_id: int) -> Broadcast:
    """The broadcast, for staff whose union its own is below."""
    broadcast = db.get(Broadcast, broadcast_id)
    if broadcast is None:
        raise Refused("not_found")
    _need_reach(staff, broadcast)
    return broadcast


def words(db: Session, broadcast: Broadcast, version: int | None = None) -> BroadcastVersion:
    """The words, of the newest version unless told."""
    return db.get_one(BroadcastVersion, (broadcast.id, version or broadcast.version))


def previewed(db: Session, broadcast: Broadcast, staff: Staff, *, version: int, now: datetime) -> None:
    """These words were shown on a phone. Raises Refused("broadcast_changed") when they are not the newest any more."""
    _need_reach(staff, broadcast)
    shown = words(db, broadcast, version)
    if broadcast.version != version:
        raise Refused("broadcast_changed")
    move(db, broadcast, _PREVIEWED, now=now, staff=staff)
    shown.previewed_by_id, shown.previewed_at = staff.id, now


def phone(db: Session, broadcast: Broadcast, staff: Staff, login: str) -> str:
    """The OpenID of a member of staff, for the preview: words that nobody approved stay in the house.

    Shown to whoever could write or approve them, and to staff below the one who asks. Raises Refused: no_such_staff,
    not_found, no_phone.
    """
    member = staff_rules.by_login(db, login)
    is_above = member.organisation.has_within(broadcast.organisation)
    if not is_above and not staff.organisation.has_within(member.organisation):
        raise Refused("not_found")
    worker = db.get(Worker, member.worker_id) if member.worker_id is not None else None
    if worker is None or not worker.is_following:
        raise Refused("no_phone")
    return worker.openid


def approve(db: Session, broadcast: Broadcast, staff: Staff, *, now: datetime) -> None:
    """A second pair of eyes: never whoever wrote the words, nor whoever chose the people."""
    _need_reach(staff, broadcast, Permission.BROADCASTS_APPROVE)
    version = words(db, broadcast)
    if staff.id in (version.written_by_id, broadcast.made_by_id):
        raise Refused("own_broadcast")
    if broadcast.state == _DRAFT:
        raise Refused("preview_needed")
    move(db, broadcast, _APPROVED, now=now, staff=staff)
    version.approved_by_id, version.approved_at = staff.id, now
    audit.note(
        db,
        staff,
        "broadcast_approve",
        f"broadcast:{broadcast.id}",
        now=now,
        after={"version": version.version},
    )


def start(db: Session, broadcast: Broadcast, staff: Staff, *, now: datetime) -> None:
    """Let it go out. At the first start the audience is whoever is there at this moment."""
    _need_reach(staff, broadcast)
    if broadcast.state in (_DRAFT, _PREVIEWED):
        raise Refused("approval_needed")
    if broadcast.state != _APPROVED:
        raise Refused("broadcast_move", before=broadcast.state, after=_SENDING.value)
    first: dict[str, Any] = {}
    if broadcast.started_at is None:
        last = db.scalar(select(Worker.id).order_by(Worker.id.desc()).limit(1))
        first = {"started_at": now, "frozen_last": last or 0}
    move(db, broadcast, _SENDING, now=now, staff=staff, tried=0, failed=0, due_at=None, **first)
    audit.note(
        db,
        staff,
        "broadcast_send",
        f"broadcast:{broadcast.id}",
        now=now,
        after={"version": broadcast.version},
    )


def pause(
    db: Session,
    broadcast: Broadcast,
    *,
    now: datetime,
    staff: Staff | None = None,
    reason: str = "staff",
    errcode: int | None = None,
    resume_at: datetime | None = None,
) -> None:
    """Hold it: nobody else is written to. With `resume_at` it goes on by itself."""
    if staff is not None:
        _need_reach(staff, broadcast)
    more = {"pause_reason": reason, "pause_errcode": errcode, "resume_at": resume_at}
    move(db, broadcast, _PAUSED, now=now, staff=staff, reason=reason, **more)


def resume(db: Session, broadcast: Broadcast, *, now: datetime, staff: Staff | None = None) -> None:
    """Go on where it was held. Failures are counted anew, or it would stop at once again."""
    if staff is not None:
        _need_reach(staff, broadcast)
    if broadcast.state != _PAUSED:
        raise Refused("broadcast_move", before=broadcast.state, after=_SENDING.value)
    more = {"pause_reason": None, "pause_errcode": None, "resume_at": None, "due_at": None}
    move(db, broadcast, _SENDING, now=now, staff=staff, tried=0, failed=0, **more)


def resume_due(db: Session, now: datetime) -> int:
    """Go on with what waited for its quota; how many."""
    due = db.scalars(select(Broadcast).where(Broadcast.state == _PAUSED, Broadcast.resume_at <= now)).all()
    for broadcast in due:
        resume(db, broadcast, now=now)
    return len(due)


def _version(
    broadcast: Broadcast, kind: str, body: dict[str, Any], staff: Staff, now: datetime
) -> BroadcastVersion:
    return BroadcastVersion(
        broadcast_id=broadcast.id,
        version=broadcast.version,
        kind=kind,
        body=body,
        written_by_id=staff.id,
        written_at=now,
    )


def _checked(kind: str, body: dict[str, Any], way: Way) -> dict[str, Any]:
    if kind == "article":
        if way is not Way.MASS:
            raise Refused("article_needs_mass")
        return body
    said = "\n".join(tidy(line) for line in str(body["text"]).splitlines()).strip("\n")
    if not said:
        raise Refused("text_needed")
    if len(said.encode()) > TEXT_BYTES:
        raise Refused("text_too_long", limit=TEXT_BYTES)
    return {"text": said}


def _need_reach(staff: Staff, broadcast: Broadcast, *permissions: Permission) -> None:
    access.need(staff, *(permissions or HANDLES))
    access.need_within(staff, broadcast.organisation)
