"""A wall's cards on paper: what stands on them, and the PDF."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO, Final, Literal

from core.clock import local
from core.config import ROOT
from models.matchmaking import Card, Wall
from qr.sheets import Printed, PrintedCard, card_posters, wall_sheet

FONTS: Final = ROOT / "web" / "static" / "vendor" / "fonts"


def face(card: Card, wall: Wall, *, now: datetime) -> PrintedCard:
    """All of a card that goes on paper."""
    profile = card.profile
    sex: Literal["f", "m"] = "f" if profile.sex == "f" else "m"
    return PrintedCard(
        nickname=profile.nickname,
        age=local(now).year - profile.birth_year,
        sex=sex,
        trade=profile.trade,
        line=profile.line,
        wall=wall.number,
        position=card.place,
        code_url=card.url or "",
        section=wall.title,
        serial=f"No. {card.id}",
    )


class Sheets:
    """Cards of one wall, read from the database; drawing them needs it no more. `on_paper` is for mark_printed."""

    def __init__(self, cards: Sequence[Card], wall: Wall, *, now: datetime) -> None:
        self._faces = [face(card, wall, now=now) for card in cards]
        self._until = min((card.url_expires_at for card in cards if card.url_expires_at), default=None)
        self._event, self._wall = wall.event.title, f"{wall.number}号墙 {wall.title}"
        self._now = now
        self.on_paper = [(card.id, card.url or "") for card in cards]

    def draw(self, out: BinaryIO, *, posters: bool) -> Printed:
        """Write the PDF: sheets to cut up, or one large card to a page. Raises FontsMissing."""
        if posters:
            return card_posters(
                self._faces,
                out,
                event_title=self._event,
                printed_at=self._now,
                font_dir=FONTS,
                codes_until=self._until,
            )
        return wall_sheet(
            self._faces,
            out,
            wall_title=self._wall,
            event_title=self._event,
            printed_at=self._now,
            font_dir=FONTS,
            codes_until=self._until,
        )
