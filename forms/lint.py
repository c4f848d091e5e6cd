"""What a form must have, found before anybody is asked: a test runs this over every form in `forms.FORMS`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from bot.replies import TEXT_LIMIT, Say, render
from forms import asking, words
from forms.answers import Answers, Given
from forms.draft import Draft
from forms.fields import Choice, Consent, Field, Got, Photos, Text, Unheard
from forms.form import Form
from forms.survey import Item, Survey

MOST_STATES = 20_000
"""Combinations of answers that are tried; a form with more branches than that wants to be several."""

_KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")
_GARBAGE = "\uffff嘎嘣𝄞"


def lint(form: Form, *, now: datetime, contexts: Iterable[Mapping[str, Any]] = ({},)) -> list[str]:
    """Every fault of a form, in English, or none. `contexts` are samples of what its functions are given."""
    faults = list(_form_faults(form))
    if faults:
        return faults
    reached: set[str] = set()
    for context in contexts:
        for one, state in _walk(form, now, context, faults):
            if one.key not in reached or one.depends_on:
                faults += _field_faults(form, one, Given(Answers(state), now, context))
            reached.add(one.key)
    faults += [f"{form.name}.{one.key}: can never be asked" for one in form.fields if one.key not in reached]
    return list(dict.fromkeys(faults))


def lint_all(
    forms: Iterable[Form], *, now: datetime, contexts: Mapping[str, Iterable[Mapping[str, Any]]] = {}
) -> list[str]:
    """Every fault of every form, and names used twice. `contexts` are samples by the form's name."""
    forms = list(forms)
    names = [form.name for form in forms]
    twice = [f"{name}: two forms have this name" for name in sorted(set(names)) if names.count(name) > 1]
    found = (lint(form, now=now, contexts=contexts.get(form.name, ({},))) for form in forms)
    return twice + list(chain.from_iterable(found))


def _form_faults(form: Form) -> Iterator[str]:
    if not _KEY.fullmatch(form.name) or not form.title.strip():
        yield f"{form.name!r}: a form needs a plain name and a title"
    if not form.fields:
        yield f"{form.name}: has no fields"
    if form.deadline <= timedelta(0) or form.keep < form.deadline:
        yield f"{form.name}: needs a deadline (timeout), and to keep drafts at least as long"
    missing = set(range(1, form.version)) - set(form.migrations)
    if form.version < 1 or set(form.migrations) - set(range(1, form.version)):
        yield f"{form.name}: versions count from 1, migrations from each older one to the next"
    elif missing and missing != set(range(1, max(missing) + 1)):
        yield f"{form.name}: migrations have a gap at {sorted(missing)}"
    seen: list[str] = []
    for one in form.fields:
        name = f"{form.name}.{one.key}"
        if not _KEY.fullmatch(one.key) or one.key in asking.RESERVED:
            yield f"{name}: this key cannot be used"
        if one.key in seen:
            yield f"{name}: two fields have this key"
        if not one.label.strip() or one.label in {other.label for other in form.fields if other is not one}:
            yield f"{name}: needs a label of its own"
        if words.plain(one.label) in words.GLOBAL:
            yield f"{name}: the label is a global word"
        for other in one.depends_on:
            if other not in seen:
                yield f"{name}: depends on {other}, which is not asked before it"
        if one.when is not None and not one.depends_on:
            yield f"{name}: has `when`, but depends on nothing"
        seen.append(one.key)
    hint = form.confirm.hint if form.confirm else ""
    if hint and hint not in seen:
        yield f"{form.name}: the summary's hint {hint} is no field"


def _walk(
    form: Form, now: datetime, context: Mapping[str, Any], faults: list[str]
) -> Iterator[tuple[Field, dict[str, Any]]]:
    """Each field in each combination of the answers it depends on, branching where a later field looks back."""
    looked_at = {key for one in form.fields for key in one.depends_on}
    states: list[dict[str, Any]] = [{}]
    for one in form.fields:
        next_states: list[dict[str, Any]] = []
        for state in states:
            if not _applies(form, one, state, faults):
                next_states.append(state)
                continue
            yield one, state
            given = Given(Answers(state), now, context)
            tried = [value for value in one.tried(given) if one.problem(value, given) is None]
            tried += [None] if one.optional else []
            branches = (tried if one.key in looked_at else tried[:1]) or [None]
            next_states += [{**state, one.key: value} for value in branches]
        states = next_states[:MOST_STATES]
        if len(next_states) > MOST_STATES:
            faults.append(f"{form.name}: more than {MOST_STATES} combinations at {one.key}")


