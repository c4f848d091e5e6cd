"""Faults set by tests: which calls go wrong, how, and how often."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import Any

KINDS = ("errcode", "http", "timeout", "reset_before", "reset_after", "delay", "duplicate")


@dataclass
class Fault:
    """One fault. `path` is an API path, `*` for every API call, or `callback` for pushes."""

    id: int
    path: str
    times: int | None = None
    percent: float | None = None
    errcode: int | None = None
    http: int | None = None
    timeout: float | None = None
    reset_before: bool = False
    reset_after: bool = False
    delay: float | None = None
    duplicate: int | None = None

    def matches(self, path: str) -> bool:
        return self.path == path or (self.path == "*" and path != "callback")


class Faults:
    """The list of faults, asked once per call."""

    def __init__(self, seed: int | None = None) -> None:
        self.rows: list[Fault] = []
        self.seq = 0
        self.random = random.Random(seed)

    def add(self, spec: dict[str, Any]) -> Fault:
        """Add one fault; ValueError when the spec makes no sense."""
        unknown = set(spec) - set(Fault.__dataclass_fields__)
        if unknown - {"id"}:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        values = {key: value for key, value in spec.items() if key != "id"}
        if not values.get("path"):
            raise ValueError("path is missing")
        if not any(values.get(kind) is not None and values.get(kind) is not False for kind in KINDS):
            raise ValueError(f"one of {', '.join(KINDS)} is needed")
        self.seq += 1
        fault = Fault(id=self.seq, **values)
        self.rows.append(fault)
        return fault

    def pick(self, path: str) -> Fault | None:
        """The first fault that strikes this call, counted down; None for an ordinary call."""
        if not self.rows:
            return None
        for fault in self.rows:
            if not fault.matches(path):
                continue
            if fault.percent is not None and self.random.random() * 100 >= fault.percent:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.rows.remove(fault)
            return fault
        return None

    def clear(self) -> None:
        self.rows.clear()

    def dump(self) -> list[dict[str, Any]]:
        return [{k: v for k, v in asdict(row).items() if v not in (None, False)} for row in self.rows]
