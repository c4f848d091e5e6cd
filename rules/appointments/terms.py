"""What appointments are planned by: the settings and the calendar."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from core import workdays
from core.config import Appointments, Config
from core.workdays import Workdays
from rules import calendar


@dataclass(frozen=True, slots=True)
class Terms:
    """Limits from config.yaml, holidays and 调休 from calendar.yaml and the console."""

    limits: Appointments
    workdays: Workdays


def terms(db: Session, config: Config) -> Terms:
    """The terms of these settings; the calendar is read again when it has changed."""
    return Terms(config.appointments, calendar.known(db, workdays.load(config.calendar_file)))
