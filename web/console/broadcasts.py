"""群发: what was written, and where each stands. Who it is for is not shown: some audiences tell too much."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_

from bot.texts.broadcasts import STATES, TOPICS, words
from core.clock import today
from models.broadcasts import Broadcast, BroadcastState, BroadcastVersion
from models.people import Organisation
from rules.broadcasts import life
from web.console.gate import Desk, Door, Pages, page
from web.console.lists import Filter, Listing, Sort

pages = Pages("broadcasts")
OPEN = (BroadcastState.APPROVED, BroadcastState.SENDING, BroadcastState.PAUSED)
"""What goes out, is held, or only waits for somebody to let it go."""


def listing(now: datetime) -> Listing:
    """How broadcasts are found."""
    return Listing(
        sorts={
            "made": Sort("写于", (Broadcast.made_at, Broadcast.id)),
            "number": Sort("编号", (Broadcast.id,)),
        },
        filters=(
            Filter(
                "when",
                "哪天",
                {"today": ("今天的", or_(Broadcast.state.in_(OPEN), Broadcast.done_at >= today(now)[0]))},
            ),
            Filter(
                "state",
                "状态",
                {state.value: (said, Broadcast.state == state) for state, said in STATES.items()},
            ),
            Filter(
                "topic",
                "类别",
                {topic.value: (said, Broadcast.topic == topic) for topic, said in TOPICS.items()},
            ),
        ),
        newest_first=True,
    )


def reached(desk: Desk) -> Select[*tuple[Any, ...]]:
    """The broadcasts in this member's reach, with their newest words and their union."""
    return (
        life.within(desk.db, desk.staff, now=desk.now)
        .join(
            BroadcastVersion,
            and_(
                BroadcastVersion.broadcast_id == Broadcast.id, BroadcastVersion.version == Broadcast.version
            ),
        )
        .join(Organisation, Organisation.id == Broadcast.organisation_id)
        .add_columns(BroadcastVersion, Organisation.name)
    )


@pages.route("/broadcasts", needs=Door.STAFF)
def index(desk: Desk) -> Any:
    """The list; not found for whoever neither writes nor approves."""
    listed = listing(desk.now).read(desk.db, reached(desk))
    return page("broadcasts.html", listed=listed, states=STATES, topics=TOPICS, said=words)
