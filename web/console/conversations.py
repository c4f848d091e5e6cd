"""对话: what people asked a person to answer (人工), and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlalchemy.orm import Session

from core.config import Config
from core.errors import Refused
from forms import FORMS, handed_over
from forms.answers import Answers, Given
from forms.draft import Draft
from models.messages import Handover
from models.people import Worker
from rules import audit
from rules import conversations as rules
from rules.access import Permission
from web.console import bulk, exports, words
from web.console.bulk import Act, each
from web.console.exports import Column, Export
from web.console.forms import Form, Length, TextAreaField, needed, paragraph, reason_for
from web.console.gate import Desk, Pages, page, say, to
from web.console.lists import LATE, Filter, Listing, Sort

pages = Pages("conversations")


class AnswerForm(Form):
    """What is said to the person."""

    words = TextAreaField(
        "回复",
        [
            needed("要写回什么话，本人会看到。"),
            Length(max=rules.ANSWER_LENGTH, message="太长了，最多 %(max)d 个字。"),
        ],
        filters=[paragraph],
    )


class CloseForm(Form):
    """Why nothing is said."""

    reason = reason_for("不回复的原因", "写一句原因，同事以后看得到。")


def listing(now: datetime) -> Listing:
    """How the queue is narrowed and sorted. What was said is sealed, so there is no search."""
    return Listing(
        sorts={
            "wait": Sort("等了", (Handover.at, Handover.id)),
            "number": Sort("编号", (Handover.id,)),
        },
        filters=(
            Filter(
                "about",
                "事由",
                {
                    "crisis": ("情绪关怀", Handover.about == "crisis"),
                    "chat": ("找人工", Handover.about == "chat"),
                    "report": ("举报", Handover.about.startswith("report:")),
                    "form": (
                        "填表时",
                        ~or_(Handover.about.in_(("crisis", "chat")), Handover.about.startswith("report:")),
                    ),
                },
            ),
            Filter("late", "等待", {"yes": ("超过两小时", Handover.at < now - LATE)}),
        ),
    )


def _reported(value: str) -> int | None:
    number = value.removeprefix("report:")
    return int(number) if number != value and number.isdecimal() else None


EXPORT = Export(
    "conversations",
    "等回复的对话",
    (
        Column("编号", lambda row: row.Handover.id, 10),
        Column("事由", lambda row: handed_over(row.Handover.about), 24),
        Column("职工", lambda row: row.Handover.worker_id, 10),
        Column("开始于", lambda row: words.clock(row.Handover.at), 18),
    ),
)
exports.offer(
    pages,
    "/conversations",
    EXPORT,
    needs=Permission.CONVERSATIONS_ANSWER,
    listing=lambda desk: listing(desk.now),
    query=lambda desk: rules.queue(desk.db, desk.staff, now=desk.now),
)


CLOSE = Act(
    "close",
    "关闭",
    "会从列表里拿掉，不给本人发消息。",
    lambda count: f"关闭了 {count} 个对话，没有给本人发消息。",
    Permission.CONVERSATIONS_ANSWER,
    Handover,
    lambda one: f"对话 {one.id}（{handed_over(one.about)}）",
    each(lambda desk, one, reason, target: rules.close(desk.db, desk.staff, one.id, reason, now=desk.now)),
    lambda desk, one, target: "情绪关怀要一个一个看" if one.about == "crisis" else None,
    reason="不回复的原因",
)
bulk.offer(
    pages,
    "/conversations",
    CLOSE,
    needs=Permission.CONVERSATIONS_ANSWER,
    listing=lambda desk: listing(desk.now),
    query=lambda desk: rules.queue(desk.db, desk.staff, now=desk.now),
    back="conversations.index",
)


@pages.route("/conversations", needs=Permission.CONVERSATIONS_ANSWER)
def index(desk: Desk) -> Any:
    """What waits."""
    query = rules.queue(desk.db, desk.staff, now=desk.now)
    return page(
        "conversations.html",
        listed=listing(desk.now).read(desk.db, query),
        about=handed_over,
        acts=bulk.buttons(desk, pages, (CLOSE,)),
    )


@pages.route("/conversations/next", needs=Permission.CONVERSATIONS_ANSWER)
def first(desk: Desk) -> Any:
    """Begin with the one that waits longest."""
    oldest = _oldest(desk)
    return to("conversations.one", number=oldest.id) if oldest else to("conversations.index")


@pages.route("/conversations/<id:number>", needs=Permission.CONVERSATIONS_ANSWER)
def one(desk: Desk, number: int) -> Any:
    """One conversation."""
    return _shown(desk, rules.one(desk.db, desk.staff, number, now=desk.now))


@pages.route("/conversations/<id:number>/answer", needs=Permission.CONVERSATIONS_ANSWER, methods=("POST",))
def answer(desk: Desk, number: int) -> Any:
    """Say something to the person; the conversation then waits no longer."""
    handover = rules.one(desk.db, desk.staff, number, now=desk.now)
    is_reached = desk.now < rules.window_until(desk.db, handover)
    form = AnswerForm()
    if not form.read():
        return _shown(desk, handover, 422, form=form)
    try:
        rules.answer(desk.db, desk.staff, number, form.words.data or "", now=desk.now)
    except Refused as refused:
        return _told(desk, number, refused, form=form)
    return _on(
        desk,
        "回复发出去了。" if is_reached else "过了 48 小时，回复放进了 TA 的“我的消息”，TA 下次来就看到。",
    )


@pages.route("/conversations/<id:number>/close", needs=Permission.CONVERSATIONS_ANSWER, methods=("POST",))
def close(desk: Desk, number: int) -> Any:
    """Take it off the queue without an answer."""
    handover = rules.one(desk.db, desk.staff, number, now=desk.now)
    form = CloseForm()
    if not form.read():
        return _shown(desk, handover, 422, closing=form)
    try:
        rules.close(desk.db, desk.staff, number, form.reason.data or "", now=desk.now)
    except Refused as refused:
        return _told(desk, number, refused, closing=form)
    return _on(desk, "关闭了，没有给本人发消息。")


def _oldest(desk: Desk) -> Handover | None:
    query = rules.queue(desk.db, desk.staff, now=desk.now).order_by(Handover.at, Handover.id).limit(1)
    oldest: Handover | None = desk.db.scalar(query)
    return oldest


def _on(desk: Desk, said: str) -> Any:
    oldest = _oldest(desk)
    if oldest is None:
        say(f"{said}没有在等的了。")
        return to("conversations.index")
    say(said)
    return to("conversations.one", number=oldest.id)


def _told(
    desk: Desk,
    handover_id: int,
    refused: Refused,
    form: AnswerForm | None = None,
    closing: CloseForm | None = None,
) -> Any:
    if refused.code == "not_found":
        raise refused
    desk.db.rollback()
    handover = rules.one(desk.db, desk.staff, handover_id, now=desk.now)
    if refused.code == "handover_closed":
        return _shown(desk, handover, 409, form, closing, words.refusal(refused))
    if form is not None:
        form.refuse(refused, "words")
    if closing is not None:
        closing.refuse(refused, "reason")
    return _shown(desk, handover, 422, form, closing)


def _shown(
    desk: Desk,
    handover: Handover,
    status: int = 200,
    form: AnswerForm | None = None,
    closing: CloseForm | None = None,
    problem: str = "",
) -> Any:
    worker = desk.db.get_one(Worker, handover.worker_id)
    said = rules.said(desk.db, handover)
    if said and status == 200:
        audit.note(desk.db, desk.staff, "handover_read", f"handover:{handover.id}", now=desk.now)
    return page(
        "conversation.html",
        status,
        handover=handover,
        worker=worker,
        about=handed_over,
        reported=_reported(handover.about),
        draft=draft_lines(handover, desk.db, desk.config, desk.now),
        said=said,
        window_until=rules.window_until(desk.db, handover),
        answers=rules.answers(desk.db, worker.id),
        earlier=rules.earlier(desk.db, handover),
        form=form or AnswerForm(),
        closing=closing or CloseForm(),
        problem=problem,
        limit=rules.ANSWER_LENGTH,
    )


@dataclass(frozen=True)
class _Asker:
    db: Session
    worker_id: int
    now: datetime
    config: Config


def draft_lines(handover: Handover, db: Session, config: Config, now: datetime) -> list[tuple[str, str]]:
    """How far the person had come, as (question, answer). What was told in confidence stays masked."""
    try:
        draft = Draft.from_json(handover.draft or {})
    except ValueError:
        return []
    form = FORMS.get(draft.form)
    if form is None or form.version != draft.version:
        return []
    asker = _Asker(db, handover.worker_id, now, config)
    context = form.look(asker)
    values: dict[str, Any] = {}
    lines: list[tuple[str, str]] = []
    for item in form.fields:
        if not draft.has(item.key):
            continue
        given = Given(Answers(values), now, context)
        stored = draft.stored(item.key)
        try:
            values[item.key] = None if stored is None else item.load(stored, given)
        except ValueError:
            lines.append((item.label, "（现在没有这一项了）"))
            continue
        if item.sensitive:
            shown = "（本人填了，这里不显示）"
        else:
            shown = "（跳过）" if stored is None else item.show(values[item.key], given)
        lines.append((item.label, shown))
    return lines
