"""What somebody can book, looked up for the booking forms."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from core.clock import local
from forms.form import Asker
from models.appointments import Booking, Service
from rules.appointments import bookings, slots
from rules.appointments.slots import Slot
from rules.appointments.terms import terms

ANYBODY = 0
"""The answer 都可以."""


class Desk:
    """What somebody can book: looked up when it is asked for, once for each message."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._free: dict[int, list[Slot]] = {}

    @cached_property
    def services(self) -> list[Service]:
        """What can be booked."""
        return slots.open_services(self._asker.db)

    @cached_property
    def bookings(self) -> list[Booking]:
        """The asker's own bookings to come."""
        return bookings.upcoming(self._asker.db, self._asker.worker_id, now=self._asker.now)

    def service(self, service_id: int) -> Service | None:
        """An open service."""
        return next((one for one in self.services if one.id == service_id), None)

    def booking(self, booking_id: int) -> Booking | None:
        """One of the asker's bookings to come."""
        return next((one for one in self.bookings if one.id == booking_id), None)

    def people(self, service_id: int) -> list[tuple[int, str]]:
        """Who offers a service."""
        found = slots.offers(self._asker.db, service_id)
        return [(one.professional_id, one.professional.name) for one in found]

    def place(self, service_id: int, professional_id: int) -> str:
        """Where somebody offers a service."""
        found = slots.offers(self._asker.db, service_id)
        return next((one.place.name for one in found if one.professional_id == professional_id), "")

    def free(self, service_id: int, who: int) -> list[Slot]:
        """The free slots of a professional, or of all."""
        if service_id not in self._free:
            service = self.service(service_id)
            self._free[service_id] = (
                []
                if service is None
                else slots.free(
                    self._asker.db,
                    service,
                    now=self._asker.now,
                    terms=terms(self._asker.db, self._asker.config),
                    worker_id=self._asker.worker_id,
                )
            )
        return [slot for slot in self._free[service_id] if who in (ANYBODY, slot.professional_id)]

    @property
    def last_day(self) -> dt.date:
        """The last day that can be booked today."""
        return local(self._asker.now).date() + dt.timedelta(days=self._asker.config.appointments.days_ahead)

    def is_known(self, day: dt.date) -> bool:
        """Whether the holidays of that day's year are in the calendar; if not, nothing follows from weekly hours."""
        return terms(self._asker.db, self._asker.config).workdays.knows(day.year)


@dataclass(frozen=True, slots=True)
class Time:
    """A chosen time, as the form keeps it."""

    service_id: int
    professional_id: int
    starts_at: dt.datetime

    def pack(self) -> str:
        """As text."""
        return f"{self.service_id}.{self.professional_id}.{int(self.starts_at.timestamp())}"

    @classmethod
    def unpack(cls, text: str) -> Time:
        """Back from text. Raises ValueError for anything else."""
        service_id, professional_id, seconds = (int(part) for part in text[:60].split("."))
        if not 0 <= seconds < 2**33 or max(service_id, professional_id) >= 2**31:
            raise ValueError("no such time")
        return cls(service_id, professional_id, local(dt.datetime.fromtimestamp(seconds, dt.UTC)))
