"""What all forms of the console share: Chinese messages, and a rule's no beside the field that it is about."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import request
from wtforms import Form as WTForm
from wtforms import HiddenField, PasswordField, SelectField, StringField, TextAreaField, validators
from wtforms.validators import InputRequired, Length

from core.errors import Refused
from web.console import words

__all__ = [
    "Form",
    "HiddenField",
    "InputRequired",
    "Length",
    "PasswordField",
    "SelectField",
    "StringField",
    "TextAreaField",
    "line",
    "needed",
    "validators",
]


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
    """What was typed, without what no database takes and nobody sees."""
    return (text or "").replace("\0", "").strip()


def needed(what: str) -> Any:
    """The field must not be empty."""
    return InputRequired(what)
