"""What a person does with the phone: each act leaves a line in the chat and pushes what WeChat pushes."""

from __future__ import annotations

import secrets
from typing import Any

from . import windows
from .push import Delivery, Hand, deliver
from .records import Json, Media, Message, Person
from .world import World
from .xml import Field

MESSAGE_ARTICLES = 1
EVENT_ARTICLES = 8


class Impossible(Exception):
    """An act that the phone cannot do now; the message is shown to who tried."""


def head(world: World, person: Person, kind: str) -> list[Field]:
    return [
        ("ToUserName", world.settings.original_id),
        ("FromUserName", person.openid),
        ("CreateTime", int(world.clock.now())),
        ("MsgType", kind),
    ]


def message_fields(world: World, person: Person, kind: str, fields: list[Field]) -> list[Field]:
    """A user message as pushed, with a fresh MsgId."""
    return [*head(world, person, kind), *fields, ("MsgId", world.state.next_number())]


def event_fields(world: World, person: Person, event: str, fields: list[Field]) -> list[Field]:
    return [*head(world, person, "event"), ("Event", event), *fields]


async def push_message(
    world: World, person: Person, kind: str, fields: list[Field], hand: Hand | None = None
) -> Delivery:
    return await deliver(
        world, person, message_fields(world, person, kind, fields), article_limit=MESSAGE_ARTICLES, hand=hand
    )


async def push_event(
    world: World, person: Person, event: str, fields: list[Field], hand: Hand | None = None
) -> Delivery:
    return await deliver(
        world,
        person,
        event_fields(world, person, event, fields),
        answered=event in world.settings.answered_events,
        article_limit=EVENT_ARTICLES,
        hand=hand,
    )


def spoke(world: World, person: Person) -> None:
    """The person wrote: the 48-hour window opens anew."""
    windows.renew(person, "message", world.clock.now())
    touched(world, person)


def touched(world: World, person: Person) -> None:
    person.rest()["contact_at"] = world.clock.now()
    world.touch()


def must_follow(person: Person) -> None:
    if not person.following:
        raise Impossible("还没有关注公众号")


def say(world: World, person: Person, text: str) -> Message | None:
    """Send a text."""
    must_follow(person)
    message = world.put(person, "worker", "text", text)
    spoke(world, person)
    world.spawn(push_message(world, person, "text", [("Content", text)]))
    return message


def tap(world: World, person: Person, item_id: str, text: str) -> Message | None:
    """Tap a msgmenu item or a bizmsgmenu link: a text with its id, counted as a menu click."""
    must_follow(person)
    message = world.put(person, "worker", "text", text)
    windows.renew(person, "menu", world.clock.now())
    touched(world, person)
    world.spawn(push_message(world, person, "text", [("Content", text), ("bizmsgmenuid", item_id)]))
    return message


def keep_media(world: World, kind: str, content: bytes, mime: str, name: str) -> Media:
    """Store a file that a person sent, as temporary media of the account."""
    media = Media(
        media_id=secrets.token_urlsafe(48),
        kind=kind,
        name=name,
        mime=mime,
        created_at=world.clock.now(),
        size=len(content),
    )
    world.state.files.put(media.media_id, content)
    world.state.media[media.media_id] = media
    world.touch()
    return media


def send_file(
    world: World, person: Person, base: str, kind: str, content: bytes, mime: str, name: str
) -> Message | None:
    """Send a picture or a voice recording."""
    must_follow(person)
    media = keep_media(world, kind, content, mime, name)
    url = f"/emulator/media/{media.media_id}"
    message = world.put(person, "worker", kind, "", {"image_url": url})
    spoke(world, person)
    if kind == "image":
        fields: list[Field] = [("PicUrl", base + url), ("MediaId", media.media_id)]
    else:
        fields = [("MediaId", media.media_id), ("Format", "amr")]
    world.spawn(push_message(world, person, kind, fields))
    return message


def locate(world: World, person: Person, x: float, y: float, label: str) -> Message | None:
    """Send a place."""
    must_follow(person)
    message = world.put(person, "worker", "location", label, {"note": f"{x:.6f},{y:.6f}"})
    spoke(world, person)
    fields: list[Field] = [
        ("Location_X", f"{x:.6f}"),
        ("Location_Y", f"{y:.6f}"),
        ("Scale", 16),
        ("Label", label),
    ]
    world.spawn(push_message(world, person, "location", fields))
    return message


