"""What all forms of the console share: Chinese messages, and a rule's no beside the field that it is about."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final

from flask import request
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms import Form as WTForm
from wtforms.validators import Length, StopValidation
from wtforms.widgets import TextArea

from core.errors import Refused
from core.visible import tidy
from web.console import words

__all__ = [
    "REASON_LENGTH",
    "DateField",
    "Form",
    "HiddenField",
    "IntegerField",
    "Length",
    "PasswordField",
    "RadioField",
    "SelectField",
    "StringField",
    "TextAreaField",
    "line",
    "needed",
    "paragraph",
    "reason_for",
]

REASON_LENGTH: Final = 100


class Form(WTForm):
    """A form of one page; CSRF is checked by the gate for all of them."""

    class Meta:
        locales: ClassVar[list[str]] = ["zh"]

    def read(self) -> bool:
        """Whether what was sent is fit to be handed to a rule."""
        self.process(request.form)
        return self.validate()

    def refuse(self, refused: Refused, name: str) -> None:
        """Show a rule's no beside this field."""
        getattr(self, name).errors = [words.refusal(refused)]


def line(text: str | None) -> str:
    """What was typed in one line, without what nobody sees and no database takes."""
    return tidy(text or "")


def paragraph(text: str | None) -> str:
    """What was typed in several lines; empty ones at the end and more than one between go."""
    lines = [tidy(one) for one in (text or "").splitlines()]
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip()


class needed:
    """The field must have something that can be seen; `what` is said beside it if not."""

    field_flags: ClassVar[dict[str, bool]] = {"required": True}

    def __init__(self, what: str) -> None:
        self.what = what

    def __call__(self, form: Any, field: Any) -> None:
        """WTForms' way to ask."""
        if not tidy(field.data or ""):
            field.errors[:] = []
            raise StopValidation(self.what)


def reason_for(label: str, missing: str = "", *, is_read: bool = False) -> StringField:
    """Why something is done; `missing` is said where there is none, without it none is needed. What its person is to
    read (`is_read`) has room to be written well."""
    asked = [needed(missing)] if missing else []
    return StringField(
        label,
        [*asked, Length(max=REASON_LENGTH, message="太长了，最多 %(max)d 个字。")],
        filters=[line],
        widget=TextArea() if is_read else None,
    )
