"""What appointments are planned by: the settings and the calendar."""

from __future__ import annotations

from dataclasses import dataclass

from core import workdays
from core.config import Appointments, Config
from core.workdays import Workdays


@dataclass(frozen=True, slots=True)
class Terms:
    """Limits from config.yaml, holidays and 调休 from calendar.yaml."""

    limits: Appointments
    workdays: Workdays


def terms(config: Config) -> Terms:
    """The terms of these settings; the calendar is read again when it has changed."""
    return Terms(config.appointments, workdays.load(config.calendar_file))
