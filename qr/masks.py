"""Which of its eight masks a QR code wears.

The library builds all eight codes and scores them module by module: 10 ms a code, ten seconds for a thousand
cards. But two masks differ by the same modules whatever the text is. So one code is built, the other seven come
from it by XOR, and the scores are counted on matrices that are held in one integer each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

GAP = 4  # light columns between two rows in the integer: a run must not reach into the next row
FINDER = 0b1011101  # what a corner mark looks like along a line
Matrix = Sequence[Sequence[bool | None]]


@dataclass(frozen=True)
class Bits:
    """A square of modules as two integers, read along its rows and along its columns, a gap after each line."""

    size: int
    along: int
    across: int

    @classmethod
    def of(cls, matrix: Matrix) -> Bits:
        """Read a matrix of modules, True being dark."""
        return cls(len(matrix), _flat(matrix), _flat(list(zip(*matrix, strict=True))))

    def __xor__(self, other: Bits) -> Bits:
        return Bits(self.size, self.along ^ other.along, self.across ^ other.across)

    def rows(self) -> tuple[int, ...]:
        """Return the rows, top first; the highest of `size` bits is the leftmost module."""
        width, row = self.size + GAP, (1 << self.size) - 1
        return tuple((self.along >> (width * (self.size - 1 - y) + GAP)) & row for y in range(self.size))

    def penalty(self) -> int:
        """How much this invites misreading, by the four rules of ISO/IEC 18004 for choosing a mask."""
        dark, total = self.along.bit_count(), self.size * self.size
        uneven = 10 * (abs(2 * dark - total) * 10 // total)
        return (
            uneven
            + _blocks(self)
            + sum(_runs(line, self.size) + _finders(line) for line in (self.along, self.across))
        )


def _flat(matrix: Matrix) -> int:
    return int("".join("".join("1" if module else "0" for module in row) + "0" * GAP for row in matrix), 2)


@cache
def _inside(size: int) -> int:
    """All modules, without the gaps: what a plane of dark modules is XORed with to get the light ones."""
    return int(("1" * size + "0" * GAP) * size, 2)


def _runs(line: int, size: int) -> int:
    """Three for each run of five of one colour, one more for each module by which it is longer."""
    points = 0
    for plane in (line, line ^ _inside(size)):
        fives = plane & (plane >> 1) & (plane >> 2) & (plane >> 3) & (plane >> 4)
        starts = fives & ~(fives >> 1)
        points += fives.bit_count() + 2 * starts.bit_count()
    return points


def _blocks(bits: Bits) -> int:
    """Three for each two by two square of one colour."""
    points = 0
    for plane in (bits.along, bits.along ^ _inside(bits.size)):
        pairs = plane & (plane >> 1)
        points += 3 * (pairs & (pairs >> (bits.size + GAP))).bit_count()
    return points


def _finders(line: int) -> int:
    """Forty for each look-alike of a corner mark that has four light modules, or the edge, beside it."""
    dark = line << GAP  # so that the last line has a gap on both sides, as the others have
    light = ~dark
    found = -1
    for place in range(7):
        found &= (dark if FINDER >> place & 1 else light) >> place
    four = light & (light >> 1) & (light >> 2) & (light >> 3)
    return 40 * (found & ((four << 4) | (four >> 7))).bit_count()
