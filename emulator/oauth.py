"""Web authorisation (网页授权): the page that WeChat shows, and the sns calls."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .records import Person
from .world import World

AUTHORIZE = "/connect/oauth2/authorize"


def phone_url(world: World, person: Person, url: str) -> str:
    """The address a phone's frame loads for a link: authorisation goes to this server, as this person."""
    parts = urlsplit(url)
    if parts.path != AUTHORIZE:
        return url
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != "emulator_person"]
    query.append(("emulator_person", str(person.id)))
    return urlunsplit(("", "", AUTHORIZE, urlencode(query), ""))
