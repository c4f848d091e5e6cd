"""What a person is asked, declared once: fields in order, asked by `forms.engine` (docs/forms.md)."""

from __future__ import annotations

from collections.abc import Mapping

from forms.appointments import BOOKING, MOVE
from forms.crisis import CALL_ME
from forms.exams import SIGN_UP
from forms.form import Form
from forms.matchmaking import PHOTOS, PROFILE
from forms.persons import ERASE

FORMS: Mapping[str, Form] = {
    form.name: form for form in (PROFILE, PHOTOS, BOOKING, MOVE, CALL_ME, SIGN_UP, ERASE)
}
"""Every form there is, by the name its drafts carry. `forms.lint` checks each."""
_ABOUT = {"chat": "找人工", "crisis": "情绪关怀"}


def handed_over(about: str) -> str:
    """What a conversation that was handed to a person (`Handover.about`) is about, in words."""
    if about.startswith("report:"):
        return f"举报资料卡 {about.removeprefix('report:')}"
    form = FORMS.get(about)
    return f"填“{form.title}”时" if form else _ABOUT.get(about, about)