def follow(
    world: World, person: Person, scene: str | None = None, ticket: str = "", scanned: bool = False
) -> Message | None:
    """Follow the account, from a search or from a QR code with a scene."""
    if person.following:
        raise Impossible("已经关注了")
    now = world.clock.now()
    world.state.set_following(person, True)
    person.subscribe_time = int(now)
    person.scene = "ADD_SCENE_QR_CODE" if scene is not None else "ADD_SCENE_SEARCH"
    person.qr = scene
    windows.renew(person, "follow", now)
    touched(world, person)
    message = world.put(person, "worker", "event", "关注了公众号" if not scanned else "扫码关注了公众号")
    world.changed(person)
    fields: list[Field] = [("EventKey", "")]
    if scene is not None:
        fields = [("EventKey", f"qrscene_{scene}"), ("Ticket", ticket)]
    world.spawn(push_event(world, person, "subscribe", fields))
    return message


def unfollow(world: World, person: Person) -> Message | None:
    """Leave the account: windows close, tags and subscriptions are gone."""
    must_follow(person)
    world.state.set_following(person, False)
    windows.close_all(person)
    if person.extra:
        for name in ("tags", "contact_at", "typing_at"):
            person.extra.pop(name, None)
    message = world.put(person, "worker", "event", "取消关注了公众号")
    world.changed(person)
    world.spawn(push_event(world, person, "unsubscribe", [("EventKey", "")]))
    return message


def report_place(world: World, person: Person, x: float, y: float) -> None:
    """The position reported on entering the chat, for people who allowed it."""
    must_follow(person)
    fields: list[Field] = [
        ("Latitude", f"{x:.6f}"),
        ("Longitude", f"{y:.6f}"),
        ("Precision", "119.385040"),
    ]
    world.spawn(push_event(world, person, "LOCATION", fields))


def scan(world: World, person: Person, content: str) -> Json:
    """Scan a code with WeChat's own scanner: a scene follows or enters the chat; else what it is."""
    base = world.settings.qr_base
    if not content.startswith(base):
        is_url = content.startswith(("http://", "https://"))
        return {"content": content, "what": "url" if is_url else "text"}
    ticket = world.state.ticket_by_code.get(content.removeprefix(base))
    if ticket is None:
        return {"content": content, "what": "unknown"}
    now = world.clock.now()
    if ticket.expires_at is not None and ticket.expires_at <= now and not world.settings.expired_code_pushes:
        world.put(person, "system", "event", "该二维码已过期")
        return {"content": content, "what": "expired"}
    if not person.following:
        message = follow(world, person, ticket.scene, ticket.ticket, scanned=True)
    else:
        message = world.put(person, "worker", "event", "扫描了二维码")
        windows.renew(person, "scan", now)
        touched(world, person)
        fields: list[Field] = [("EventKey", ticket.scene), ("Ticket", ticket.ticket)]
        world.spawn(push_event(world, person, "SCAN", fields))
    return {"content": content, "what": "scene", "scene": ticket.scene, "message": message}


def answer_subscription(world: World, person: Person, template_ids: list[str], answer: str) -> Message | None:
    """Accept or reject subscription notices in the popup of a page."""
    known = [one for one in template_ids if one in world.state.templates]
    if not known or any(world.state.templates[one].kind != "subscribe" for one in known):
        raise Impossible("没有这个订阅模板")
    left = person.rest().setdefault("credits", {})
    rows: list[Field] = []
    for template_id in known:
        if answer == "accept":
            left[template_id] = left.get(template_id, 0) + 1
        row = [("TemplateId", template_id), ("SubscribeStatusString", answer), ("PopupScene", 1)]
        rows.append(("List", row))
    titles = "、".join(world.state.templates[one].title for one in known)
    word = "允许" if answer == "accept" else "拒绝"
    message = world.put(person, "worker", "event", f"{word}了订阅通知「{titles}」")
    world.touch()
    world.spawn(push_event(world, person, "subscribe_msg_popup_event", [("SubscribeMsgPopupEvent", rows)]))
    return message


def refuse_later(world: World, person: Person, template_ids: list[str]) -> None:
    """Refuse subscription notices in the settings page: credits are gone, the change is pushed."""
    left = person.rest().setdefault("credits", {})
    rows: list[Field] = []
    for template_id in template_ids:
        left.pop(template_id, None)
        rows.append(("List", [("TemplateId", template_id), ("SubscribeStatusString", "reject")]))
    world.touch()
    world.spawn(push_event(world, person, "subscribe_msg_change_event", [("SubscribeMsgChangeEvent", rows)]))


def as_json(message: Message | None) -> Any:
    return None if message is None else message.public()
