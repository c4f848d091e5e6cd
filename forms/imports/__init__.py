"""What staff bring in as a file. `IMPORTS` is the list; docs/forms.md says how one is added."""

from __future__ import annotations

from forms.imports import holidays, members, organisations
from forms.imports.base import Import

IMPORTS: tuple[Import, ...] = (holidays.IMPORT, organisations.IMPORT, members.IMPORT)
"""In the order of the page."""
