"""Every Chinese word said in chat or in a notice, one file per feature; here what belongs to none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.replies import Say, Tap
from core.errors import Refused

WORKING_ON_IT = "正在办，要多一会儿。好了马上发给你，不用再发一次。"

HELP = Tap("帮助")
HUMAN = Tap("人工")
UNION_LEVELS = {1: "省", 2: "市", 3: "区县", 4: "乡镇街道·企业"}

Refusal = str | Say | Callable[..., str | Say]
REFUSALS: dict[str, Refusal] = {}
"""Words for each code a rule refuses with; feature files add theirs. Callables get the facts by name."""


def broken(reference: str) -> Say:
    """Something of ours broke; nothing was lost."""
    return Say(
        f"刚才没弄成，是我们这边的问题，你填的都还在。过一分钟再发一次，或回“人工”。（编号 {reference}）",
        (HUMAN,),
    )


def refused(refusal: Refused) -> tuple[Say, ...]:
    """The words for an expected no. Raises KeyError for a code without words; a test looks for those."""
    words: Any = REFUSALS[refusal.code]
    said = words(**refusal.facts) if callable(words) else words
    return (said if isinstance(said, Say) else Say(said),)
