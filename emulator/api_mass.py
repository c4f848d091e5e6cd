"""Mass messages (群发): a call queues a job; what came of it is told by MASSSENDJOBFINISH and mass/get."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from .api_custom import Shown, media_url, part, text
from .api_drafts import draft, shown
from .calls import Call, Calls
from .errors import Refused
from .records import Job, Json, Person
from .world import World
from .xml import Field

calls = Calls()

DAY = 86400
MOST_RECEIVERS = 10_000
A_MONTH = 4
CLIENT_ID_BYTES = 32
PROTECTION_SECONDS = 1800
SPEEDS = (80, 60, 45, 30, 10)
SENDING, SENT, FAILED, DELETED = "SENDING", "SEND_SUCCESS", "SEND_FAIL", "DELETE"


def masses(world: World) -> dict[str, Json]:
    """All mass jobs by msg_id."""
    found: dict[str, Json] = world.state.misc.setdefault("mass", {})
    return found


# what may be sent


def image(call: Call) -> Shown:
    given = call.body.get("images")
    ids = given.get("media_ids") if isinstance(given, dict) else [part(call, "image").get("media_id")]
    if not isinstance(ids, list) or not ids:
        raise Refused(41006)
    return "image", "", {"image_url": next(media_url(call, one) for one in ids)}


def voice(call: Call) -> Shown:
    return "voice", "", {"image_url": media_url(call, part(call, "voice").get("media_id"))}


def video(call: Call) -> Shown:
    one = part(call, "mpvideo")
    return "video", str(one.get("title") or ""), {"url": media_url(call, one.get("media_id"))}


def article(call: Call) -> Shown:
    return "news", "", shown(draft(call, part(call, "mpnews").get("media_id"))["articles"])


KINDS = {"text": text, "image": image, "voice": voice, "mpvideo": video, "mpnews": article}


def content_of(call: Call) -> Shown:
    kind = call.body.get("msgtype")
    if kind == "wxcard":
        raise Refused(45113)
    if not isinstance(kind, str) or kind not in KINDS:
        raise Refused(40008)
    return KINDS[kind](call)


# sending


def known_job(call: Call, target: Any) -> tuple[str, int | None]:
    """(the id this job is known by, its msg_id when it was taken within a day); 45066 when asked again too soon."""
    given = call.body.get("clientmsgid") or ""
    if not isinstance(given, str) or len(given.encode()) > CLIENT_ID_BYTES:
        raise Refused(45067)
    if not given:
        kind = str(call.body.get("msgtype"))
        said = json.dumps([target, kind, call.body.get(kind)], sort_keys=True)
        given = hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest()
    ids: dict[str, list[float]] = call.world.state.misc.setdefault("mass_ids", {})
    for old in [name for name, row in ids.items() if row[1] <= call.now - DAY]:
        del ids[old]
    if given not in ids:
        return given, None
    msg_id, at = ids[given]
    if call.now - at < call.world.settings.client_id_pause:
        raise Refused(45066)
    return given, int(msg_id)


def queue(call: Call, target: Any, people: list[Person], total: int, *, waits: bool = False) -> Json:
    """Take the job, once for its clientmsgid; it is done later."""
    world = call.world
    name, before = known_job(call, target)
    if before is not None:
        raise Refused(45065, msg_id=before)
    kind, words, more = content_of(call)
    if waits or call.body.get("filter", {}).get("is_to_all"):
        count_to_all(world)
    msg_id = world.state.next_number() % 10**10 + 3 * 10**9
    world.state.misc["mass_ids"][name] = [msg_id, call.now]
    is_article = call.body["msgtype"] == "mpnews"
    masses(world)[str(msg_id)] = {
        "status": SENDING,
        "people": [person.id for person in people],
        "total": total,
        "shown": [kind, words, more],
        "type": call.body["msgtype"],
        "media_id": call.body["mpnews"]["media_id"] if is_article else None,
        "waits": waits,
        "clientmsgid": name,
    }
    delay = PROTECTION_SECONDS if waits else world.settings.mass_delay
    world.jobs.add(delay, 0, "MASSSENDJOBFINISH", [("MsgID", msg_id)])
    answer = {"errcode": 0, "errmsg": "send job submission success", "msg_id": msg_id}
    return {**answer, "msg_data_id": msg_id + 1} if is_article else answer


def count_to_all(world: World) -> None:
    """One message to everybody a day, four a month (45028)."""
    if not world.settings.check_quotas:
        return
    day, month, state = world.clock.day(), world.clock.month(), world.state
    if state.count("mass_all_day", day) >= 1 or state.count("mass_all_month", month) >= A_MONTH:
        raise Refused(45028)
    state.add_count("mass_all_day", day)
    state.add_count("mass_all_month", month)


@calls.post("/cgi-bin/message/mass/send", quota="mass/send")
def send(call: Call) -> Json:
    """Queue a message to a list of 2 to 10,000 people. Who is unknown is left out, and counted in TotalCount."""
    openids: Any = call.body.get("touser")
    if not isinstance(openids, list) or not openids:
        raise Refused(40031)
    if len(openids) == 1:
        raise Refused(40130)
    if len(openids) > MOST_RECEIVERS:
        raise Refused(40032)
    find = call.world.state.by_openid
    people = [find[one] for one in openids if isinstance(one, str) and one in find]
    if not people:
        raise Refused(40003)
    return queue(call, openids, people, len(openids))


@calls.post("/cgi-bin/message/mass/sendall", quota="mass/send")
def send_all(call: Call) -> Json:
    """Queue a message to the followers with a tag, or to all; under protection the administrator is asked first."""
    chosen: Any = call.body.get("filter")
    if not isinstance(chosen, dict):
        raise Refused(40035)
    state = call.world.state
    if chosen.get("is_to_all"):
        people = list(state.following())
        waits = call.world.settings.mass_protection
        return queue(call, "all", people, len(people), waits=waits)
    tag = chosen.get("tag_id", chosen.get("group_id"))
    tag = int(tag) if isinstance(tag, str) and tag.isdigit() else tag
    if not isinstance(tag, int) or (tag != 2 and tag not in state.tags):
        raise Refused(40152)
    people = [one for one in state.following() if tag in one.fact("tags", ())]
    return queue(call, f"tag {tag}", people, len(people))


def finish(world: World, job: Job) -> list[Field] | None:
    """Do a mass job; the elements of its event, None when it is over already."""
    msg_id = dict(job.fields)["MsgID"]
    mass = masses(world).get(str(msg_id))
    if mass is None or mass["status"] != SENDING:
        return None
    status = world.settings.mass_result or mass.get("verdict") or ("err(40002)" if mass["waits"] else "")
    filtered = sent = 0
    if not status:
        status = "send success"
        people = [one for number in mass["people"] if (one := world.state.person(number)) is not None]
        filtered, sent = deliver_to(world, people, *mass["shown"])
        if mass["media_id"]:
            world.state.misc.get("drafts", {}).pop(mass["media_id"], None)
    mass["status"] = SENT if status == "send success" else FAILED
    mass["people"] = []
    none: list[Field] = [("Count", 0), ("ResultList", "")]
    return [
        ("MsgID", msg_id),
        ("Status", status),
        ("TotalCount", mass["total"]),
        ("FilterCount", filtered),
        ("SentCount", sent),
        ("ErrorCount", filtered - sent),
        ("CopyrightCheckResult", [*none, ("CheckState", 0)]),
        ("ArticleUrlResult", none),
    ]


def deliver_to(
    world: World, people: Iterable[Person], kind: str, words: str, more: Json | None
) -> tuple[int, int]:
    """(who was left after filters, who got it)."""
    month = world.clock.month()
    filtered = sent = 0
    for person in people:
        if not person.following or person.fact("blocked") or person.fact("refuses_mass"):
            continue
        if world.settings.check_quotas:
            counted: list[Any] = person.fact("mass") or [month, 0]
            used = counted[1] if counted[0] == month else 0
            if used >= A_MONTH:
                continue
            person.rest()["mass"] = [month, used + 1]
        filtered += 1
        if person.fact("mass_error"):
            continue
        sent += 1
        world.put(person, "account", kind, words, more)
    return filtered, sent


def decide(world: World, msg_id: str, approve: bool) -> None:
    """The administrator's answer to a job under protection; KeyError when nothing waits by this id."""
    mass = masses(world)[msg_id]
    if not mass["waits"]:
        raise KeyError(msg_id)
    mass["waits"] = False
    if not approve:
        mass["verdict"] = "err(40001)"
    world.jobs.add(
        0.0 if not approve else world.settings.mass_delay, 0, "MASSSENDJOBFINISH", [("MsgID", int(msg_id))]
    )


