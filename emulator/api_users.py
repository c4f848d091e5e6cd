"""Followers: facts about them, lists of them, remarks and the blacklist."""

from __future__ import annotations

from itertools import islice
from typing import Any

from .calls import Call, Calls
from .errors import Refused
from .records import Json, Person

calls = Calls()
PAGE = 10_000


def info_of(person: Person) -> Json:
    """What the platform still tells: never a nickname or a picture."""
    if not person.following:
        return {"subscribe": 0, "openid": person.openid}
    tags = person.fact("tags", [])
    scene = person.qr or ""
    return {
        "subscribe": 1,
        "openid": person.openid,
        "language": "zh_CN",
        "subscribe_time": person.subscribe_time or 0,
        "remark": person.fact("remark", ""),
        "groupid": tags[0] if tags else 0,
        "tagid_list": list(tags),
        "subscribe_scene": person.scene or "ADD_SCENE_OTHERS",
        "qr_scene": int(scene) if scene.isdigit() and len(scene) < 11 else 0,
        "qr_scene_str": "" if scene.isdigit() and len(scene) < 11 else scene,
    }


def openids(call: Call, name: str, most: int) -> list[Person]:
    """The people of a list in the body; 40031, 40032 or 40003 when it is not right."""
    value: Any = call.body.get(name)
    if not isinstance(value, list) or not value:
        raise Refused(40031)
    if len(value) > most:
        raise Refused(40032)
    return [call.world.receiver(one) for one in value]


@calls.get("/cgi-bin/user/info", quota="user/info", reads=True)
def info(call: Call) -> Json:
    if not call.query.get("openid"):
        raise Refused(41009)
    return info_of(call.world.receiver(call.query["openid"]))


@calls.post("/cgi-bin/user/info/batchget", quota="user/info", reads=True)
def batch(call: Call) -> Json:
    rows: Any = call.body.get("user_list")
    if not isinstance(rows, list) or not rows:
        raise Refused(40031)
    if len(rows) > 100:
        raise Refused(40032)
    found = [call.world.receiver(row.get("openid") if isinstance(row, dict) else None) for row in rows]
    return {"user_info_list": [info_of(person) for person in found]}


def page(call: Call, next_openid: Any, people: Any) -> Json:
    """One page of OpenIDs after `next_openid`; `people(start)` yields them from a number on."""
    start = call.world.receiver(next_openid).id if next_openid else 0
    taken = [person.openid for person in islice(people(start), PAGE)]
    answer: Json = {"count": len(taken)}
    if taken:
        answer["data"] = {"openid": taken}
    is_last = len(taken) < PAGE
    keep = call.world.settings.last_page_next_openid or not is_last
    answer["next_openid"] = taken[-1] if taken and keep else ""
    return answer


@calls.get("/cgi-bin/user/get", quota="user/get", reads=True)
def followers(call: Call) -> Json:
    answer = page(call, call.query.get("next_openid"), call.world.state.following)
    return {"total": call.world.state.followers, **answer}


@calls.post("/cgi-bin/user/info/updateremark", quota="user/remark")
def update_remark(call: Call) -> None:
    person = call.world.receiver(call.body.get("openid"))
    remark = call.body.get("remark")
    if not isinstance(remark, str) or len(remark) >= 30:
        raise Refused(40035)
    if not person.following:
        raise Refused(40003)
    person.rest()["remark"] = remark


@calls.post("/cgi-bin/tags/members/getblacklist", reads=True)
def blacklist(call: Call) -> Json:
    def people(start: int) -> Any:
        return (one for one in call.world.state.following(start) if one.fact("blocked"))

    answer = page(call, call.body.get("begin_openid"), people)
    total = sum(1 for _ in people(0))
    return {"total": total, **answer}


@calls.post("/cgi-bin/tags/members/batchblacklist")
def block(call: Call) -> None:
    for person in openids(call, "openid_list", 20):
        person.rest()["blocked"] = True


@calls.post("/cgi-bin/tags/members/batchunblacklist")
def unblock(call: Call) -> None:
    for person in openids(call, "openid_list", 20):
        person.rest().pop("blocked", None)
