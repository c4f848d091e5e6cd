"""What is said back: values that know nothing of the message they answer.

The limits and the link form of taps are those of the platform's page 被动回复用户消息 and of the
customer-service page (a link `weixin://bizmsgmenu` sends its words as a text message with `bizmsgmenuid`).
"""

from __future__ import annotations

from dataclasses import dataclass

TEXT_LIMIT = 2048
"""Bytes of UTF-8 that one text may hold, passive or pushed."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap inside a text: shows `label`, sends `says` (the label when empty), carries `id` to the router."""

    label: str
    says: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """One text with its taps. Rendered to WeChat's text with links by `render`."""

    text: str
    taps: tuple[Tap, ...] = ()
