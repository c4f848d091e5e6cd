"""Every call the platform offers here, noun by noun.

Mass messages, drafts and publishing (群发, 草稿箱, 发布) are not offered yet: they get a file each
(api_mass.py, api_drafts.py, api_publish.py) with their `calls`, and a line in the list below.
"""

from __future__ import annotations

from aiohttp import web

from . import (
    api_account,
    api_agents,
    api_custom,
    api_media,
    api_menu,
    api_qrcode,
    api_tags,
    api_template,
    api_token,
    api_users,
    oauth,
)
from .calls import JSON_HEADERS, Route, to_json
from .errors import Refused, new_rid
from .world import WORLD

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
    *oauth.calls.routes,
]


async def unknown(request: web.Request) -> web.Response:
    """A path that the platform (or this emulator) does not have."""
    rid = new_rid(request.app[WORLD].clock.now())
    return web.Response(body=to_json(Refused(40066).body(rid)), headers=JSON_HEADERS)
