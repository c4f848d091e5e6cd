"""Tables that hang on a person only because they work for a union: not theirs as a worker."""

from __future__ import annotations

from typing import Final

from models import appointments, broadcasts, logins
from models.base import Base
from models.calendar import CalendarDay
from models.figures import Screen
from models.imports import ImportRun

OF_STAFF: Final[tuple[type[Base], ...]] = (
    *(logins.Credential, logins.RecoveryCode, logins.Invitation, logins.Login, logins.LoginAttempt),
    *(appointments.Professional, appointments.Offer, appointments.Hours, appointments.HoursException),
    *(broadcasts.Broadcast, broadcasts.BroadcastVersion, broadcasts.BroadcastMove, broadcasts.Batch),
    *(appointments.YearWarning, CalendarDay, Screen, ImportRun),
)
WHY: Final = "what a member of staff did or is there for, by their login and not as a worker"
