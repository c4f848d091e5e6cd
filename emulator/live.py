"""What the pages are told as it happens, and the sheets that are rendered meanwhile."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from .sheets import Sheets
from .world import World

#: Seconds that a list of sheets waits for those not rendered yet.
FIRST_LOOK = 1.5


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def answer(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status, dumps=dumps)


def wrong(text: str, status: int = 400) -> web.Response:
    return answer({"error": text}, status)


class Live:
    """Handlers of the event stream and of printed sheets."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sheets = Sheets(world.settings.sheets_dir)
        self.rendering = asyncio.Lock()
        self.renderer: asyncio.Task[None] | None = None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/emulator/api/events", self.events),
            web.get("/emulator/api/sheets", self.sheet_list),
            web.get("/emulator/sheets/{name}/{number}.png", self.sheet_page),
        ]

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

    async def sheet_page(self, request: web.Request) -> web.StreamResponse:
        number = request.match_info["number"]
        async with self.rendering:
            pages = await asyncio.to_thread(self.sheets.pages, request.match_info["name"])
        if not number.isdigit() or int(number) >= len(pages):
            raise web.HTTPNotFound
        return web.Response(
            body=pages[int(number)].png, content_type="image/png", headers={"Cache-Control": "no-cache"}
        )