def _applies(form: Form, one: Field, state: dict[str, Any], faults: list[str]) -> bool:
    """Whether the field is asked in this state; notes a `when` that raises or looks at what it did not name."""
    if one.when is None:
        return True
    read: set[str] = set()
    try:
        one.when(Answers())
        applies = one.when(Answers(state, read.add))
    except Exception as error:  # any error is the fault that is looked for
        faults.append(f"{form.name}.{one.key}: `when` raises {type(error).__name__}")
        return True
    faults += [
        f"{form.name}.{one.key}: `when` looks at {key}, not named in depends_on"
        for key in sorted(read - set(one.depends_on))
    ]
    return applies


def _field_faults(form: Form, one: Field, given: Given) -> Iterator[str]:
    name = f"{form.name}.{one.key}"
    read: set[str] = set()
    watched = Given(Answers(given.answers, read.add), given.now, given.context)
    options = one.options(watched)
    question = one.question(watched)
    if not question.strip():
        yield f"{name}: has no prompt"
    yield from _option_faults(name, one, [option.label for option in options])
    example = one.shown_example(watched)
    if not example:
        yield f"{name}: has no example"
    elif not isinstance(one, Photos) and (not isinstance(one, Choice) or options):
        heard = one.hear(example, watched)
        if not isinstance(heard, Got):
            yield f"{name}: its parser does not understand its example"
        elif (sentence := one.problem(heard.value, watched)) is not None:
            yield f"{name}: its checks refuse its example: {sentence}"
        else:
            yield from _value_faults(name, one, heard.value, watched)
    for words_of_tap in one.suggested(given):
        if not isinstance(one.hear(words_of_tap, watched), Got):
            yield f"{name}: its parser does not understand its suggestion {words_of_tap}"
    for nonsense in ("", _GARBAGE * 100):
        wrong = one.hear(nonsense, watched)
        if not isinstance(wrong, Unheard) or not wrong.sentence.strip():
            yield f"{name}: says nothing about an answer that cannot be read"
    yield from _size_faults(form, name, one, given)
    for key in sorted(read - {*one.depends_on, one.key}):
        yield f"{name}: looks at {key}, not named in depends_on"
    back = [other.key for other in form.fields if form.order[other.key] < form.order[one.key]]
    if one.key != form.fields[0].key and not back:
        yield f"{name}: has no step to go back to"


def _option_faults(name: str, one: Field, labels: list[str]) -> Iterator[str]:
    plain = [words.plain(label) for label in labels]
    if isinstance(one, Choice) and one.has_fixed_options and not labels:
        yield f"{name}: has no choices"
    if len(set(plain)) != len(plain):
        yield f"{name}: two choices have the same label"
    reserved = words.GLOBAL.keys() | words.KEEP | (words.SKIP if one.optional else set())
    for label in [*plain, *([words.plain(one.skip)] if one.optional else [])]:
        if not label or label in (reserved - words.SKIP) or (label in words.SKIP and label in plain):
            yield f"{name}: the label {label!r} is a global word"
    if one.default is not None and isinstance(one, Text) and one.sensitive:
        yield f"{name}: a sensitive answer has no default"


def _value_faults(name: str, one: Field, value: Any, given: Given) -> Iterator[str]:
    """A right answer can be stored and shown, and a sensitive one does not show."""
    if one.dump(one.load(one.dump(value), given)) != one.dump(value):
        yield f"{name}: an answer changes when it is stored"
    shown = one.shown(value, given)
    if not shown.strip():
        yield f"{name}: an answer shows as nothing in the summary"
    if one.sensitive and not isinstance(one, Consent) and str(one.dump(value)) in shown:
        yield f"{name}: a sensitive answer shows in the summary"


def _size_faults(form: Form, name: str, one: Field, given: Given) -> Iterator[str]:
    """The question with everything around it fits one text."""
    item = Item(one)
    draft = Draft("0" * 24, form.name, form.version, form.title, one.key, given.now, given.now, given.now)
    if not one.has_fixed_options:
        offers = tuple((option.label, option.value) for option in one.options(given))
        draft = replace(draft, offers=offers)
    said = asking.step(draft, Survey(form, (item,), given))
    size = len(render(said, Say("返回 取消 重来 人工")).encode())
    if size > TEXT_LIMIT:
        yield f"{name}: the question has {size} bytes, {TEXT_LIMIT} fit"
