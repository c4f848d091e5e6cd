"""All tables. Importing this package is enough for a migration or a test to know them."""

from models import broadcasts, events, matchmaking, messages, people
from models.base import Base

__all__ = ["Base", "broadcasts", "events", "matchmaking", "messages", "people"]
