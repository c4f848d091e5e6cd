"""Tags (标签) and who has them."""

from __future__ import annotations

from typing import Any

from .api_users import openids, page
from .calls import Call, Calls
from .errors import Refused
from .records import Json, Person

calls = Calls()

MOST_TAGS = 100
MOST_PER_PERSON = 20
FIRST_ID = 100
SYSTEM = (0, 1, 2)
BIG = 100_000


def tags_of(person: Person) -> list[int]:
    return list(person.fact("tags", []))


def counts(call: Call) -> dict[int, int]:
    """Followers per tag."""
    found = dict.fromkeys(call.world.state.tags, 0)
    for person in call.world.state.following():
        for tag in person.fact("tags", ()):
            found[tag] = found.get(tag, 0) + 1
    return found


def checked_name(call: Call) -> tuple[Json, str]:
    tag: Any = call.body.get("tag")
    name = tag.get("name") if isinstance(tag, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise Refused(45157)
    # "30 characters" in the text, "30 bytes" in the error list: the characters decide here.
    if len(name) > 30:
        raise Refused(45158)
    number = tag.get("id")
    own = call.world.state.tags.get(number) if isinstance(number, int) else None
    if name in call.world.state.tags.values() and own != name:
        raise Refused(45157)
    return tag, name


def known(call: Call, value: Any) -> int:
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if value in SYSTEM and not isinstance(value, bool):
        raise Refused(45058)
    if not isinstance(value, int) or value not in call.world.state.tags:
        raise Refused(45159)
    return value


@calls.post("/cgi-bin/tags/create")
def create(call: Call) -> Json:
    _, name = checked_name(call)
    state = call.world.state
    if len(state.tags) >= MOST_TAGS:
        raise Refused(45056)
    number = int(state.misc.get("next_tag", FIRST_ID))
    state.misc["next_tag"] = number + 1
    state.tags[number] = name
    return {"tag": {"id": number, "name": name}}


@calls.get("/cgi-bin/tags/get", reads=True)
def listing(call: Call) -> Json:
    found = counts(call)
    rows = [{"id": 2, "name": "星标组", "count": found.get(2, 0)}]
    rows += [
        {"id": number, "name": name, "count": found[number]} for number, name in call.world.state.tags.items()
    ]
    return {"tags": rows}


@calls.post("/cgi-bin/tags/update")
def update(call: Call) -> None:
    tag, name = checked_name(call)
    call.world.state.tags[known(call, tag.get("id"))] = name


@calls.post("/cgi-bin/tags/delete")
def delete(call: Call) -> None:
    tag: Any = call.body.get("tag")
    number = known(call, tag.get("id") if isinstance(tag, dict) else None)
    if counts(call).get(number, 0) > BIG:
        raise Refused(45057)
    for person in call.world.state.following():
        if number in person.fact("tags", ()):
            person.rest()["tags"].remove(number)
    del call.world.state.tags[number]


def usable(call: Call) -> int:
    """The tag to put on people; the star tag 2 may be used."""
    value: Any = call.body.get("tagid")
    return 2 if value in (2, "2") else known(call, value)


@calls.post("/cgi-bin/tags/members/batchtagging")
def tag_people(call: Call) -> None:
    """Tag all of the list or, when one of them cannot be tagged, nobody."""
    people = openids(call, "openid_list", 50)
    number = usable(call)
    for person in people:
        if not person.following:
            raise Refused(40003)
        if number not in tags_of(person) and len(tags_of(person)) >= MOST_PER_PERSON:
            raise Refused(45059)
    for person in people:
        if number not in tags_of(person):
            person.rest().setdefault("tags", []).append(number)


@calls.post("/cgi-bin/tags/members/batchuntagging")
def untag_people(call: Call) -> None:
    people = openids(call, "openid_list", 50)
    number = usable(call)
    if not all(person.following for person in people):
        raise Refused(40003)
    for person in people:
        if number in tags_of(person):
            person.rest()["tags"].remove(number)


@calls.post("/cgi-bin/tags/getidlist", reads=True)
def tags_of_person(call: Call) -> Json:
    person = call.world.receiver(call.body.get("openid"))
    if not person.following:
        raise Refused(40003)
    return {"tagid_list": tags_of(person)}


@calls.post("/cgi-bin/user/tag/get", reads=True)
def people_of_tag(call: Call) -> Json:
    number = usable(call)

    def people(start: int) -> Any:
        return (one for one in call.world.state.following(start) if number in one.fact("tags", ()))

    return page(call, call.body.get("next_openid"), people)
