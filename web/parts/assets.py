"""Our own css, script and pictures, each at an address that changes with its content, so browsers keep it for ever."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.config import ROOT as HERE

STATIC = HERE / "web" / "static"
MIME = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Assets:
    """All files of one folder of web/static, read once, shown below `root`."""

    def __init__(self, folder: Path, root: str) -> None:
        self._root = root
        self._files: dict[str, tuple[str, bytes, str]] = {}
        for file in sorted(folder.iterdir()):
            if file.suffix in MIME:
                body = file.read_bytes()
                self._files[file.name] = (hashlib.sha256(body).hexdigest()[:16], body, MIME[file.suffix])

    def url(self, name: str) -> str:
        """Where the page finds it. Raises KeyError for a file that is not there, in tests at the latest."""
        return f"{self._root}/assets/{self._files[name][0]}/{name}"

    def has(self, name: str) -> bool:
        """Whether there is such a file: some are put there by whoever runs the program."""
        return name in self._files

    def find(self, fingerprint: str, name: str) -> tuple[bytes, str] | None:
        """Its content and type; None for an address that was never, or is no longer, ours."""
        found = self._files.get(name)
        return found[1:] if found and found[0] == fingerprint else None
