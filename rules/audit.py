"""Who did what to whom, from where and why: rows in a chain, so that none is changed, moved or lost unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import LargeBinary, String, event, func, select, type_coerce, update
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
_ORIGIN = "niangjia_origin"


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
    row = Audit(
        at=now,
        staff_id=staff.id if staff else None,
        organisation_id=staff.organisation_id if staff else None,
        act=act,
        subject=subject,
        reason=reason,
        before=_plain(before),
        after=_plain(after),
        origin=tidy(origin or db.info.get(_ORIGIN) or COMMAND)[:200],
    )
    db.add(row)
    return row


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
        return _digest(
            row.id,
            row.previous,
            row.at if isinstance(row.at, datetime) else datetime.fromisoformat(row.at).replace(tzinfo=UTC),
            row.staff_id,
            row.organisation_id,
            row.act,
            row.subject,
            None if row.reason is None else ring().open(row.reason).decode(),
            None if row.before is None else json.loads(ring().open(row.before)),
            None if row.after is None else json.loads(ring().open(row.after)),
            row.origin,
        )
    except (TypeError, ValueError):
        return None


def _digest(
    number: int,
    previous: str,
    at: datetime,
    staff_id: int | None,
    organisation_id: int | None,
    act: str,
    subject: str,
    reason: str | None,
    before: Any,
    after: Any,
    origin: str,
) -> str:
    """Keyed, over what the fields say and not over how they are sealed: a new field key breaks nothing."""
    fields = [
        number,
        previous,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        staff_id,
        organisation_id,
        act,
        subject,
        reason,
        before,
        after,
        origin,
    ]
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
    for row in [one for one in db.new if isinstance(one, Audit) and one.digest is None]:
        _link(db, row)


def _link(db: Session, row: Audit) -> None:
    while True:
        found = db.execute(select(AuditHead.number, AuditHead.digest).with_for_update()).first()
        if found is None:  # the first one; rows from before there was a chain keep their numbers
            last = db.scalar(select(func.max(Audit.id))) or 0
            insert_new(db, AuditHead, id=1, number=last, digest=_beginning(last))
            continue
        row.id, row.previous = found.number + 1, found.digest
        digest = _digest(
            row.id,
            row.previous,
            row.at,
            row.staff_id,
            row.organisation_id,
            row.act,
            row.subject,
            row.reason,
            row.before,
            row.after,
            row.origin,
        )
        moved = db.execute(
            update(AuditHead)
            .where(AuditHead.number == found.number, AuditHead.digest == found.digest)
            .values(number=row.id, digest=digest)
            .returning(AuditHead.id)
            .execution_options(synchronize_session=False)
        )
        if moved.first() is not None:
            row.digest = digest
            return
