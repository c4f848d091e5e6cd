"""JSON for the pages of phones and of the wire: people, their chats, what they do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import web

from . import menu_taps, phone
from .live import answer, wrong
from .menus import menu_of
from .oauth import phone_url
from .records import Json, Person, loads
from .scanning import find_code
from .world import World

HERE = Path(__file__).parent
COOKIE = "emulator_person"
Act = Callable[[World, Person, Json], Any]


class Pages:
    """Handlers of /emulator/api and of the files that the pages load."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[web.RouteDef | web.StaticDef]:
        api = "/emulator/api"
        one = api + "/people/{id}"
        acts: dict[str, Callable[[Person, web.Request], Awaitable[web.Response]]] = {
            "follow": self.follow,
            "unfollow": self.unfollow,
            "say": self.say,
            "image": self.image,
            "voice": self.voice,
            "location": self.location,
            "tap": self.tap,
            "menu": self.click,
            "scan": self.scan,
            "open": self.open,
            "subscribe": self.subscribe,
            "read": self.read,
        }
        return [
            web.get("/", self.page("phones.html")),
            web.get("/wire", self.page("wire.html")),
            web.get("/favicon.ico", self.favicon),
            web.get(api + "/about", self.about),
            web.get(api + "/people", self.people),
            web.post(api + "/people", self.add_person),
            web.delete(one, self.person_act(self.drop_person)),
            web.get(one + "/chat", self.person_act(self.chat)),
            *(web.post(f"{one}/{name}", self.person_act(act)) for name, act in acts.items()),
            web.get(api + "/menu", self.menu),
            web.get(api + "/wire", self.wire),
            web.get("/emulator/media/{media_id}", self.media),
            web.get("/emulator/go/{id}", self.person_act(self.go)),
        ]

    # files

    def page(self, name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            path = HERE / "pages" / name
            if not path.is_file():
                raise web.HTTPNotFound(text=f"{name} is not installed")
            return web.FileResponse(path, headers={"Cache-Control": "no-cache"})

        return serve

    async def favicon(self, request: web.Request) -> web.StreamResponse:
        path = HERE / "static" / "favicon.ico"
        if not path.is_file():
            return web.Response(status=204)
        return web.FileResponse(path)

    async def media(self, request: web.Request) -> web.StreamResponse:
        media = self.world.state.media.get(request.match_info["media_id"])
        content = self.world.state.files.get(media.media_id) if media else None
        if media is None or content is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "max-age=86400", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=content, content_type=media.mime, headers=headers)

    # people

    def person_act(
        self, act: Callable[[Person, web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            number = request.match_info["id"]
            is_number = number.isdecimal() and len(number) < 16
            person = self.world.state.person(int(number)) if is_number else None
            if person is None:
                return wrong("没有这个人", 404)
            try:
                return await act(person, request)
            except phone.Impossible as no:
                return wrong(str(no), 409)
            except (KeyError, TypeError, ValueError) as error:
                return wrong(f"bad request: {type(error).__name__}: {error}")

        return serve

    async def about(self, request: web.Request) -> web.Response:
        settings = self.world.settings
        return answer(
            {
                "account": settings.account_name,
                "app_id": settings.app_id,
                "original_id": settings.original_id,
                "mode": settings.mode,
                "callback_url": settings.callback_url,
                "verified": self.world.verified,
                "verify_note": self.world.verify_note,
                "now": self.world.clock.now(),
                "event": self.world.hub.mark(),
            }
        )

    async def people(self, request: web.Request) -> web.Response:
        found = [person.public() for person in self.world.state.phones()]
        return answer({"people": found, "event": self.world.hub.mark()})

    async def add_person(self, request: web.Request) -> web.Response:
        try:
            name = (await json_body(request)).get("nickname")
        except ValueError as error:
            return wrong(f"bad request: {error}")
        person = self.world.state.add_person(str(name)[:32] if name else None)
        self.world.changed(person)
        return answer(person.public())

    async def drop_person(self, person: Person, request: web.Request) -> web.Response:
        if person.following:
            phone.unfollow(self.world, person)
        self.world.state.drop_person(person)
        self.world.touch()
        self.world.hub.publish("person", {**person.public(), "deleted": True})
        return answer({"deleted": person.id})

    async def chat(self, person: Person, request: web.Request) -> web.Response:
        before = int(request.query.get("before") or 0)
        limit = min(max(int(request.query.get("limit") or 50), 1), 500)
        lines = [one for one in person.chat or [] if not before or one.id < before]
        mark = self.world.hub.mark()
        return answer({"messages": [one.public() for one in lines[-limit:]], "event": mark})

    async def follow(self, person: Person, request: web.Request) -> web.Response:
        scene = (await json_body(request)).get("scene")
        ticket = self.world.state.permanent_by_scene.get(str(scene)) if scene else None
        scene = str(scene) if scene else None
        message = phone.follow(self.world, person, scene, ticket.ticket if ticket else "")
        return answer({"message": phone.as_json(message)})

    async def unfollow(self, person: Person, request: web.Request) -> web.Response:
        return answer({"message": phone.as_json(phone.unfollow(self.world, person))})

    async def say(self, person: Person, request: web.Request) -> web.Response:
        text = str((await json_body(request))["text"])
        if not text:
            raise phone.Impossible("不能发送空白消息")
        return answer({"message": phone.as_json(phone.say(self.world, person, text))})

    async def tap(self, person: Person, request: web.Request) -> web.Response:
        body = await json_body(request)
        message = phone.tap(self.world, person, str(body["id"]), str(body["text"]))
        return answer({"message": phone.as_json(message)})

    async def image(self, person: Person, request: web.Request) -> web.Response:
        return await self.send_file(person, request, "image")

    async def voice(self, person: Person, request: web.Request) -> web.Response:
        return await self.send_file(person, request, "voice")

    async def send_file(self, person: Person, request: web.Request, kind: str) -> web.Response:
        content, mime, name, menu = await read_upload(request)
        if kind == "image" and not mime.startswith("image/"):
            raise phone.Impossible("这不是图片")
        if menu:
            menu_taps.pictured_by_menu(self.world, person, menu, [content])
        message = phone.send_file(self.world, person, base_of(request), kind, content, mime, name)
        return answer({"message": phone.as_json(message)})

    async def location(self, person: Person, request: web.Request) -> web.Response:
        body = await json_body(request)
        x, y, label = float(body["x"]), float(body["y"]), str(body.get("label") or "")
        if body.get("menu"):
            menu_taps.located_by_menu(self.world, person, list(body["menu"]), x, y, label)
        message = phone.locate(self.world, person, x, y, label)
        return answer({"message": phone.as_json(message)})

    async def click(self, person: Person, request: web.Request) -> web.Response:
        done = menu_taps.click_menu(self.world, person, list((await json_body(request))["path"]))
        return answer({**done, "message": phone.as_json(done["message"])})

    async def scan(self, person: Person, request: web.Request) -> web.Response:
        if request.content_type.startswith("multipart/"):
            data, _, _, menu = await read_upload(request)
            content = await asyncio.to_thread(find_code, data)
            if content is None:
                return answer({"found": False, "content": "", "what": "unknown", "message": None})
        else:
            body = await json_body(request)
            content, menu = str(body["content"]), list(body.get("menu") or [])
        if menu:
            menu_taps.scanned_by_menu(self.world, person, menu, content)
            return answer({"found": True, "content": content, "what": "text", "message": None})
        done = phone.scan(self.world, person, content)
        return answer({"found": True, **done, "message": phone.as_json(done.get("message"))})

    async def open(self, person: Person, request: web.Request) -> web.Response:
        url = str((await json_body(request))["url"])
        if urlsplit(url).scheme not in ("http", "https"):
            raise phone.Impossible("打不开这个地址")
        response = answer({"url": f"/emulator/go/{person.id}?url={quote(url, safe='')}"})
        return hold(response, person)

    async def go(self, person: Person, request: web.Request) -> web.StreamResponse:
        """Where the phone's frame goes: remembers whose phone it is, then the page itself."""
        url = request.query["url"]
        if urlsplit(url).scheme not in ("http", "https"):
            raise phone.Impossible("打不开这个地址")
        target = phone_url(self.world, person, url)
        response = web.Response(status=302, headers={"Location": target, "Cache-Control": "no-store"})
        return hold(response, person)

    async def subscribe(self, person: Person, request: web.Request) -> web.Response:
        body = await json_body(request)
        if body["answer"] not in ("accept", "reject"):
            raise ValueError("answer must be accept or reject")
        ids = [str(one) for one in body["template_ids"]]
        message = phone.answer_subscription(self.world, person, ids, body["answer"])
        return answer({"message": phone.as_json(message)})

    async def read(self, person: Person, request: web.Request) -> web.Response:
        if person.unread:
            person.unread = 0
            self.world.changed(person)
        return hold(answer({"person": person.public()}), person)

    # the rest

    async def menu(self, request: web.Request) -> web.Response:
        number = request.query.get("person", "")
        person = self.world.state.person(int(number)) if number.isdigit() else None
        return answer({"button": menu_of(self.world.state, person)})

    async def wire(self, request: web.Request) -> web.Response:
        after, limit = int(request.query.get("after") or 0), int(request.query.get("limit") or 200)
        return answer(self.world.wire.after(after, min(max(limit, 1), 5000)))


def hold(response: web.Response, person: Person) -> web.Response:
    """Remember in the browser whose phone was used last, for pages that ask who it is (OAuth)."""
    response.set_cookie(COOKIE, str(person.id), path="/", samesite="Lax", httponly=True)
    return response


def base_of(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


async def json_body(request: web.Request) -> Json:
    raw = await request.read()
    value = loads(raw) if raw.strip() else {}
    if not isinstance(value, dict):
        raise ValueError("a JSON object is needed")
    return value


async def read_upload(request: web.Request) -> tuple[bytes, str, str, list[int]]:
    """(content, MIME type, file name, menu path) of a multipart request with one file."""
    form = await request.post()
    menu = form.get("menu")
    path = loads(menu) if isinstance(menu, str) and menu else []
    for value in form.values():
        if isinstance(value, web.FileField):
            content = value.file.read()
            if not content:
                raise ValueError("the file is empty")
            return content, value.content_type, value.filename, list(path)
    raise ValueError("no file")
