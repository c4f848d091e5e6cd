"""The typeface of everything printed, Noto Sans SC, and what it can print."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics, ttfonts

UNKNOWN: Final = "〓"  # what Chinese printers set for a character they have no type for


class FontsMissing(Exception):
    """The font files are not where they should be; the message says what to do."""


@dataclass(frozen=True, eq=False)
class Face:
    """One weight of the typeface, known to the PDF library by `name`."""

    name: str
    widths: dict[int, float]
    default_width: float

    def width(self, text: str, size: float) -> float:
        """Return how wide a text gets, in the unit of `size`."""
        return sum(self.widths.get(ord(c), self.default_width) for c in text) * size / 1000


@dataclass(frozen=True, eq=False)
class Fonts:
    """The two weights. Both have the same characters."""

    regular: Face
    bold: Face

    def printable(self, text: str) -> tuple[str, str]:
        """Return the text as it can be printed, and the characters of it that had to become `UNKNOWN`.

        Nothing without a glyph is left in: letters in fancy dress become plain ones, emoji and control characters
        go, and a character of a name that the typeface lacks becomes `UNKNOWN`, so that somebody sees it.
        """
        kept: list[str] = []
        lost: list[str] = []
        for char in unicodedata.normalize("NFC", text):
            if char.isspace():
                kept.append(" ")
            elif self._has(char):
                kept.append(char)
            elif (plain := unicodedata.normalize("NFKC", char)) and all(map(self._has, plain)):
                kept.append(plain)
            elif unicodedata.category(char)[0] in "LN":
                kept.append(UNKNOWN)
                lost.append(char)
        return " ".join("".join(kept).split()), "".join(lost)

    def _has(self, char: str) -> bool:
        return ord(char) in self.regular.widths and unicodedata.category(char) not in _INVISIBLE


_INVISIBLE: Final = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


@cache
def load(font_dir: Path) -> Fonts:
    """Read both weights from a folder, once per process, and make them known to the PDF library."""
    ttfonts.makeToUnicodeCMap = _to_unicode
    return Fonts(_face(font_dir, "NotoSansSC-Regular"), _face(font_dir, "NotoSansSC-Bold"))


def _face(font_dir: Path, name: str) -> Face:
    try:
        font = ttfonts.TTFont(name, str(font_dir / f"{name}.ttf"))
    except (OSError, ttfonts.TTFError) as error:
        raise FontsMissing(f"cannot read {name}.ttf in {font_dir}; run ./niangjia assets") from error
    pdfmetrics.registerFont(font)
    return Face(name, dict(font.face.charWidths), font.face.defaultWidth)


def _to_unicode(fontname: str, subset: list[int]) -> str:
    """Say which character each code of a subset is: what a reader copies, searches and reads aloud.

    Stands in for reportlab's own, which writes characters above U+FFFF with five hexadecimal digits, so that 𬭎 is
    copied as Ⲵ; the format wants UTF-16. It also wants at most 100 characters in one block.
    """
    pairs = [
        f"<{code:02X}> <{chr(char).encode('utf-16-be').hex().upper()}>" for code, char in enumerate(subset)
    ]
    blocks = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]
    return "\n".join(
        [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            f"/CIDSystemInfo << /Registry ({fontname}) /Ordering ({fontname}) /Supplement 0 >> def",
            f"/CMapName /{fontname} def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            f"<00> <{len(subset) - 1:02X}>",
            "endcodespacerange",
            *("\n".join([f"{len(block)} beginbfchar", *block, "endbfchar"]) for block in blocks),
            "endcmap",
            "CMapName currentdict /CMap defineresource pop",
            "end",
            "end",
        ]
    )
