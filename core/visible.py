"""What others will read of a text: nothing that hides, turns round or piles up."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = re.compile(
    "["
    "\u0000-\u0008\u000b-\u001f\u007f-\u009f\ud800-\udfff"  # control characters, halves of characters
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"  # blanks by other names, directions
    "]"
)
_SIGN = "\u2190-\u2bff\U0001f000-\U0001faff"  # arrows, symbols and emoji: what a joiner joins into a picture
_JOINER = re.compile(f"(?<![{_SIGN}\ufe0f])\u200d|\u200d(?![{_SIGN}])")
_PILE = re.compile(  # marks over and under one character, more than any language has
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_ONLY_MARKS = re.compile("[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f\u200d\\s]*")


def tidy(text: str) -> str:
    """One line: composed characters, single blanks, nothing that cannot be seen; "" when nothing is left to see."""
    seen = _UNSEEN.sub("", unicodedata.normalize("NFC", text))
    seen = _PILE.sub(r"\1", _JOINER.sub("", seen))
    return "" if _ONLY_MARKS.fullmatch(seen) else " ".join(seen.split())
