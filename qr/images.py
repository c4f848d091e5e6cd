"""A text as a QR code: as modules to draw, as a PNG, as an SVG. The same text always gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from typing import Final, Literal

from PIL import Image
from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_M, ERROR_CORRECT_Q
from qrcode.util import MODE_ALPHA_NUM, MODE_NUMBER, QRData

from qr.masks import Bits

QUIET_ZONE: Final = 4  # light modules around a code, as ISO/IEC 18004 asks
MAX_BYTES: Final = 300  # what is longer makes modules too small for a wall
_Level = Literal[0, 2, 3]
_Mask = Literal[0, 1, 2, 3, 4, 5, 6, 7]
_MASKS: Final[tuple[_Mask, ...]] = (0, 1, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True)
class Code:
    """A code without its quiet zone: `size` rows, top first, the highest bit of each being the leftmost module."""

    size: int
    rows: tuple[int, ...]

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """Yield the dark modules as (column, row, length), neighbours in a row as one."""
        for y, row in enumerate(self.rows):
            x = 0
            for module, group in groupby(f"{row:0{self.size}b}"):
                length = len(list(group))
                if module == "1":
                    yield x, y, length
                x += length


@lru_cache(maxsize=4096)
def encode(text: str) -> Code:
    """Return the smallest code from which the text can be read with 15 % of it spoilt, or more where that is free.

    On a wall big modules matter more than a high level, because scans fail of distance and blur. So level M decides
    the size, and Q (25 %) or H (30 %) is taken when it fits into the same size.
    """
    if not 0 < len(text.encode()) <= MAX_BYTES:
        raise ValueError(f"a code holds 1 to {MAX_BYTES} bytes of text")
    data = QRData(text)
    version, level = _fitting(data.mode, len(data))
    plain = _masked(data, version, level, 0)
    best = min((plain ^ change for change in _changes(version, level)), key=Bits.penalty)
    return Code(best.size, best.rows())


def png(text: str, *, module: int = 12) -> bytes:
    """Return the code with its quiet zone as a black and white PNG, `module` pixels to a module."""
    code = encode(text)
    side = code.size + 2 * QUIET_ZONE
    image = Image.new("1", (side, side), 1)
    for x, y, length in code.runs():
        for column in range(x, x + length):
            image.putpixel((column + QUIET_ZONE, y + QUIET_ZONE), 0)
    out = io.BytesIO()
    image.resize((side * module, side * module), Image.Resampling.NEAREST).save(
        out, "PNG", optimize=True, dpi=(300, 300)
    )
    return out.getvalue()


def svg(text: str) -> str:
    """Return the code with its quiet zone as an SVG that takes the size of whatever it stands in."""
    code = encode(text)
    side = code.size + 2 * QUIET_ZONE
    path = "".join(
        f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h{length}v1h-{length}z" for x, y, length in code.runs()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{path}"/></svg>'
    )


@cache
def _fitting(mode: int, length: int) -> tuple[int, _Level]:
    """The size of the smallest code at level M for so many characters, and the highest level that fits into it."""
    data = QRData({MODE_NUMBER: "0", MODE_ALPHA_NUM: "A"}.get(mode, "a") * length)

    def version(level: _Level) -> int:
        code = QRCode(error_correction=level)
        code.add_data(data)
        return code.best_fit()

    smallest = version(ERROR_CORRECT_M)
    levels: tuple[_Level, ...] = (ERROR_CORRECT_H, ERROR_CORRECT_Q, ERROR_CORRECT_M)
    return smallest, next(level for level in levels if version(level) == smallest)


def _masked(data: QRData, version: int, level: _Level, mask: _Mask) -> Bits:
    code = QRCode(version=version, error_correction=level, border=0, mask_pattern=mask)
    code.add_data(data)
    code.make(fit=False)
    return Bits.of(code.modules)


@cache
def _changes(version: int, level: _Level) -> tuple[Bits, ...]:
    """What turns a code of this size and level with mask 0 into the one with each mask, whatever it says."""
    first, *others = (_masked(QRData("0"), version, level, mask) for mask in _MASKS)
    return (first ^ first, *(first ^ other for other in others))
