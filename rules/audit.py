"""Who did what to whom, from where and why: rows in a chain, so that none is changed, moved or lost unseen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import LargeBinary, String, Table, event, func, insert, select, type_coerce, update
from sqlalchemy.orm import Session, UOWTransaction

from core.crypto import ring
from core.db import insert_new
from core.visible import tidy
from models.audit import Audit, AuditHead
from models.people import Staff

COMMAND: Final = "command"
"""The origin of what is done at the server's own terminal."""
GENESIS: Final = "0" * 64
"""What stands before the first row."""
PAGE = 1000
SAID: Final = ("at", "staff_id", "organisation_id", "act", "subject", "reason", "before", "after", "origin")
"""What a row says, in the order in which its digest covers it."""
_ORIGIN = "niangjia_origin"
_ROWS = cast(Table, Audit.__table__)
_HEAD = cast(Table, AuditHead.__table__)


def acting_from(db: Session, origin: str) -> None:
    """From now on, what this session notes comes from here (address and browser); else from the terminal."""
    db.info[_ORIGIN] = origin


def note(
    db: Session,
    staff: Staff | None,
    act: str,
    subject: str,
    *,
    now: datetime,
    reason: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    origin: str | None = None,
) -> Audit:
    """Write down what somebody on the staff did, or read, in the same transaction as the deed.

    `before` and `after` hold what changed, in values that JSON knows, and are sealed. The row takes its place in the
    chain when the session is flushed: from then until commit nobody else can, so the transaction should end soon.
    """
    row = Audit(**_said(db, staff, act, Deed(subject, reason, before, after), now, origin))
    db.add(row)
    return row


class Deed(NamedTuple):
    """What was done to whom, and why; old and new where something changed."""

    subject: str
    reason: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


def note_all(db: Session, staff: Staff | None, act: str, deeds: Iterable[Deed], *, now: datetime) -> None:
    """Write down many deeds of one kind, in a few statements. They are in the chain at once: let it come last."""
    rows = [_said(db, staff, act, deed, now) for deed in deeds]
    places = _places(db, rows)
    if rows:
        db.connection().execute(
            insert(_ROWS), [{**row, **place} for row, place in zip(rows, places, strict=True)]
        )


def _said(
    db: Session, staff: Staff | None, act: str, deed: Deed, now: datetime, origin: str | None = None
) -> dict[str, Any]:
    return {
        "at": now,
        "staff_id": staff.id if staff else None,
        "organisation_id": staff.organisation_id if staff else None,
        "act": act,
        "subject": deed.subject,
        "reason": deed.reason,
        "before": _plain(deed.before),
        "after": _plain(deed.after),
        "origin": tidy(origin or db.info.get(_ORIGIN) or COMMAND)[:200],
    }


def head(db: Session) -> tuple[int, str]:
    """The number and digest of the newest row: kept elsewhere, they prove later that the chain was not cut short."""
    found = db.execute(select(AuditHead.number, AuditHead.digest)).first()
    return (found.number, found.digest) if found else (0, GENESIS)


@dataclass(frozen=True, slots=True)
class Fault:
    """The first row that is wrong. `why`: changed, moved (another one stood before it), missing, or cut (the end)."""

    number: int
    why: str


def verify(db: Session, *, known: tuple[int, str] | None = None) -> Fault | None:
    """The first row that is not as it was written, or None. Reads page by page, while others go on writing.

    `known` is what `head` once said. Rows from before there was a chain cannot be checked, only that none was added.
    """
    ends = [head(db), *([known] if known else [])]
    at, digest = 0, ""
    is_chained = False
    for row in _rows(db):
        if not is_chained and row.digest is None:
            at = row.id
            if any(number == at and kept != _beginning(at) for number, kept in ends):
                return Fault(at, "changed")
            continue
        if row.id != at + 1:
            return Fault(at + 1, "missing")
        if row.previous != (digest if is_chained else _beginning(at)):
            return Fault(row.id, "moved")
        if row.digest != _digest_of(row):
            return Fault(row.id, "changed")
        is_chained = True
        at, digest = row.id, row.digest
        if any(number == at and kept != digest for number, kept in ends):
            return Fault(at, "cut")
    for number, _ in ends:
        if number > at:
            return Fault(at + 1, "missing")
    if is_chained and ends[0] == (0, GENESIS):
        return Fault(at, "cut")
    return None


