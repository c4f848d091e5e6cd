"""Our own css, script and pictures, each at an address that changes with its content, so browsers keep it for ever."""

from __future__ import annotations

import hashlib

from core.config import ROOT as HERE

FOLDER = HERE / "web" / "static" / "console"
MIME = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Assets:
    """All files of the folder, read once."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, bytes, str]] = {}
        for file in sorted(FOLDER.iterdir()):
            if file.suffix in MIME:
                body = file.read_bytes()
                self._files[file.name] = (hashlib.sha256(body).hexdigest()[:16], body, MIME[file.suffix])

    def url(self, name: str) -> str:
        """Where the page finds it. Raises KeyError for a file that is not there, in tests at the latest."""
        return f"/console/assets/{self._files[name][0]}/{name}"

    def find(self, fingerprint: str, name: str) -> tuple[bytes, str] | None:
        """Its content and type; None for an address that was never, or is no longer, ours."""
        found = self._files.get(name)
        return found[1:] if found and found[0] == fingerprint else None
