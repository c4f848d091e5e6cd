"""我的: the profile and its card, messages, what was agreed to, and which broadcasts are wanted."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.exceptions import NotFound

from bot.replies import bare
from bot.texts import notices as notice_words
from bot.texts.broadcasts import TOPICS
from core.numbers import whole
from models.broadcasts import Topic
from models.matchmaking import ProfileState
from rules import inbox
from rules.appointments import bookings
from rules.broadcasts import mutes
from rules.exams import sign_ups
from rules.matchmaking import cards, profiles, submitting
from rules.persons import consents
from rules.persons.consents import Kind
from web.mobile.gate import Pages, Visit, page, say, to

pages = Pages("me")
MESSAGES = 20


@pages.route("/me")
def index(visit: Visit) -> Any:
    """Everything of one's own, with what waits."""
    db, worker_id = visit.db, visit.worker_id
    return page(
        "me.html",
        profile=submitting.of(db, worker_id),
        bookings=len(bookings.upcoming(db, worker_id, now=visit.now)),
        sign_ups=len(sign_ups.mine(db, worker_id, now=visit.now)),
        unread=inbox.unread(db, worker_id),
    )


@pages.route("/me/card")
def card(visit: Visit) -> Any:
    """The profile as it is, and where its card hangs."""
    profile = submitting.of(visit.db, visit.worker_id)
    live = cards.live_card(visit.db, profile) if profile else None
    return page("card.html", profile=profile, card=live, changes=_changes(profile))


def _changes(profile: Any) -> tuple[str, ...]:
    """What its person can do with a profile in this state."""
    if profile is None or profile.state == ProfileState.WITHDRAWN:
        return ()
    first = {ProfileState.LISTED: ("pause",), ProfileState.PAUSED: ("resume",)}
    return (*first.get(ProfileState(profile.state), ()), "withdraw")


@pages.route("/me/card/<what>", methods=("GET", "POST"))
def change(visit: Visit, what: str) -> Any:
    """Hide it, show it again, or take it down; the last is asked once more."""
    profile = submitting.of(visit.db, visit.worker_id)
    if what not in ("pause", "resume", "withdraw") or profile is None:
        raise NotFound
    if request.method != "POST":
        return page("sure_withdraw.html") if what == "withdraw" else to("me.card")
    if what == "withdraw":
        consents.withdraw(visit.db, visit.worker_id, Kind.PROFILE, "", now=visit.now)
        say("撤下了。墙上和别人收藏里的卡片都作废了。")
    elif what == "pause":
        profiles.pause(visit.db, profile, now=visit.now)
        say("暂停了，别人看不到你的卡片。")
    else:
        profiles.resume(visit.db, profile, now=visit.now)
        say("恢复了，别人又看得到你的卡片了。")
    return to("me.card")


@pages.route("/me/messages")
def messages(visit: Visit) -> Any:
    """What was told, newest first; the unread are marked."""
    before = whole(request.args.get("before"))
    found = inbox.recent(visit.db, visit.worker_id, before=before, limit=MESSAGES)
    shown = [(one, said) for one in found if (said := notice_words.words(visit.db, one, now=visit.now))]
    rest = found[-1].id if len(found) == MESSAGES else None
    return page("messages.html", shown=[(one, bare(said)) for one, said in shown], rest=rest)


@pages.route("/me/messages/<id:number>")
def message(visit: Visit, number: int) -> Any:
    """One of them, all of it. To open it is to have read it."""
    notice = inbox.one(visit.db, visit.worker_id, number)
    if notice is None:
        raise NotFound
    said = notice_words.words(visit.db, notice, now=visit.now)
    inbox.read(visit.db, notice, now=visit.now)
    return page(
        "message.html",
        notice=notice,
        lines=bare(said).split("\n") if said else ["这件事后来有了变化，这条消息不作数了。"],
        asks=said is not None and notice_words.asks(notice, said),
    )


@pages.route("/me/consents")
def agreed(visit: Visit) -> Any:
    """What one agreed to, and taking it back."""
    return page("consents.html", agreed=consents.agreed(visit.db, visit.worker_id))


@pages.route("/me/consents/end", methods=("POST",))
def end_consent(visit: Visit) -> Any:
    """Take back the yes to a kind of notices; the profile has a page of its own."""
    key = request.form.get("key", "")[:100]
    consents.withdraw(visit.db, visit.worker_id, Kind.NOTICES, key, now=visit.now)
    say("好，这一类通知不再发给你。")
    return to("me.agreed")


@pages.route("/me/mutes", methods=("GET", "POST"))
def muted(visit: Visit) -> Any:
    """Which broadcasts are wanted; what concerns oneself comes all the same."""
    if request.method == "POST":
        topic = request.form.get("topic", "")
        if topic not in tuple(Topic):
            raise NotFound
        if request.form.get("wanted"):
            mutes.unmute(visit.db, visit.worker_id, (Topic(topic),))
            say(f"{TOPICS[Topic(topic)]}又会发给你了。")
        else:
            mutes.mute(visit.db, visit.worker_id, (Topic(topic),), now=visit.now)
            say(f"{TOPICS[Topic(topic)]}不再发给你。")
        return to("me.muted")
    return page("mutes.html", topics=TOPICS, muted=mutes.muted(visit.db, visit.worker_id))
