"""What of a form is answered and still holds. One pass from the first field to the last, made for each turn."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from forms.answers import Answers, Given
from forms.draft import SUMMARY, Draft
from forms.fields.base import Field
from forms.form import Form


@dataclass(frozen=True, slots=True)
class Item:
    """A question that applies. `is_good`: answered or skipped, and it holds; else `sentence` may say why not."""

    field: Field
    is_good: bool = False
    value: Any = dataclasses.field(default=None, repr=False)
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """The questions that apply now, in order, and the answers that hold."""

    form: Form
    items: tuple[Item, ...]
    given: Given

    def item(self, key: str) -> Item | None:
        """The item of a field, None when it does not apply."""
        return next((item for item in self.items if item.field.key == key), None)

    def position(self, key: str) -> int:
        """The number of a question as people see it; one more than there are for the summary."""
        return 1 + sum(self.form.order[item.field.key] < self.place(key) for item in self.items)

    def place(self, key: str) -> int:
        """Where a step stands in the declared order; the summary is behind all, the empty key before all."""
        if key == SUMMARY:
            return len(self.form.fields)
        return self.form.order.get(key, -1)

    def first_open(self) -> Item | None:
        """The first question without an answer that holds."""
        return next((item for item in self.items if not item.is_good), None)

    def before(self, key: str) -> str | None:
        """The step before, None at the first."""
        earlier = [item.field.key for item in self.items if self.form.order[item.field.key] < self.place(key)]
        return earlier[-1] if earlier else None

    def after(self, key: str, until: str) -> str:
        """The step after an answer: the next open one, or, up to `until`, simply the next."""
        here, there = self.place(key), self.place(until)
        for item in self.items:
            place = self.form.order[item.field.key]
            if place > here and (not item.is_good or place <= there):
                return item.field.key
        still = self.first_open()
        return SUMMARY if still is None else still.field.key


def survey(form: Form, draft: Draft, now: datetime, context: Mapping[str, Any]) -> Survey:
    """Read and check every stored answer against those before it.

    An answer that does not hold is not thrown away: once what it depends on is put right, it holds again.
    """
    values: dict[str, Any] = {}
    given = Given(Answers(values), now, context)
    items = []
    for one in form.fields:
        if one.when is not None and not one.when(given.answers):
            continue
        item = _item(one, draft, given)
        if item.is_good:
            values[one.key] = item.value
        items.append(item)
    if form.check is not None and all(item.is_good for item in items):
        wrong = form.check(given)
        items = [
            replace(item, is_good=False, sentence=wrong[item.field.key]) if item.field.key in wrong else item
            for item in items
        ]
    return Survey(form, tuple(items), given)


def _item(one: Field, draft: Draft, given: Given) -> Item:
    if not draft.has(one.key):
        return Item(one)
    stored = draft.stored(one.key)
    if stored is None:
        return Item(one, is_good=one.optional)
    try:
        value = one.load(stored, given)
    except ValueError:
        return Item(one, sentence=one.lost)
    sentence = one.problem(value, given)
    if sentence is not None:
        return Item(one, sentence=sentence)
    return Item(one, is_good=True, value=value)
