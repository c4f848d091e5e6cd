"""What a phone makes of a printed page: seen from the side, out of focus, unevenly lit, noisy, squeezed into a JPEG."""

from __future__ import annotations

import io
import math
import random

from PIL import Image, ImageChops, ImageFilter

Point = tuple[float, float]


def photograph(
    page: Image.Image, *, turn: float = 0, tip: float = 0, roll: float = 0, blur: float = 1.0, seed: int = 1
) -> Image.Image:
    """Return the page as taken by a hand-held phone that stands `turn` degrees aside and `tip` degrees above."""
    seen = _from_the_side(page.convert("L"), turn, tip, roll).filter(ImageFilter.GaussianBlur(blur))
    light = (
        Image.linear_gradient("L").rotate(30 + seed).resize(seen.size).point(lambda v: int(110 + v * 0.55))
    )
    seen = ImageChops.multiply(seen, light)
    noise = Image.frombytes("L", seen.size, random.Random(seed).randbytes(seen.width * seen.height))
    out = io.BytesIO()
    Image.blend(seen, noise, 0.12).save(out, "JPEG", quality=60)
    return Image.open(io.BytesIO(out.getvalue()))


def _from_the_side(page: Image.Image, turn: float, tip: float, roll: float) -> Image.Image:
    """The page as a pinhole camera at twice its height away sees it, on a grey wall."""
    distance = 2.0 * page.height
    a, b, c = (math.radians(angle) for angle in (turn, tip, roll))
    corners = [(0, 0), (page.width, 0), (page.width, page.height), (0, page.height)]
    seen: list[Point] = []
    for px, py in corners:
        x, y = px - page.width / 2, py - page.height / 2
        x, y = x * math.cos(c) - y * math.sin(c), x * math.sin(c) + y * math.cos(c)
        x, z = x * math.cos(a), x * math.sin(a)
        y, z = y * math.cos(b) - z * math.sin(b), y * math.sin(b) + z * math.cos(b)
        scale = distance / (distance + z)
        seen.append((x * scale, y * scale))
    left, top = min(x for x, _ in seen), min(y for _, y in seen)
    width, height = max(x for x, _ in seen) - left, max(y for _, y in seen) - top
    edge = 40
    moved = [(x - left + edge, y - top + edge) for x, y in seen]
    size = (int(width + 2 * edge), int(height + 2 * edge))
    return page.transform(
        size,
        Image.Transform.PERSPECTIVE,
        _coefficients(moved, corners),
        Image.Resampling.BICUBIC,
        fillcolor=150,
    )


def _coefficients(source: list[Point], target: list[tuple[int, int]]) -> list[float]:
    """The eight numbers of the projection that takes four points to four others, by elimination."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]]
    for column in range(8):
        pivot = max(range(column, 8), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for row in range(8):
            if row != column:
                factor = rows[row][column] / rows[column][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [rows[column][8] / rows[column][column] for column in range(8)]
