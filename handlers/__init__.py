"""What can be said to us: the one list of routers, in the order of 帮助."""

from __future__ import annotations

from functools import cache

from bot.router import Table
from handlers import (
    appointments,
    basics,
    broadcasts,
    crisis,
    exams,
    guide,
    logins,
    matchmaking,
    notices,
    persons,
)

ROUTERS = (
    matchmaking.router,
    appointments.router,
    exams.router,
    crisis.router,
    basics.router,
    broadcasts.router,
    persons.router,
    logins.router,
    guide.router,
    notices.router,
)


@cache
def table() -> Table:
    """All doors. Raises Claimed when two handlers declare the same."""
    return Table(ROUTERS)
