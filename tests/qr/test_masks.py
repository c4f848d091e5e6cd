"""The scores against a plain reading of ISO/IEC 18004, module by module."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qr.masks import Bits

Square = list[list[bool]]
squares = st.integers(1, 29).flatmap(
    lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=n, max_size=n)
)


def _slow_penalty(matrix: Square) -> int:
    size = len(matrix)
    points = 0
    for line in [*matrix, *(list(column) for column in zip(*matrix, strict=True))]:
        points += sum(3 + n - 5 for n in (len(list(run)) for _, run in groupby(line)) if n >= 5)
        text = "0000" + "".join("01"[module] for module in line) + "0000"
        for at in range(len(text)):
            if text.startswith("1011101", at):
                points += 40 * (text[at - 4 : at] == "0000" or text[at + 7 : at + 11] == "0000")
    for y in range(size - 1):
        for x in range(size - 1):
            points += 3 * (len({matrix[y][x], matrix[y][x + 1], matrix[y + 1][x], matrix[y + 1][x + 1]}) == 1)
    dark, total = sum(map(sum, matrix)), size * size
    return points + 10 * (abs(2 * dark - total) * 10 // total)


@pytest.mark.slow
@given(squares)
def test_penalties_are_those_of_the_standard(matrix: Square) -> None:
    assert Bits.of(matrix).penalty() == _slow_penalty(matrix)


def test_look_alikes_of_corner_marks_are_found_at_both_ends_of_a_line() -> None:
    for pattern in ("10111010000", "00001011101", "0000101110100"):
        size = len(pattern)
        matrix = [[mark == "1" for mark in pattern]] + [
            [x % 2 == y % 2 for x in range(size)] for y in range(size - 1)
        ]
        assert Bits.of(matrix).penalty() == _slow_penalty(matrix) >= 40


@given(squares)
def test_rows_give_the_matrix_back(matrix: Square) -> None:
    rows = Bits.of(matrix).rows()
    assert [[bool(row >> (len(matrix) - 1 - x) & 1) for x in range(len(matrix))] for row in rows] == matrix
