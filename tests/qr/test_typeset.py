from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qr.typeset import CLOSING, OPENING, fit, shorten, wrap


def measure(text: str, size: float) -> float:
    """Letters half as wide as hanzi, as in most Chinese type."""
    return sum(0.5 if char.isascii() else 1.0 for char in text) * size


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 5, []),
        ("   ", 5, []),
        ("想找个人", 5, ["想找个人"]),
        ("周末多半在爬山，想找个人", 7, ["周末多半在爬", "山，想找个人"]),  # no comma at the start of a line
        ("他说“你好”，我笑了", 3, ["他说", "“你", "好”，", "我笑了"]),  # no quote opened at the end of one
        ("身高168cm左右", 4, ["身高", "168cm左", "右"]),  # a measure in one piece
        ("会一点Python和C++吧", 6, ["会一点Python", "和C++吧"]),
        ("想去看海……好吗——一起", 6, ["想去看海……", "好吗——一起"]),  # a dash or dots in one piece
        ("two words", 3, ["two", "words"]),
        ("Lucy Lin", 2.5, ["Lucy", "Lin"]),
        ("Supercalifragilistic", 3, ["Superc", "alifra", "gilist", "ic"]),  # torn only where it must be
    ],
)
def test_lines_break_where_a_chinese_reader_expects(text: str, width: float, lines: list[str]) -> None:
    assert wrap(text, width, 1, measure) == lines


texts = st.text(alphabet="的一是在人有我他这中爱家abcXYZ019 ，。！？“”（）《》……——+.-'", max_size=80)


@given(texts, st.integers(4, 20))
def test_no_line_is_too_wide_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width, 1, measure)
    assert all(measure(line, 1) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(alphabet="的一是在人有我他这中爱家，。！？“”（）", max_size=60), st.integers(6, 20))
def test_no_line_starts_with_a_closing_or_ends_with_an_opening_sign(text: str, width: int) -> None:
    if any(len(run) > 2 for run in _sign_runs(text)):
        return  # a heap of signs wider than the column has to be torn somewhere
    lines = wrap(text, width, 1, measure)
    assert all(line[0] not in CLOSING for line in lines[1:])
    assert all(line[-1] not in OPENING for line in lines[:-1])


def _sign_runs(text: str) -> list[str]:
    return "".join(char if char in CLOSING + OPENING else " " for char in text).split()


def test_the_largest_size_that_fits_is_taken() -> None:
    assert fit("一二三四", 40, 10, (10, 8, 5), 1, measure) == (10, ["一二三四"], True)
    assert fit("一二三四五六", 40, 10, (10, 8, 5), 1, measure) == (5, ["一二三四五六"], True)


def test_what_does_not_fit_at_the_smallest_size_ends_in_dots() -> None:
    size, lines, whole = fit("一二三四五六七八九十", 20, 10, (10, 5), 1, measure)
    assert (size, lines, whole) == (5, ["一二三四", "五六七…"], False)


def test_lines_are_evened_out_and_broken_after_a_comma_where_that_can_be_had() -> None:
    assert fit("喜欢修老自行车，也会做饭。", 110, 30, (10,), 1, measure).lines == [
        "喜欢修老自行车，",
        "也会做饭。",
    ]
    assert fit("一二三四五六七八九十天", 100, 30, (10,), 1, measure).lines == ["一二三四五六", "七八九十天"]


def test_shortening_leaves_what_fits_alone() -> None:
    assert shorten("一二三", 30, 10, measure) == "一二三"
    assert shorten("一二，三四", 40, 10, measure) == "一二…"
    assert shorten("一二三", 5, 10, measure) == "…"
