"""Drafts that were begun with another version of the program."""

from __future__ import annotations

from dataclasses import replace

from forms.draft import Draft, Veiled
from forms.form import Form


class Misfit(Exception):
    """A draft that cannot be carried over; `reason` is a code without anything personal."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def migrate(form: Form, draft: Draft) -> Draft:
    """The draft in the form's own version: the very same one when it is already, else carried over.

    Raises `Misfit` when there is no way: a newer version (a roll-back), a missing or a failing migration.
    """
    if draft.version == form.version:
        return draft
    answers = {**draft.answers, **draft.secrets}
    for version in range(draft.version, form.version):
        step = form.migrations.get(version)
        if step is None:
            raise Misfit("version_unknown")
        try:
            answers = step(answers)
        except Exception as error:
            # Its text may hold an answer; the kind of error is enough for whoever logs the reason.
            raise Misfit(f"migration_failed:{version}:{type(error).__name__}") from None
    if draft.version > form.version:
        raise Misfit("version_newer")
    known = {key: value for key, value in answers.items() if key in form.by_key}
    return replace(
        draft,
        version=form.version,
        title=form.title,
        at=draft.at if draft.at in form.by_key else "",
        until="",
        is_change=False,
        offers=(),
        answers=Veiled({key: value for key, value in known.items() if not form.by_key[key].sensitive}),
        secrets=Veiled({key: value for key, value in known.items() if form.by_key[key].sensitive}),
        prefilled=tuple(key for key in draft.prefilled if key in known),
        edits=draft.edits + 1,
    )
