"""Pages of a PDF to write and draw on, in points from the top left, with every text checked for its glyphs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, Literal

from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from core.clock import local
from qr.fonts import Face, load
from qr.images import encode
from qr.typeset import Fitted, fit, shorten

WIDTH, HEIGHT = A4
rl_config.useA85 = 0  # text armour that no printer needs and that takes a tenth of the time
WHITE: Final = "#ffffff"
DARK: Final = "#2b2326"
SOFT: Final = "#6d6266"
FAINT: Final = "#b9b0b3"
Align = Literal["left", "center", "right"]
LEADING: Final = 1.35  # line to line, in font sizes; Chinese without ascenders looks cramped below that
SMALLEST: Final = 8.0  # points
HANGING: Final = "“‘《〈「『（【"  # drawn in the right half of their square
RISE: Final = 0.88  # from the top of a line to its baseline, in font sizes


class Paper:
    """A document of A4 pages. The same content printed at the same moment gives the same bytes."""

    def __init__(self, out: BinaryIO, *, title: str, subject: str, at: datetime, font_dir: Path) -> None:
        fonts = load(font_dir)
        self.regular, self.bold = fonts.regular, fonts.bold
        self._printable = fonts.printable
        self.unprintable: dict[str, str] = {}
        self.canvas = Canvas(out, pagesize=A4, pageCompression=1, invariant=1, lang="zh-CN")
        stamp = f"D:{local(at):%Y%m%d%H%M%S}+08'00'"
        self.canvas.setDateFormatter(lambda *_: stamp)
        self.canvas.setTitle(self.clean(title))
        self.canvas.setSubject(self.clean(subject))
        self.canvas.setAuthor("")
        self.canvas.setCreator("Niangjia")

    def clean(self, text: str, where: str = "") -> str:
        """Return what can be printed of a text; what cannot is noted under `where`."""
        shown, lost = self._printable(text)
        if lost:
            self.unprintable[where] = self.unprintable.get(where, "") + lost
        return shown

    def text(
        self,
        x: float,
        top: float,
        text: str,
        face: Face,
        size: float,
        ink: str,
        align: Align = "left",
        *,
        most: float = WIDTH,
    ) -> float:
        """Write one line with its upper edge at `top`, shortened to `most`; return its width."""
        text = shorten(text, most, size, face.width)
        width = face.width(text, size)
        left = x - {"left": 0.0, "center": width / 2, "right": width}[align]
        self.canvas.setFillColor(HexColor(ink))
        self.canvas.setFont(face.name, size)
        self.canvas.drawString(left, HEIGHT - top - RISE * size, text)
        return width

    def fit(
        self, text: str, face: Face, sizes: Sequence[float], scale: float, width: float, height: float
    ) -> Fitted:
        """Set a text into a box, at the largest of `sizes` times `scale` at which it fits."""
        scaled = [size * scale for size in sizes if size * scale >= SMALLEST]
        return fit(text, width, height, scaled, LEADING, face.width)

    def write(self, x: float, top: float, fitted: Fitted, face: Face, ink: str) -> float:
        """Write what was set; return how high it is. An opening quote at the start of a line hangs out to the left."""
        step = fitted.size * LEADING
        for number, line in enumerate(fitted.lines):
            hang = fitted.size / 2 if line[0] in HANGING else 0
            self.text(x - hang, top + number * step, line, face, fitted.size, ink)
        return len(fitted.lines) * step

    def box(
        self,
        x: float,
        top: float,
        width: float,
        height: float,
        ink: str,
        *,
        radius: float = 0,
        line: float = 0,
    ) -> None:
        """Draw a rectangle: filled, or with a line of that thickness only."""
        color = HexColor(ink)
        self.canvas.setFillColor(color)
        self.canvas.setStrokeColor(color)
        self.canvas.setLineWidth(line)
        self.canvas.roundRect(
            x, HEIGHT - top - height, width, height, radius, stroke=int(line > 0), fill=int(not line)
        )

    def tab(self, x: float, top: float, width: float, height: float, radius: float, ink: str) -> None:
        """Draw a filled rectangle whose upper corners are round."""
        bottom, upper = HEIGHT - top - height, HEIGHT - top
        path = self.canvas.beginPath()
        path.moveTo(x, bottom)
        path.lineTo(x, upper - radius)
        path.arcTo(x, upper - 2 * radius, x + 2 * radius, upper, 180, -90)
        path.lineTo(x + width - radius, upper)
        path.arcTo(x + width - 2 * radius, upper - 2 * radius, x + width, upper, 90, -90)
        path.lineTo(x + width, bottom)
        path.close()
        self.canvas.setFillColor(HexColor(ink))
        self.canvas.drawPath(path, stroke=0, fill=1)

    def lines(self, lines: Iterable[tuple[float, float, float, float]], ink: str, thickness: float) -> None:
        """Draw lines (x, top, x, top)."""
        self.canvas.setStrokeColor(HexColor(ink))
        self.canvas.setLineWidth(thickness)
        self.canvas.lines([(x1, HEIGHT - top1, x2, HEIGHT - top2) for x1, top1, x2, top2 in lines])

    def code(self, x: float, top: float, size: float, text: str) -> float:
        """Draw a QR code of that size without its quiet zone, which must be white paper; return a module's size."""
        code = encode(text)
        module = size / code.size
        self.canvas.saveState()
        self.canvas.setFillColor(HexColor("#000000"))
        self.canvas.transform(module, 0, 0, -module, x, HEIGHT - top)
        # One path for all, filled once: viewers that smooth edges would show seams between separate rectangles.
        self.canvas.addLiteral(
            " ".join(f"{column} {row} {length} 1 re" for column, row, length in code.runs()) + " f"
        )
        self.canvas.restoreState()
        return module

    def turn(self) -> None:
        """End this page."""
        self.canvas.showPage()

    def close(self) -> None:
        """Write the document out."""
        self.canvas.save()
