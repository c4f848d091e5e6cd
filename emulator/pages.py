"""JSON and live events for the pages of phones and of the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from aiohttp import web

from . import phone
from .menus import menu_of
from .oauth import phone_url
from .records import Json, Person
from .scanning import find_code
from .sheets import Sheets
from .world import World

HERE = Path(__file__).parent
COOKIE = "emulator_person"
#: Seconds that a list of sheets waits for those not rendered yet.
FIRST_LOOK = 1.5
Act = Callable[[World, Person, Json], Any]


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def answer(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status, dumps=dumps)


def wrong(text: str, status: int = 400) -> web.Response:
    return answer({"error": text}, status)


class Pages:
    """Handlers of /emulator/api and of the files that the pages load."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sheets = Sheets(world.settings.sheets_dir)
        self.rendering = asyncio.Lock()
        self.renderer: asyncio.Task[None] | None = None

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
            web.get(api + "/sheets", self.sheet_list),
            web.get(api + "/events", self.events),
            web.get(api + "/wire", self.wire),
            web.get("/emulator/media/{media_id}", self.media),
            web.get("/emulator/sheets/{name}/{number}.png", self.sheet_page),
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

    async def sheet_page(self, request: web.Request) -> web.StreamResponse:
        number = request.match_info["number"]
        async with self.rendering:
            pages = await asyncio.to_thread(self.sheets.pages, request.match_info["name"])
        if not number.isdigit() or int(number) >= len(pages):
            raise web.HTTPNotFound
        return web.Response(
            body=pages[int(number)].png, content_type="image/png", headers={"Cache-Control": "no-cache"}
        )

    # people

    def person_act(
        self, act: Callable[[Person, web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            number = request.match_info["id"]
            person = self.world.state.person(int(number)) if number.isdigit() else None
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
        body = await json_body(request)
        name = body.get("nickname")
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
            phone.pictured_by_menu(self.world, person, menu, [content])
        message = phone.send_file(self.world, person, base_of(request), kind, content, mime, name)
        return answer({"message": phone.as_json(message)})

    async def location(self, person: Person, request: web.Request) -> web.Response:
        body = await json_body(request)
        x, y, label = float(body["x"]), float(body["y"]), str(body.get("label") or "")
        if body.get("menu"):
            phone.located_by_menu(self.world, person, list(body["menu"]), x, y, label)
        message = phone.locate(self.world, person, x, y, label)
        return answer({"message": phone.as_json(message)})

    async def click(self, person: Person, request: web.Request) -> web.Response:
        done = phone.click_menu(self.world, person, list((await json_body(request))["path"]))
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
            phone.scanned_by_menu(self.world, person, menu, content)
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

    async def sheet_list(self, request: web.Request) -> web.Response:
        """The sheets that are ready; others follow with a `sheets` event each (a wall takes seconds)."""
        if self.renderer is None or self.renderer.done():
            self.renderer = self.world.spawn(self.render_sheets())
        await asyncio.wait({self.renderer}, timeout=FIRST_LOOK)
        return answer(self.sheets.listing())

    async def render_sheets(self) -> None:
        while names := await asyncio.to_thread(self.sheets.pending):
            async with self.rendering:
                await asyncio.to_thread(self.sheets.pages, names[0])
            self.world.hub.publish("sheets", {"names": sorted(self.sheets.cache)})

    async def wire(self, request: web.Request) -> web.Response:
        after, limit = int(request.query.get("after") or 0), int(request.query.get("limit") or 200)
        return answer(self.world.wire.after(after, min(max(limit, 1), 5000)))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-Sent Events; goes on after Last-Event-ID (or ?after=), says `reset` if that is gone."""
        hub = self.world.hub
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        place = hub.place(request.headers.get("Last-Event-ID") or request.query.get("after"))
        bell = asyncio.Event()
        hub.listeners.add(bell)
        try:
            if place is None:
                place = hub.number
                await response.write(f"id: {hub.mark()}\nevent: reset\ndata: {{}}\n\n".encode())
            else:
                await response.write(f"id: {hub.boot}-{place}\nretry: 1000\n: hello\n\n".encode())
            while not hub.closed:
                bell.clear()
                batch = hub.after(place)
                if batch:
                    place = batch[-1][0]
                    lines = [f"id: {hub.boot}-{n}\nevent: {e}\ndata: {dumps(d)}\n\n" for n, e, d in batch]
                    await response.write("".join(lines).encode())
                    continue
                try:
                    await asyncio.wait_for(bell.wait(), 15)
                except TimeoutError:
                    await response.write(b": still here\n\n")
        except (ConnectionResetError, ConnectionError):
            pass  # The page was closed: the ordinary end of a stream.
        finally:
            hub.listeners.discard(bell)
        return response

    async def watch_sheets(self) -> None:
        """Tell the pages when files in the folder of sheets come, change or go."""
        if self.sheets.folder is None:
            return
        known = self.sheets.stamps()
        while True:
            await asyncio.sleep(2)
            stamps = await asyncio.to_thread(self.sheets.stamps)
            if stamps != known:
                known = stamps
                self.world.hub.publish("sheets", {"names": list(stamps)})


def hold(response: web.Response, person: Person) -> web.Response:
    """Remember in the browser whose phone was used last, for pages that ask who it is (OAuth)."""
    response.set_cookie(COOKIE, str(person.id), path="/", samesite="Lax", httponly=True)
    return response


def base_of(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


async def json_body(request: web.Request) -> Json:
    raw = await request.read()
    value = json.loads(raw) if raw.strip() else {}
    if not isinstance(value, dict):
        raise ValueError("a JSON object is needed")
    return value


async def read_upload(request: web.Request) -> tuple[bytes, str, str, list[int]]:
    """(content, MIME type, file name, menu path) of a multipart request with one file."""
    form = await request.post()
    menu = form.get("menu")
    path = json.loads(menu) if isinstance(menu, str) and menu else []
    for value in form.values():
        if isinstance(value, web.FileField):
            content = value.file.read()
            if not content:
                raise ValueError("the file is empty")
            return content, value.content_type, value.filename, list(path)
    raise ValueError("no file")
