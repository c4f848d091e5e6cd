"""One card that hangs at a fair, put there by the rules' own cast, and the answers of a profile by chat."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from qr.scenes import CardScene, CheckInScene
from tests.chat.account import Account
from tests.rules.cast import build

ANSWERS = (
    ("现在做", "你的性别"),
    ("1", "哪一年出生"),
    ("九零年", "多少厘米"),
    ("1米76", "学历"),
    ("本科", "做什么工作"),
    ("机械工程师", "哪个区"),
    ("西湖区", "老家"),
    ("嘉兴", "一句话"),
    ("喜欢修老自行车，也会做饭", "怎么称呼"),
    ("阿岳", "婚姻"),
    ("未婚", "哪些年出生"),
    ("都可以", "联系方式"),
)
"""A profile by chat up to the contact, which each test chooses."""


def hang(account: Account, **changes: Any) -> tuple[str, str]:
    """A fair with one card on wall 3: the scenes of the card and of the door."""
    with Session(account.engine, expire_on_commit=False) as db:
        town = build(account.engine, db, account.clock())
        card = town.listed(town.wall(3, "80后"), **changes)
        db.commit()
        return CardScene(card.token).pack(), CheckInScene(town.fair.token).pack()
