"""Forms as pages: one question a page, the same draft as in the chat, and the chat's own words for all of it.

Showing a page changes nothing. Each answer is an act of the person like a message (`Bot.attend`): in their turn, once,
with the same locks and the same handlers; what was said is kept in the dialog, so the page after it can be reloaded.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from typing import Any
from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import NotFound, ServiceUnavailable

from bot.callback import Engaged
from bot.once import SHOWN
from bot.replies import Say, bare
from bot.texts.matchmaking import PHOTO_REASONS
from core.pictures import BYTES, NotAPicture, small_jpeg
from core.redis import LOST
from forms import FORMS, paper
from forms.asking import is_form_tap
from forms.chat import DRAFT
from forms.draft import Draft, State
from forms.form import Form
from forms.words import plain
from models.messages import Dialog
from web.mobile.gate import Pages, Visit, page, to
from web.mobile.gate import say as tell
from web.mobile.words import NOT_WRITTEN, PHOTO_MISSING

pages = Pages("forms")
BODY = BYTES + 64 * 1024
AT_ONCE = 3
"""So many photos wait in a process to be looked at, one by one; its other threads have people to answer."""
_room = threading.BoundedSemaphore(AT_ONCE)
LONGEST = 500
"""Characters of an answer; the longest that any form takes is 200."""
_NONCE = re.compile("[0-9a-f]{16}")


@pages.route("/forms/<name>")
def one(visit: Visit, name: str) -> Any:
    """Where one stands in a form: its question, its summary, its end, or the button that begins it."""
    form = _form(visit, name)
    state = _state(visit)
    draft = _draft(state)
    shown = state.get(SHOWN) or {}
    if not request.args.get("said") or shown.get("id") != request.args["said"]:
        shown = {}
    says = [Say.from_json(said) for said in shown.get("says", ())]
    facts: dict[str, Any] = {"form": form, "nonce": secrets.token_hex(8)}
    if draft is not None and draft.form == form.name:
        sheet = paper.sheet(form, draft, now=visit.now, context=form.look(visit))
        if sheet is not None:
            return _asked(visit, facts, sheet, says, shown)
        if draft.state is State.SUBMITTED and says:
            return page("done.html", **facts, said=_lines(visit, says))
    other = draft if draft is not None and draft.form != form.name and _waits(visit, draft) else None
    return page(
        "begin.html",
        **facts,
        said=_lines(visit, says),
        rests=draft is not None and draft.form == form.name and paper.rests(draft, visit.now),
        other=FORMS.get(other.form) if other else None,
        about=request.args.get("about", "")[:20],
    )


@pages.route("/forms/<name>/begin", methods=("POST",))
def begin(visit: Visit, name: str) -> Any:
    """Begin it, or take it up again."""
    form = _form(visit, name)
    about = request.form.get("about", "")[:20]
    return _act(visit, form, visit.filling.begin, f"{form.name} {about}".strip(), tap="")


@pages.route("/forms/<name>", methods=("POST",))
def answer(visit: Visit, name: str) -> Any:
    """One answer, or one of the words that mean the same at every step."""
    form = _form(visit, name)
    said = request.form.get("say") or request.form.get("answer", "")
    step = request.form.get("tap", "")[:100]
    parts = step.split(".")
    asked = form.by_key.get(parts[2]) if len(parts) > 2 else None
    typed = "" if asked is None or asked.sensitive or request.form.get("say") else said[:LONGEST]
    return _act(visit, form, visit.filling.hear, said[:LONGEST], tap=step, typed=typed)


@pages.route("/forms/<name>/photo", methods=("POST",), limit="20/minute", body_bytes=BODY)
def photo(visit: Visit, name: str) -> Any:
    """One more photo, looked at before anybody has to wait for it."""
    form = _form(visit, name)
    sent = request.files.get("photo")
    data = sent.read() if sent else b""
    if not data:
        tell(PHOTO_MISSING, "bad")
        return to("forms.one", name=form.name)
    visit.db.rollback()  # unpacking takes a moment
    if not _room.acquire(blocking=False):
        raise ServiceUnavailable
    try:
        picture = small_jpeg(data)
    except NotAPicture as error:
        tell(PHOTO_REASONS[error.code], "bad")
        return to("forms.one", name=form.name)
    finally:
        _room.release()
    step = request.form.get("tap", "")[:100]
    text = hashlib.sha256(picture.jpeg).hexdigest()
    return _act(visit, form, lambda chat: visit.filling.photo(chat, picture), text, tap=step)


def _act(visit: Visit, form: Form, converse: Any, text: str, *, tap: str, typed: str = "") -> Any:
    nonce = request.form.get("nonce", "")
    nonce = nonce if _NONCE.fullmatch(nonce) else secrets.token_hex(8)
    # the same button twice is one act; another answer from the same page, gone back to, is another
    act = hashlib.sha256(f"{nonce} {form.name} {tap} {text}".encode()).hexdigest()[:16]
    openid = visit.worker.openid
    shown = {"id": act, "typed": typed, "is_empty": not plain(text)}
    visit.db.rollback()  # whatever was read; the act has a transaction of its own
    try:
        visit.bot.attend(openid, f"{openid}:page{act}", converse, text=text, tap=tap, shown=shown)
    except (Engaged, *LOST):
        raise ServiceUnavailable from None
    return to("forms.one", name=form.name, said=act)


def _asked(
    visit: Visit, facts: dict[str, Any], sheet: paper.Sheet, says: list[Say], shown: dict[str, Any]
) -> Any:
    """The page of a step. What was said without the question behind it is about an answer that was not taken, or, where
    it leads somewhere else, comes before everything else (handlers/crisis.py)."""
    asides = [say for say in says if any(tap.id and not is_form_tap(tap.id) for tap in say.taps)]
    says = [say for say in says if say not in asides]
    words = "\n".join(paper.lead(say.text, sheet) for say in says).strip()
    is_wrong = bool(says) and not says[-1].text.endswith(sheet.said)
    if shown.get("is_empty") and sheet.question and not words:
        words, is_wrong = NOT_WRITTEN, True
    return page(
        "question.html" if sheet.question else "summary.html",
        **facts,
        sheet=sheet,
        asides=[(say.text.split("\n"), _begins(visit, say)) for say in asides],
        words=words.split("\n") if words else [],
        is_wrong=is_wrong,
        typed=shown.get("typed", "") if is_wrong else "",
    )


def _begins(visit: Visit, say: Say) -> list[tuple[str, str]]:
    """The forms that what was said leads to, by what is tapped."""
    found = [(tap.label, visit.filling.form_of_tap(tap.id)) for tap in say.taps if tap.id]
    return [(label, form) for label, form in found if form]


def _lines(visit: Visit, says: list[Say]) -> list[tuple[list[str], list[tuple[str, str]]]]:
    """What was said, as paragraphs, each with the links that a page can follow."""
    found = []
    for say in says:
        links = []
        for tap in say.taps:
            form = visit.filling.form_of_tap(tap.id) if tap.id else None
            if tap.url and urlsplit(tap.url).scheme in ("http", "https"):
                links.append((tap.label, tap.url))
            elif form:
                links.append((tap.label, f"/m/forms/{form}"))
        found.append((bare(say).split("\n"), links))
    return found


def _form(visit: Visit, name: str) -> Form:
    if name not in FORMS or not visit.filling.can_begin(name):
        raise NotFound
    return FORMS[name]


def _state(visit: Visit) -> dict[str, Any]:
    dialog = visit.db.get(Dialog, visit.worker_id)
    return dialog.state if dialog is not None else {}


def _draft(state: dict[str, Any]) -> Draft | None:
    data = state.get(DRAFT)
    return Draft.from_json(data) if data else None


def _waits(visit: Visit, draft: Draft) -> bool:
    """Whether there is something in the draft to lose, of a form that a page can go on with."""
    is_open = draft.state is State.OPEN and visit.now < draft.deadline_at
    return visit.filling.can_begin(draft.form) and (is_open or paper.rests(draft, visit.now))


def unfinished(visit: Visit) -> str:
    """The name of the form that this person has not finished; "" for none."""
    draft = _draft(_state(visit))
    return draft.form if draft is not None and _waits(visit, draft) else ""
