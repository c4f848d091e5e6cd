"""Typed fields. A form imports all it needs from here."""

from __future__ import annotations

from forms.fields.base import Check, Either, Field, Got, Heard, More, Option, Unheard
from forms.fields.photos import Photos
from forms.fields.picks import Choice, YesNo
from forms.fields.readings import (
    Date,
    Height,
    IdNumber,
    Moment,
    Money,
    Number,
    Phone,
    TimeOfDay,
    Year,
    YearSpan,
)
from forms.fields.texts import Consent, Text

__all__ = [
    "Check",
    "Choice",
    "Consent",
    "Date",
    "Either",
    "Field",
    "Got",
    "Heard",
    "Height",
    "IdNumber",
    "Moment",
    "Money",
    "More",
    "Number",
    "Option",
    "Phone",
    "Photos",
    "Text",
    "TimeOfDay",
    "Unheard",
    "Year",
    "YearSpan",
    "YesNo",
]
