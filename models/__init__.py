"""All tables. Importing this package is enough for a migration or a test to know them."""

from models import (
    appointments,
    audit,
    broadcasts,
    calendar,
    events,
    exams,
    figures,
    imports,
    logins,
    matchmaking,
    messages,
    people,
    persons,
    photos,
)
from models.base import Base

__all__ = [
    "Base",
    "appointments",
    "audit",
    "broadcasts",
    "calendar",
    "events",
    "exams",
    "figures",
    "imports",
    "logins",
    "matchmaking",
    "messages",
    "people",
    "persons",
    "photos",
]
