"""Every call the platform offers here, noun by noun, and what is done later, by event."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from . import (
    api_account,
    api_agents,
    api_custom,
    api_drafts,
    api_mass,
    api_media,
    api_menu,
    api_publish,
    api_qrcode,
    api_tags,
    api_template,
    api_token,
    api_users,
    oauth,
)
from .calls import JSON_HEADERS, Route, to_json
from .errors import Refused, new_rid
from .records import Job
from .world import WORLD, World
from .xml import Field

ROUTES: list[Route] = [
    *api_token.calls.routes,
    *api_account.calls.routes,
    *api_menu.calls.routes,
    *api_qrcode.calls.routes,
    *api_custom.calls.routes,
    *api_agents.calls.routes,
    *api_template.calls.routes,
    *api_users.calls.routes,
    *api_tags.calls.routes,
    *api_media.calls.routes,
    *api_mass.calls.routes,
    *api_drafts.calls.routes,
    *api_publish.calls.routes,
    *oauth.calls.routes,
]

#: Jobs that do something before they are told of: they give the elements of the event, None for no event.
LATER: dict[str, Callable[[World, Job], list[Field] | None]] = {
    "MASSSENDJOBFINISH": api_mass.finish,
    "PUBLISHJOBFINISH": api_publish.finish,
}


async def unknown(request: web.Request) -> web.Response:
    """A path that the platform (or this emulator) does not have."""
    rid = new_rid(request.app[WORLD].clock.now())
    return web.Response(body=to_json(Refused(40066).body(rid)), headers=JSON_HEADERS)
