"""Somebody in distress would like to be called: one question, no summary."""

from __future__ import annotations

from bot.texts import crisis as texts
from forms.fields import Phone
from forms.form import Form

CALL_ME = Form(
    "crisis_call",
    "回电话",
    1,
    (Phone("phone", "电话", texts.ASK_PHONE, example="138 0013 8000", mobile_only=False),),
    confirm=None,
    leave="先不用",
)
