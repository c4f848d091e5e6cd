"""A form that is being filled in: one value, stored as JSON, so that it survives anything."""

from __future__ import annotations

import enum
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from forms.answers import Json

SUMMARY = "summary"
"""The step after the last question; no field may have this key."""


class State(enum.StrEnum):
    """A draft's life. GONE remembers only that there was one."""

    OPEN = "open"
    EXPIRED = "expired"
    HANDED_OVER = "handed_over"
    SUBMITTED = "submitted"
    GONE = "gone"


class Veiled(dict[str, Json]):
    """Answers by key whose repr tells the keys only."""

    def __repr__(self) -> str:
        return f"Veiled({', '.join(self)})"


@dataclass(frozen=True, slots=True)
class Draft:
    """Where one person stands in one form. Never changed: every turn makes a new one.

    `answers` and `secrets` hold what was answered, as JSON; the sensitive ones are in `secrets` alone. `until`
    is how far the person had come before going back; `is_change` that the step was opened by "改 3"; `offers`
    the choices that were last shown, where they are not fixed; `edits` counts changes, so that a tap of an
    older summary is known as such.
    """

    id: str
    form: str
    version: int
    title: str
    at: str
    started_at: datetime
    deadline_at: datetime
    keep_until: datetime
    state: State = State.OPEN
    answers: Veiled = field(default_factory=Veiled)
    secrets: Veiled = field(default_factory=Veiled)
    prefilled: tuple[str, ...] = ()
    until: str = ""
    is_change: bool = False
    wrong: int = 0
    edits: int = 0
    offers: tuple[tuple[str, Json], ...] = field(default=(), repr=False)
    was_offered: bool = False
    receipt: str = ""

    def to_json(self) -> dict[str, Any]:
        """Everything, also what is sensitive: for a sealed column, not for a log."""
        return {
            "id": self.id,
            "form": self.form,
            "version": self.version,
            "title": self.title,
            "at": self.at,
            "started_at": self.started_at.isoformat(),
            "deadline_at": self.deadline_at.isoformat(),
            "keep_until": self.keep_until.isoformat(),
            "state": self.state.value,
            "answers": dict(self.answers),
            "secrets": dict(self.secrets),
            "prefilled": list(self.prefilled),
            "until": self.until,
            "is_change": self.is_change,
            "wrong": self.wrong,
            "edits": self.edits,
            "offers": [list(offer) for offer in self.offers],
            "was_offered": self.was_offered,
            "receipt": self.receipt,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Draft:
        """The draft of `to_json`, also of an older or newer program: extra keys are ignored, new ones default.

        Raises ValueError when it is no draft at all.
        """
        try:
            return cls(
                id=str(data["id"]),
                form=str(data["form"]),
                version=int(data["version"]),
                title=str(data["title"]),
                at=str(data["at"]),
                started_at=datetime.fromisoformat(data["started_at"]),
                deadline_at=datetime.fromisoformat(data["deadline_at"]),
                keep_until=datetime.fromisoformat(data["keep_until"]),
                state=State(data.get("state", State.OPEN)),
                answers=Veiled(data.get("answers", {})),
                secrets=Veiled(data.get("secrets", {})),
                prefilled=tuple(data.get("prefilled", ())),
                until=str(data.get("until", "")),
                is_change=bool(data.get("is_change", False)),
                wrong=int(data.get("wrong", 0)),
                edits=int(data.get("edits", 0)),
                offers=tuple((label, value) for label, value in data.get("offers", ())),
                was_offered=bool(data.get("was_offered", False)),
                receipt=str(data.get("receipt", "")),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a draft: {type(error).__name__}") from None

    def public(self) -> dict[str, Json]:
        """What may be logged or counted: no answers at all, only which there are."""
        return {
            "id": self.id,
            "form": self.form,
            "version": self.version,
            "state": self.state.value,
            "at": self.at,
            "answered": [*self.answers, *self.secrets],
            "wrong": self.wrong,
        }

    def stored(self, key: str) -> Json:
        """The stored answer; None when there is none or it was skipped (`has` tells)."""
        return self.answers[key] if key in self.answers else self.secrets.get(key)

    def has(self, key: str) -> bool:
        """Whether the question was answered or skipped."""
        return key in self.answers or key in self.secrets

    def put(self, key: str, value: Json, *, sensitive: bool) -> Draft:
        """With this answer."""
        answers, hidden = Veiled(self.answers), Veiled(self.secrets)
        answers.pop(key, None)
        hidden.pop(key, None)
        (hidden if sensitive else answers)[key] = value
        return replace(self, answers=answers, secrets=hidden, edits=self.edits + 1)

    def without(self, key: str) -> Draft:
        """Without this answer."""
        answers, hidden = Veiled(self.answers), Veiled(self.secrets)
        answers.pop(key, None)
        hidden.pop(key, None)
        return replace(self, answers=answers, secrets=hidden, edits=self.edits + 1)


def new_id() -> str:
    """96 random bits: a draft's id makes its submit idempotent and ties its taps to it."""
    return secrets.token_hex(12)


def next_id(old: str) -> str:
    """The id after 重来: as unguessable as the old one, and the same when the same message comes twice."""
    return hashlib.sha256(f"again {old}".encode()).hexdigest()[:24]


def scrub(draft: Draft, *, state: State, receipt: str = "") -> Draft:
    """The draft without any answer: after submit, and when it was kept long enough."""
    return replace(
        draft,
        state=state,
        at=SUMMARY,
        answers=Veiled(),
        secrets=Veiled(),
        prefilled=(),
        offers=(),
        until="",
        is_change=False,
        wrong=0,
        receipt=receipt,
    )
