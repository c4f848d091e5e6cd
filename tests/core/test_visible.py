"""What is printed, listed and sent can be seen, and is what it looks like."""

from __future__ import annotations

import pytest

from core.clock import utcnow
from core.visible import tidy
from forms.answers import Answers, Given
from forms.fields.base import Unheard
from forms.matchmaking import PROFILE


@pytest.mark.parametrize(
    "text",
    [
        "\u3164\u3164\u3164\u3164",
        "\u2800" * 5,
        "\u115f\u1160\uffa0" * 2,
        "\u200c\u200d" * 4,
        "\u00ad\u034f\u061c\u180e\u2062" * 2,
        "\ufe0f" * 6,
        "\U000e0041" * 6,
        "\udcff\udcfe",
        "\u0301" * 9,
        " \u2028\u00a0\u3000",
    ],
)
def test_what_cannot_be_seen_is_nothing(text: str) -> None:
    assert tidy(text) == ""
    for name in ("trade", "district", "home_town", "line", "nickname"):
        given = Given(Answers(), utcnow())
        (field,) = (field for field in PROFILE.fields if field.key == name)
        assert isinstance(field.hear(text, given), Unheard), name


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\u202e人好\u202c", "人好"),
        ("微\u200d信\u200c号", "微信号"),
        ("小\u3164禾", "小禾"),
        ("一\n二\t 三\x1b[31m", "一 二 三[31m"),
        ("e\u0301" + "\u0301" * 30, "é\u0301\u0301"),
        ("👨‍👩‍👧 ❤️‍🔥", "👨‍👩‍👧 ❤️‍🔥"),
        ("किताब", "किताब"),
        ("]]>{0}%s<b>", "]]>{0}%s<b>"),
    ],
)
def test_what_can_be_seen_stays(text: str, seen: str) -> None:
    assert tidy(text) == seen
    assert tidy(seen) == seen
