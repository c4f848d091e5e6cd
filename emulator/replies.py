"""Passive replies (被动回复): read, checked as strictly as phones show them."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from .records import Json
from .world import World
from .xml import text_of


class BadReply(Exception):
    """A reply for which the user sees the failure line; the message says why."""


@dataclass
class Shown:
    """One bubble made of a reply."""

    kind: str
    text: str
    more: Json | None = None


def read_reply(world: World, root: Element, openid: str, article_limit: int) -> list[Shown]:
    """What the user gets to see; empty when the message goes to human agents."""
    if text_of(root, "FromUserName") != world.settings.original_id:
        raise BadReply("FromUserName is not the original ID")
    if text_of(root, "ToUserName") != openid:
        raise BadReply("ToUserName is not the sender")
    if not text_of(root, "CreateTime").strip().isdigit():
        raise BadReply("CreateTime is not a number")
    kind = text_of(root, "MsgType")
    if kind == "text":
        return [text_reply(root, world.settings.reply_text_limit)]
    if kind in ("image", "voice", "video"):
        return [media_reply(world, root, kind)]
    if kind == "music":
        return [music_reply(root)]
    if kind == "news":
        return [news_reply(root, article_limit)]
    if kind == "transfer_customer_service":
        return []
    raise BadReply(f"unknown MsgType {kind!r}")


def text_reply(root: Element, limit: int) -> Shown:
    content = text_of(root, "Content")
    if not content:
        raise BadReply("text without Content")
    if len(content.encode()) > limit:
        raise BadReply(f"Content over {limit} bytes")
    return Shown("text", content)


def media_reply(world: World, root: Element, kind: str) -> Shown:
    part = kind.capitalize()
    media_id = text_of(root, f"{part}/MediaId")
    if media_id not in world.state.media:
        raise BadReply("unknown MediaId")
    more: Json = {"image_url": f"/emulator/media/{media_id}", "note": text_of(root, f"{part}/Description")}
    return Shown(kind, text_of(root, f"{part}/Title"), more)


def music_reply(root: Element) -> Shown:
    if not text_of(root, "Music/ThumbMediaId"):
        raise BadReply("music without ThumbMediaId")
    return Shown(
        "music",
        text_of(root, "Music/Title"),
        {"note": text_of(root, "Music/Description"), "url": text_of(root, "Music/MusicUrl")},
    )


def news_reply(root: Element, limit: int) -> Shown:
    articles = [
        {
            "title": text_of(item, "Title"),
            "description": text_of(item, "Description"),
            "picurl": text_of(item, "PicUrl"),
            "url": text_of(item, "Url"),
        }
        for item in root.findall("Articles/item")
    ]
    if not articles:
        raise BadReply("news without articles")
    if not text_of(root, "ArticleCount").strip().isdigit():
        raise BadReply("ArticleCount is not a number")
    if not all(article["title"] for article in articles):
        raise BadReply("article without Title")
    return Shown("news", "", {"articles": articles[:limit]})
