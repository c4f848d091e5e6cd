"""All tables. Importing this package is enough for a migration or a test to know them."""

from models import (
    appointments,
    audit,
    broadcasts,
    events,
    exams,
    logins,
    matchmaking,
    messages,
    people,
    persons,
    photos,
    waiting,
)
from models.base import Base

__all__ = [
    "Base",
    "appointments",
    "audit",
    "broadcasts",
    "events",
    "exams",
    "logins",
    "matchmaking",
    "messages",
    "people",
    "persons",
    "photos",
    "waiting",
]
