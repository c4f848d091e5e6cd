"""Printed sheets shown beside the phones: PDF and picture files of one folder, with their codes found."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
from PIL import Image, UnidentifiedImageError

from .records import Json
from .scanning import Code, read_codes

DPI = 150
PICTURES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Page:
    """One rendered page."""

    png: bytes
    width: int
    height: int
    codes: tuple[Code, ...]


class Sheets:
    """Renders files of a folder when they are new or changed; safe to call from one thread at a time."""

    def __init__(self, folder: str | None) -> None:
        self.folder = Path(folder) if folder else None
        self.cache: dict[str, tuple[tuple[int, int], list[Page]]] = {}

    def stamps(self) -> dict[str, tuple[int, int]]:
        """Name → (mtime, size) of each usable file; empty when there is no folder."""
        if self.folder is None or not self.folder.is_dir():
            return {}
        found = {}
        for path in sorted(self.folder.iterdir()):
            if path.suffix.lower() not in (".pdf", *PICTURES):
                continue
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue  # Gone since the folder was read.
            found[path.name] = (stat.st_mtime_ns, stat.st_size)
        return found

    def pages(self, name: str) -> list[Page]:
        """The pages of one file, rendered once per version; empty when there is no such file."""
        stamp = self.stamps().get(name)
        if stamp is None or self.folder is None:
            return []
        cached = self.cache.get(name)
        if cached is None or cached[0] != stamp:
            cached = self.cache[name] = (stamp, render(self.folder / name))
        return cached[1]

    def pending(self) -> list[str]:
        """Names of files that are new or changed since they were rendered; forgets those that are gone."""
        stamps = self.stamps()
        for name in set(self.cache) - set(stamps):
            del self.cache[name]
        return [
            name for name, stamp in stamps.items() if name not in self.cache or self.cache[name][0] != stamp
        ]

    def listing(self) -> list[Json]:
        """The sheets rendered so far, as the pages want them."""
        listed = []
        for name in sorted(self.cache):
            pages = [
                {
                    "image": f"/emulator/sheets/{name}/{number}.png",
                    "width": page.width,
                    "height": page.height,
                    "codes": [{"content": code.content, "box": list(code.box)} for code in page.codes],
                }
                for number, page in enumerate(self.cache[name][1])
            ]
            if pages:
                listed.append({"name": name, "pages": pages})
        return listed


def render(path: Path) -> list[Page]:
    """Pages of a PDF or picture file; none when the file is broken (it may still be being written)."""
    try:
        if path.suffix.lower() == ".pdf":
            with pypdfium2.PdfDocument(str(path)) as document:
                pictures = [page.render(scale=DPI / 72).to_pil().convert("RGB") for page in document]
        else:
            with Image.open(path) as picture:
                pictures = [picture.convert("RGB")]
    except (pypdfium2.PdfiumError, UnidentifiedImageError, OSError):
        return []
    pages = []
    for picture in pictures:
        out = io.BytesIO()
        picture.save(out, "PNG", compress_level=3)
        codes = tuple(read_codes(picture.convert("L")))
        pages.append(Page(out.getvalue(), picture.width, picture.height, codes))
    return pages