# looking, taking back, trying out


def job_of(call: Call) -> Json:
    found = masses(call.world).get(str(call.body.get("msg_id")))
    if found is None:
        raise Refused(40059)
    return found


@calls.post("/cgi-bin/message/mass/get", reads=True)
def get(call: Call) -> Json:
    return {"msg_id": call.body.get("msg_id"), "msg_status": job_of(call)["status"]}


@calls.post("/cgi-bin/message/mass/delete", quota="mass/delete")
def delete(call: Call) -> None:
    """Take back a finished article or video; its cards stay on the phones."""
    mass = job_of(call)
    if mass["type"] not in ("mpnews", "mpvideo") or mass["status"] != SENT:
        raise Refused(40065)
    index = call.body.get("article_idx", 0)
    articles = (mass["shown"][2] or {}).get("articles", [])
    if not isinstance(index, int) or not 0 <= index <= len(articles):
        raise Refused(40060)
    if index:
        gone = mass.setdefault("gone", [])
        gone.append(index)
        if len(set(gone)) < len(articles):
            return
    mass["status"] = DELETED


@calls.post("/cgi-bin/message/mass/preview", quota="mass/preview")
def preview(call: Call) -> Json:
    """Show the message to one person at once; a WeChat name goes before an OpenID."""
    world = call.world
    name = call.body.get("towxname")
    if name:
        person = next((one for one in world.state.phones() if one.name == name), None)
        if person is None:
            raise Refused(40132)
    else:
        person = world.receiver(call.body.get("touser"))
    if not person.following:
        raise Refused(43004)
    kind, words, more = content_of(call)
    world.put(person, "account", kind, words, more)
    return {"errcode": 0, "errmsg": "preview success", "msg_id": world.state.next_number() % 10**10}


@calls.post("/cgi-bin/message/mass/speed/get", body="any", reads=True)
def get_speed(call: Call) -> Json:
    speed = int(call.world.state.misc.get("mass_speed", 0))
    return {"speed": speed, "realspeed": SPEEDS[speed]}


@calls.post("/cgi-bin/message/mass/speed/set")
def set_speed(call: Call) -> None:
    speed = call.body.get("speed")
    if not isinstance(speed, int) or isinstance(speed, bool) or not 0 <= speed < len(SPEEDS):
        raise Refused(45083)
    call.world.state.misc["mass_speed"] = speed
