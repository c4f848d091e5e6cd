"""Bringing in a file: its columns are the questions of a form, with the same readers, checks and words as in chat.

All or nothing: where one cell or row is bad nothing is done. A dry run asks the same rules and writes nothing, so it
takes no lock; bringing in holds the database up only for what is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from core.config import Config
from core.crypto import ring
from core.errors import Outcome, Refused
from core.visible import tidy
from forms.answers import Answers, Given
from forms.fields.base import Either, Field, Got, More
from forms.form import Form
from forms.imports.reading import Table
from models.people import Staff
from rules.access import Permission

MOST_LABELS: Final = 12
"""Choices that are named where none of them was written; in chat they stand on taps."""
_MARKS = re.compile(r"[*＊]|[（(].*?[)）]")


@dataclass(frozen=True)
class Work:
    """With what an import works, and for whom."""

    db: Session
    staff: Staff
    now: datetime
    config: Config
    dry: bool = False
    """Only say what would be."""
    worker_id: int = 0
    """A form's context asks for it; whoever brings in a file is nobody in chat."""


Words = str | Callable[..., str]


@dataclass(frozen=True)
class Import:
    """What can be brought in. `key`: two rows with the same one say the same thing. `put` does all rows or none, and
    says of each whether it changes anything or why not, for which `said` has the words. `examples` are rows for the
    template."""

    form: Form
    hint: str
    needs: Permission
    key: Callable[[Answers], Hashable]
    put: Callable[[Work, Sequence[Answers]], Sequence[Outcome]]
    said: Mapping[str, Words] = field(default_factory=dict)
    examples: Sequence[Sequence[str]] = ()

    @property
    def name(self) -> str:
        """Of its form; in addresses and in the audit."""
        return self.form.name

    @property
    def title(self) -> str:
        """What people read."""
        return self.form.title


@dataclass(frozen=True)
class Bad:
    """One cell that cannot be taken, never what stands in it."""

    line: int
    column: str
    why: str


@dataclass
class Checked:
    """What a file comes to. `good` are the rows that could be read, `unused` the columns that nothing asks for."""

    rows: int = 0
    changed: int = 0
    good: list[tuple[int, Answers]] = field(default_factory=list, repr=False)
    bad: list[Bad] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    @property
    def same(self) -> int:
        """Rows that say what is so already."""
        return self.rows - self.changed


def read(work: Work, what: Import, table: Table) -> Checked:
    """Read every row and name each bad cell; no rule is asked yet."""
    found = Checked(rows=len(table.rows))
    places = _columns(what.form, table.head, found)
    if found.bad:
        return found
    first: dict[Hashable, int] = {}
    for line, row in table.rows:
        answers = _answers(work, what.form, places, line, row, found)
        if answers is None:
            continue
        earlier = first.setdefault(what.key(answers), line)
        if earlier != line:
            found.bad.append(Bad(line, what.form.fields[0].label, f"和第 {earlier} 行重复。"))
        else:
            found.good.append((line, answers))
    return found


def put(work: Work, what: Import, found: Checked) -> None:
    """Do what was read, or with `work.dry` see what it would come to; either way name the rows that may not be."""
    if found.bad and not work.dry:
        return
    outcomes = what.put(work, [answers for _, answers in found.good])
    for (line, _), outcome in zip(found.good, outcomes, strict=True):
        if isinstance(outcome, Refused):
            found.bad.append(Bad(line, "", _words(what, outcome)))
        else:
            found.changed += outcome
    found.bad.sort(key=lambda bad: bad.line)


def digest(what: Import, table: Table) -> str:
    """By which the same rows are known again, whatever kind of file they came in. Keyed: it tells nothing of them."""
    places = _columns(what.form, table.head, Checked())
    rows = [[_at(places, item, row) for item in what.form.fields] for _, row in table.rows]
    return ring().blind(f"import {what.name} {json.dumps(rows, ensure_ascii=False)}")


def _columns(form: Form, head: Sequence[str], found: Checked) -> dict[str, int]:
    """Where each field stands, by its label; what stands in brackets after it, or a star, does not count."""
    labels = {_plain(item.label): item for item in form.fields}
    places: dict[str, int] = {}
    for place, words in enumerate(head):
        item = labels.get(_plain(words))
        if item is None:
            if words:
                found.unused.append(words)
        elif item.key in places:
            found.bad.append(Bad(1, item.label, "有两列都叫这个名字。"))
        else:
            places[item.key] = place
    if not places:
        named = "、".join(item.label for item in form.fields)
        found.bad.append(Bad(1, "", f"没有认出一个列名。这一行要写：{named}。请下载模板，照着填。"))
        return places
    for item in form.fields:
        if item.key not in places and not item.optional and item.when is None:
            found.bad.append(Bad(1, item.label, "缺少这一列，请用模板里的列名。"))
    return places


def _plain(words: str) -> str:
    return "".join(tidy(_MARKS.sub("", words)).split())


def _at(places: Mapping[str, int], item: Field, row: Sequence[str]) -> str:
    place = places.get(item.key)
    return row[place] if place is not None and place < len(row) else ""


def _answers(
    work: Work, form: Form, places: Mapping[str, int], line: int, row: Sequence[str], found: Checked
) -> Answers | None:
    """The row as typed answers; None when a cell of it is bad."""
    context = form.context(work) if form.context else {}
    values: dict[str, Any] = {}
    bad: dict[str, str] = {}
    for item in form.fields:
        given = Given(Answers(values), work.now, context)
        if bad.keys() & set(item.depends_on) or (item.when and not item.when(given.answers)):
            continue
        got = _answer(item, _at(places, item, row), given)
        if isinstance(got, Got):
            values[item.key] = got.value
        else:
            bad[item.key] = got
    if not bad and form.check:
        bad = dict(form.check(Given(Answers(values), work.now, context)))
    found.bad += [Bad(line, form.by_key[key].label, why) for key, why in bad.items()]
    return None if bad else Answers(values)


def _answer(item: Field, text: str, given: Given) -> Got | str:
    if not text:
        return Got(None) if item.optional else "没有填。"
    heard = item.hear(text, given)
    if isinstance(heard, Either):
        return f"可以是{'，也可以是'.join(label for label, _ in heard.options)}，请写清楚。"
    if isinstance(heard, More):  # a table has one cell for it
        heard = Got(heard.value)
    if not isinstance(heard, Got):
        labels = [option.label for option in item.options(given)]
        return f"填其中一个：{'、'.join(labels)}。" if 0 < len(labels) <= MOST_LABELS else heard.sentence
    return item.problem(heard.value, given) or heard


def _words(what: Import, refused: Refused) -> str:
    said = what.said.get(refused.code, "现在不能这样做。")
    return said if isinstance(said, str) else said(**refused.facts)
