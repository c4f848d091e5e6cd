"""The two expected kinds of "no". Anything else that is raised is a bug and is caught at an entrance."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A rule says no: a code for the entrance to find words for, and the facts those words need."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class Noted(Refused):
    """A no that the rule wrote down: the entrance commits, then finds words. Rolled back, it would never have been."""
