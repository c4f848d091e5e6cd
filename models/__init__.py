"""All tables. Importing this package is enough for a migration or a test to know them."""

from models import events, exams, matchmaking, messages, people, waiting
from models.base import Base

__all__ = ["Base", "events", "exams", "matchmaking", "messages", "people", "waiting"]
