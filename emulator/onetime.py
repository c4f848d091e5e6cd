"""The page that asks for one 一次性订阅消息, at /mp/subscribemsg."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from aiohttp import web

from .oauth import chooser, page
from .records import Person
from .world import WORLD, World

PATH = "/mp/subscribemsg"


async def subscribe_page(request: web.Request) -> web.Response:
    """Ask, remember the consent for its scene, and go back with the answer."""
    world: World = request.app[WORLD]
    query = request.query
    problem = mistake(world, query)
    if problem:
        return page("无法打开", f"<p>{escape(problem)}</p>")
    number = query.get("emulator_person") or request.cookies.get("emulator_person", "")
    person = world.state.person(int(number)) if number.isdigit() else None
    if person is None:
        return page("这是谁的手机？", chooser(world, PATH, query))
    answer = query.get("emulator_answer")
    if answer not in ("confirm", "cancel"):
        return page("一次性订阅", question(world, person, query))
    if answer == "confirm":
        agreed: list[str] = person.rest().setdefault("one_time", [])
        key = f"{query['template_id']}:{query['scene']}"
        if key not in agreed:  # Consent for one scene does not add up.
            agreed.append(key)
        world.touch()
    parts = urlsplit(query["redirect_url"])
    pairs = [
        *parse_qsl(parts.query, keep_blank_values=True),
        ("openid", person.openid),
        ("template_id", query["template_id"]),
        ("action", answer),
        ("scene", query["scene"]),
        ("reserved", query.get("reserved", "")),
    ]
    target = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(pairs), ""))
    return web.Response(status=302, headers={"Location": target, "Cache-Control": "no-store"})


def mistake(world: World, query: Mapping[str, str]) -> str:
    """Why the page does not open, or ''."""
    scene, target = query.get("scene", ""), urlsplit(query.get("redirect_url", ""))
    if query.get("action") != "get_confirm" or query.get("appid") != world.settings.app_id:
        return "参数错误"
    if not scene.isdigit() or int(scene) > 10_000 or not query.get("template_id"):
        return "scene 或 template_id 参数错误"
    if len(query.get("reserved", "").encode()) > 128:
        return "reserved 参数错误"
    domains = world.settings.oauth_domains
    if target.scheme not in ("http", "https") or (domains and target.hostname not in domains):
        return "redirect_url 参数错误"
    return ""


def question(world: World, person: Person, query: Mapping[str, str]) -> str:
    def link(answer: str) -> str:
        more = {"emulator_person": str(person.id), "emulator_answer": answer}
        return escape(PATH + "?" + urlencode({**query, **more}), quote=True)

    return (
        f"<p>「{escape(world.settings.account_name)}」想给你发一条消息</p>"
        f'<p><a class="yes" href="{link("confirm")}">允许</a></p><p><a href="{link("cancel")}">取消</a></p>'
    )
