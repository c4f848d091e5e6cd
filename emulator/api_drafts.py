"""The draft box (草稿箱): articles kept until they are sent or published."""

from __future__ import annotations

import re
import secrets
from typing import Any

from .calls import Call, Calls
from .errors import Refused
from .records import Json

calls = Calls()

MOST_ARTICLES = 8
#: element: (characters at most, the code when it is longer)
LENGTHS = {"title": (32, 45003), "author": (16, 45110), "digest": (128, 45004)}
CONTENT = 20_000
SOURCE_URL = 1024
SCRIPT = re.compile(r"<script\b.*?</script>", re.S | re.I)
TAG = re.compile(r"<[^>]*>")


def drafts(call: Call) -> dict[str, Json]:
    """All drafts by their media_id."""
    found: dict[str, Json] = call.world.state.misc.setdefault("drafts", {})
    return found


def draft(call: Call, media_id: Any) -> Json:
    """The draft, or 40007: unknown, deleted, or sent already (rule 37)."""
    found = drafts(call).get(media_id) if isinstance(media_id, str) else None
    if found is None:
        raise Refused(40007)
    return found


def shown(articles: list[Json]) -> Json:
    """What a phone shows of articles."""
    return {
        "articles": [
            {
                "title": one["title"],
                "description": one["digest"],
                "url": one["content_source_url"],
                "picurl": f"/emulator/media/{one['thumb_media_id']}" if one["thumb_media_id"] else "",
            }
            for one in articles
        ]
    }


def checked(call: Call, value: Any) -> Json:
    """One article as it is kept: scripts gone, digest made from the text when it is empty."""
    if not isinstance(value, dict):
        raise Refused(44003)
    kind = value.get("article_type") or "news"
    if kind not in ("news", "newspic"):
        raise Refused(40008)
    kept: Json = {"article_type": kind}
    for name, (most, code) in LENGTHS.items():
        kept[name] = str(value.get(name) or "")
        if len(kept[name]) > most:
            raise Refused(code)
    content = value.get("content")
    if not kept["title"] or not isinstance(content, str) or not content:
        raise Refused(44004)
    if len(content) >= CONTENT:
        raise Refused(45002)
    kept["content"] = SCRIPT.sub("", content)
    kept["digest"] = kept["digest"] or TAG.sub("", kept["content"])[:54]
    kept["content_source_url"] = str(value.get("content_source_url") or "")
    if len(kept["content_source_url"].encode()) > SOURCE_URL:
        raise Refused(45005)
    kept["thumb_media_id"] = str(value.get("thumb_media_id") or "")
    if kind == "news":
        media = call.world.state.media.get(kept["thumb_media_id"])
        if media is None or not media.permanent:
            raise Refused(40007)
    kept["need_open_comment"] = int(bool(value.get("need_open_comment")))
    kept["only_fans_can_comment"] = int(bool(value.get("only_fans_can_comment")))
    if kind == "newspic":
        kept["image_info"] = value.get("image_info") or {}
    return kept


@calls.post("/cgi-bin/draft/add", quota="draft/add")
def add(call: Call) -> Json:
    rows: Any = call.body.get("articles")
    if not isinstance(rows, list) or not rows:
        raise Refused(44003)
    if len(rows) > MOST_ARTICLES:
        raise Refused(45008)
    articles = [checked(call, row) for row in rows]
    media_id = secrets.token_urlsafe(48)
    drafts(call)[media_id] = {"articles": articles, "update_time": int(call.now)}
    return {"media_id": media_id}


@calls.post("/cgi-bin/draft/get", quota="draft/get", reads=True)
def get(call: Call) -> Json:
    return {"news_item": draft(call, call.body.get("media_id"))["articles"]}


@calls.post("/cgi-bin/draft/delete", quota="draft/delete")
def delete(call: Call) -> None:
    draft(call, call.body.get("media_id"))
    del drafts(call)[call.body["media_id"]]


@calls.post("/cgi-bin/draft/update", quota="draft/update")
def update(call: Call) -> None:
    found = draft(call, call.body.get("media_id"))
    index = call.body.get("index", 0)
    if not isinstance(index, int) or not 0 <= index < len(found["articles"]):
        raise Refused(40114, "invalid index value")
    found["articles"][index] = checked(call, call.body.get("articles"))
    found["update_time"] = int(call.now)


@calls.get("/cgi-bin/draft/count", quota="draft/count", reads=True)
def count(call: Call) -> Json:
    return {"total_count": len(drafts(call))}


def page_of(call: Call, rows: list[Json]) -> Json:
    """`offset`, `count` (1 to 20) and `no_content` of a listing."""
    offset, count = call.body.get("offset", 0), call.body.get("count", 20)
    if not isinstance(offset, int) or not isinstance(count, int) or offset < 0 or not 1 <= count <= 20:
        raise Refused(40035)
    chosen = rows[offset : offset + count]
    if call.body.get("no_content"):
        for row in chosen:
            row["content"]["news_item"] = [
                {name: value for name, value in one.items() if name != "content"}
                for one in row["content"]["news_item"]
            ]
    return {"total_count": len(rows), "item_count": len(chosen), "item": chosen}


@calls.post("/cgi-bin/draft/batchget", quota="draft/batchget", reads=True)
def listing(call: Call) -> Json:
    rows = [
        {
            "media_id": media_id,
            "content": {"news_item": one["articles"]},
            "update_time": one["update_time"],
        }
        for media_id, one in drafts(call).items()
    ]
    return page_of(call, rows)
