"""导出: everything held of a person that is theirs to have, as plain values; web/parts/archive.py makes files of it.

What others think of them is not theirs (E6): a no that was not told, who looked at them, who keeps, blocks or reports
them, a wish that was never put to them; nor is the contact of anybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from core.errors import Refused
from core.visible import tidy
from models import (
    appointments,
    audit,
    logins,
    matchmaking,
    messages,
    persons,
)
from models.base import Base
from models.people import Staff, Worker
from rules import access, people
from rules import audit as audits
from rules.access import Permission
from rules.persons.at_work import OF_STAFF, WHY
from rules.persons.sections import SECTIONS, Held, Row, Words, photos_of

__all__ = ["NOT_EXPORTED", "SECTIONS", "Held", "Row", "Words", "collect", "on_request", "photos_of"]

NOT_EXPORTED: Final[Mapping[type[Base], str]] = MappingProxyType(
    {
        messages.Received: "that a message acted and what was answered: technical, and gone after limits.received_days",
        messages.NoticeAttempt: "how a notice was sent; what came of it is with the notice",
        appointments.Tick: "the time of a booking once more",
        matchmaking.ProfileKey: "the nickname once more, to be searched by",
        persons.Erasure: "of whom there is one, there is nothing left to export",
        audit.Audit: "what staff did, written for the union; it names people by number only",
        **dict.fromkeys(OF_STAFF, WHY),
        **dict.fromkeys((logins.ScanLogin, logins.Binding), WHY),
    }
)
"""Tables that hang on a person, directly or through others, and are not in their export; a test looks for more."""


def collect(db: Session, worker: Worker, *, words: Words, now: datetime) -> Held:
    """Everything of this person that is in SECTIONS, oldest first."""
    return {name: list(read(db, worker, words, now)) for name, (read, _) in SECTIONS.items()}


UNSEEN: Final = frozenset({"draft", "words", "reason", "said"})
"""What was said to the program or to a professional; staff take it away for nobody."""


def on_request(
    db: Session, staff: Staff, worker: Worker, *, reason: str, words: Words, now: datetime
) -> Held:
    """What staff may hand to a person who asks at the counter: only of tables that staff see. It is written down.

    Who wants to meet whom, conversations and what a booking is about are not in it; the person has those by chat.
    Raises Refused: not_found, reason_needed, just_gone.
    """
    access.need(staff, Permission.WORKERS_CHANGE)
    access.need_reach(db, staff, worker, now=now)
    reason = tidy(reason)
    if not reason:
        raise Refused("reason_needed")
    if not people.hold(db, worker):
        raise Refused("just_gone")
    audits.note(db, staff, "worker_export", f"worker:{worker.id}", now=now, reason=reason)
    return {
        name: [
            {key: value for key, value in row.items() if key not in UNSEEN}
            for row in read(db, worker, words, now)
        ]
        for name, (read, tables) in SECTIONS.items()
        if all(table in access.SCOPES for table in tables)
    }
