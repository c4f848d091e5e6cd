"""Customer-service messages (客服消息) and the typing state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import windows
from .api_drafts import shown
from .calls import Call, Calls
from .errors import Refused
from .records import Json

calls = Calls()

Shown = tuple[str, str, Json | None]


def part(call: Call, name: str) -> Json:
    value = call.body.get(name)
    if not isinstance(value, dict):
        raise Refused(44004)
    return value


def media_url(call: Call, value: Any) -> str:
    """The picture or sound of a living media_id; 41006 when missing, 40007 when unknown or expired."""
    if not value:
        raise Refused(41006)
    media = call.world.state.media.get(value) if isinstance(value, str) else None
    if media is None or (not media.permanent and media.created_at + 3 * 86400 <= call.now):
        raise Refused(40007)
    return f"/emulator/media/{media.media_id}"


def text(call: Call) -> Shown:
    content = part(call, "text").get("content")
    if not isinstance(content, str) or not content:
        raise Refused(44004)
    if len(content.encode()) > call.world.settings.custom_text_limit:
        raise Refused(45002)
    return "text", content, None


def image(call: Call) -> Shown:
    return "image", "", {"image_url": media_url(call, part(call, "image").get("media_id"))}


def voice(call: Call) -> Shown:
    return "voice", "", {"image_url": media_url(call, part(call, "voice").get("media_id"))}


def video(call: Call) -> Shown:
    video = part(call, "video")
    url = media_url(call, video.get("media_id"))
    return "video", str(video.get("title") or ""), {"url": url, "note": str(video.get("description") or "")}


def music(call: Call) -> Shown:
    music = part(call, "music")
    thumb = media_url(call, music.get("thumb_media_id"))
    more = {"url": music.get("musicurl") or "", "note": music.get("description") or "", "image_url": thumb}
    return "music", str(music.get("title") or ""), more


def news(call: Call) -> Shown:
    articles = part(call, "news").get("articles")
    if not isinstance(articles, list) or not articles:
        raise Refused(44003)
    if len(articles) > 1:
        raise Refused(45008)
    kept = []
    for one in articles:
        if not isinstance(one, dict):
            raise Refused(44003)
        kept.append({key: str(one.get(key) or "") for key in ("title", "description", "url", "picurl")})
    return "news", "", {"articles": kept}


def msgmenu(call: Call) -> Shown:
    menu = part(call, "msgmenu")
    rows = menu.get("list")
    if not isinstance(rows, list) or not rows:
        raise Refused(44005)
    items = []
    for row in rows:
        if not isinstance(row, dict) or not row.get("content") or row.get("id") in (None, ""):
            raise Refused(40035)
        items.append({"id": str(row["id"]), "content": str(row["content"])})
    head, tail = str(menu.get("head_content") or ""), str(menu.get("tail_content") or "")
    return "msgmenu", "", {"head": head, "items": items, "tail": tail}


def mini_program(call: Call) -> Shown:
    page = part(call, "miniprogrampage")
    thumb = media_url(call, page.get("thumb_media_id"))
    if not page.get("appid"):
        raise Refused(40013)
    return (
        "miniprogram",
        str(page.get("title") or ""),
        {"image_url": thumb, "url": page.get("pagepath") or ""},
    )


def published(call: Call) -> Shown:
    """An article by the article_id it has since it was published."""
    wanted = part(call, "mpnewsarticle").get("article_id")
    for one in call.world.state.misc.get("published", {}).values():
        if one["article_id"] == wanted and one["status"] == 0:
            return "news", "", shown(one["articles"])
    raise Refused(53600, "article_id is invalid")


KINDS: dict[str, Callable[[Call], Shown]] = {
    "text": text,
    "image": image,
    "voice": voice,
    "video": video,
    "music": music,
    "news": news,
    "msgmenu": msgmenu,
    "miniprogrampage": mini_program,
    "mpnewsarticle": published,
}


@calls.post("/cgi-bin/message/custom/send", quota="custom/send")
def send(call: Call) -> None:
    """Send one message inside the person's window; refused calls use nothing of it."""
    world = call.world
    person = world.receiver(call.body.get("touser"))
    make = KINDS.get(str(call.body.get("msgtype")))
    if make is None:
        raise Refused(40008)
    kind, words, more = make(call)
    if world.settings.check_windows:
        windows.take(person, call.now)
    elif not person.following:
        raise Refused(45015)
    if person.extra is not None:
        person.extra.pop("typing_at", None)
    world.put(person, "account", kind, words, more)


@calls.post("/cgi-bin/message/custom/typing")
def typing(call: Call) -> None:
    """Show or end 对方正在输入; only within 30 seconds of the person's last message."""
    world = call.world
    person = world.receiver(call.body.get("touser"))
    command = call.body.get("command")
    if command not in ("Typing", "CancelTyping"):
        raise Refused(45072)
    contact = person.fact("contact_at")
    if not person.following or contact is None or call.now - contact > 30:
        raise Refused(45080)
    if command == "CancelTyping":
        person.rest().pop("typing_at", None)
    else:
        typing_at = person.fact("typing_at")
        if typing_at is not None and call.now - typing_at < 15:
            raise Refused(45081)
        person.rest()["typing_at"] = call.now
    if not person.bulk:
        world.hub.publish("typing", {"person": person.id, "on": command == "Typing"})
