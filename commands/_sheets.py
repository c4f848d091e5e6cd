"""A list as an .xlsx file: a whole one for its owner's eyes, or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from core.sheets import write_xlsx


def write(
    out: Path,
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    widths: Sequence[int],
    then: Callable[[], None],
) -> None:
    """Write the table as core.sheets does. `then` runs before the file takes its name."""
    handle, name = tempfile.mkstemp(prefix=f".{out.stem}", suffix=".xlsx", dir=out.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            write_xlsx(file, title, head, rows, widths=widths)
        then()
        Path(name).replace(out)
    finally:
        Path(name).unlink(missing_ok=True)