def _rows(db: Session) -> Iterator[Any]:
    """All rows in order, with what is sealed still sealed: a value that cannot be read is a finding, not an error."""
    query = select(
        Audit.id,
        type_coerce(Audit.at, String).label("at"),
        Audit.staff_id,
        Audit.organisation_id,
        Audit.act,
        Audit.subject,
        type_coerce(Audit.reason, LargeBinary).label("reason"),
        type_coerce(Audit.before, LargeBinary).label("before"),
        type_coerce(Audit.after, LargeBinary).label("after"),
        Audit.origin,
        Audit.previous,
        Audit.digest,
    ).order_by(Audit.id)
    page = db.execute(query.limit(PAGE)).all()
    while page:
        yield from page
        page = db.execute(query.where(Audit.id > page[-1].id).limit(PAGE)).all()


def _digest_of(row: Any) -> str | None:
    """The digest that a row as it is stored should have; None when it cannot be read any more."""
    try:
        at = row.at if isinstance(row.at, datetime) else datetime.fromisoformat(row.at).replace(tzinfo=UTC)
        opened = {
            "at": at,
            "reason": None if row.reason is None else ring().open(row.reason).decode(),
            "before": None if row.before is None else json.loads(ring().open(row.before)),
            "after": None if row.after is None else json.loads(ring().open(row.after)),
        }
        return _digest(row.id, row.previous, row._asdict() | opened)
    except (TypeError, ValueError):
        return None


def _digest(number: int, previous: str, row: Mapping[str, Any]) -> str:
    """Keyed, over what the fields say and not over how they are sealed: a new field key breaks nothing."""
    at = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    fields = [number, previous, at, *(row[name] for name in SAID[1:])]
    said = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return ring().blind(f"audit {said}")


def _beginning(number: int) -> str:
    """What the first row in the chain stands behind. Keyed: nobody else lets the chain begin later than it did."""
    return ring().blind(f"audit begins after {number}")


def _plain(value: dict[str, Any] | None) -> dict[str, Any] | None:
    """The value as it will be read back. Raises TypeError for what JSON does not know."""
    plain: dict[str, Any] | None = json.loads(json.dumps(value, ensure_ascii=False))
    return plain


@event.listens_for(Session, "before_flush")
def _chain(db: Session, _context: UOWTransaction, _instances: Any) -> None:
    """Give each new row its place. Not in `note`: on SQLite that would hold up every writer from there to commit."""
    rows = [one for one in db.new if isinstance(one, Audit) and one.digest is None]
    places = _places(db, [{name: getattr(row, name) for name in SAID} for row in rows])
    for row, place in zip(rows, places, strict=True):
        for name, value in place.items():
            setattr(row, name, value)


def _places(db: Session, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The next places in the chain for rows, in their order: id, previous and digest of each."""
    while rows:
        found = db.execute(select(AuditHead.number, AuditHead.digest).with_for_update()).first()
        if found is None:  # the first one; rows from before there was a chain keep their numbers
            last = db.scalar(select(func.max(Audit.id))) or 0
            insert_new(db, AuditHead, id=1, number=last, digest=_beginning(last))
            continue
        places = []
        previous = found.digest
        for number, row in enumerate(rows, found.number + 1):
            digest = _digest(number, previous, row)
            places.append({"id": number, "previous": previous, "digest": digest})
            previous = digest
        first, *more = [{"number": one["id"], "digest": one["digest"]} for one in places]
        moved = db.execute(
            update(AuditHead)
            .where(AuditHead.number == found.number, AuditHead.digest == found.digest)
            .values(first)
            .returning(AuditHead.id)
            .execution_options(synchronize_session=False)
        )
        if moved.first() is not None:
            if more:  # from the first step on it is ours; the database lets nobody skip one
                db.connection().execute(update(_HEAD), more)
            return places
    return []
