"""Publishing (发布): a draft becomes an article with an address; nobody is written to, no mass quota is used."""

from __future__ import annotations

import secrets
from typing import Any

from .api_drafts import draft, page_of
from .calls import Call, Calls
from .errors import Refused
from .records import Job, Json
from .world import World
from .xml import Field

calls = Calls()

DONE, PUBLISHING, DELETED = 0, 1, 5


def jobs(world: World) -> dict[str, Json]:
    found: dict[str, Json] = world.state.misc.setdefault("published", {})
    return found


def article(world: World, article_id: Any) -> Json:
    """The published job of this article, or 53600."""
    for one in jobs(world).values():
        if one["article_id"] == article_id and one["status"] == DONE:
            return one
    raise Refused(53600, "article_id is invalid")


@calls.post("/cgi-bin/freepublish/submit", quota="freepublish")
def submit(call: Call) -> Json:
    """Start publishing; the end comes as PUBLISHJOBFINISH."""
    found = draft(call, call.body.get("media_id"))
    publish_id = call.world.state.next_number() % 10**10 + 2 * 10**9
    jobs(call.world)[str(publish_id)] = {
        "status": PUBLISHING,
        "media_id": call.body["media_id"],
        "article_id": secrets.token_urlsafe(32),
        "articles": found["articles"],
        "base": call.base,
        "at": int(call.now),
    }
    call.world.jobs.add(call.world.settings.mass_delay, 0, "PUBLISHJOBFINISH", [("publish_id", publish_id)])
    return {"errcode": 0, "errmsg": "ok", "publish_id": publish_id, "msg_data_id": publish_id + 1}


def urls(one: Json) -> list[str]:
    return [f"{one['base']}/s/{one['article_id']}?idx={n}" for n in range(1, len(one["articles"]) + 1)]


def finish(world: World, job: Job) -> list[Field] | None:
    """Publish now; the elements of the event, None when the article was deleted before."""
    publish_id = dict(job.fields)["publish_id"]
    one = jobs(world).get(str(publish_id))
    if one is None or one["status"] != PUBLISHING:
        return None
    one["status"] = DONE
    world.state.misc.get("drafts", {}).pop(one["media_id"], None)
    detail: list[Field] = [("count", len(one["articles"]))]
    detail += [("item", [("idx", n), ("article_url", url)]) for n, url in enumerate(urls(one), start=1)]
    info: list[Field] = [
        ("publish_id", publish_id),
        ("publish_status", DONE),
        ("article_id", one["article_id"]),
        ("article_detail", detail),
    ]
    return [("PublishEventInfo", info)]


@calls.post("/cgi-bin/freepublish/get", quota="freepublish/get", reads=True)
def get(call: Call) -> Json:
    """How a publishing stands: 1 while it goes on."""
    publish_id = call.body.get("publish_id")
    one = jobs(call.world).get(str(publish_id))
    if one is None:
        raise Refused(40007, "invalid publish_id")
    answer: Json = {"publish_id": publish_id, "publish_status": one["status"], "fail_idx": []}
    if one["status"] == DONE:
        items = [{"idx": n, "article_url": url} for n, url in enumerate(urls(one), start=1)]
        answer |= {
            "article_id": one["article_id"],
            "article_detail": {"count": len(items), "item": items},
        }
    return answer


def with_urls(one: Json) -> list[Json]:
    return [
        {**row, "url": url, "is_deleted": False} for row, url in zip(one["articles"], urls(one), strict=True)
    ]


@calls.post("/cgi-bin/freepublish/getarticle", quota="freepublish/get", reads=True)
def get_article(call: Call) -> Json:
    return {"news_item": with_urls(article(call.world, call.body.get("article_id")))}


@calls.post("/cgi-bin/freepublish/delete", quota="freepublish")
def delete(call: Call) -> None:
    one = article(call.world, call.body.get("article_id"))
    index = call.body.get("index", 0)
    if not isinstance(index, int) or not 0 <= index <= len(one["articles"]):
        raise Refused(40114, "invalid index value")
    if index:
        del one["articles"][index - 1]
    if not index or not one["articles"]:
        one["status"] = DELETED


@calls.post("/cgi-bin/freepublish/batchget", quota="freepublish/get", reads=True)
def listing(call: Call) -> Json:
    rows = [
        {"article_id": one["article_id"], "content": {"news_item": with_urls(one)}, "update_time": one["at"]}
        for one in jobs(call.world).values()
        if one["status"] == DONE
    ]
    return page_of(call, rows)
