"""The application: every route of the platform, the pages and the control API on one port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web

from . import onetime, phone, platform
from .calls import handler_for
from .control import Control
from .jobs import Jobs
from .live import Live
from .oauth import AUTHORIZE, authorize
from .pages import Pages
from .records import Job, Person, openid_for
from .settings import Settings
from .verification import verify
from .world import WORLD, World
from .xml import Field

STATIC = Path(__file__).parent / "static"
MAX_BODY = 32 * 1024 * 1024


def create_app(settings: Settings) -> web.Application:
    """The emulator as an aiohttp application, with its state loaded."""
    world = World(settings)
    pages, live = Pages(world), Live(world)
    app = web.Application(client_max_size=MAX_BODY)
    app[WORLD] = world
    app.add_routes(pages.routes())
    app.add_routes(live.routes())
    app.add_routes(Control(world).routes())
    app.router.add_get(AUTHORIZE, authorize)
    app.router.add_get(onetime.PATH, onetime.subscribe_page)
    for route in platform.ROUTES:
        world.paths[route.path] = route.quota
        app.router.add_route("*", route.path, handler_for(world, route))
    app.router.add_route("*", "/cgi-bin/{rest:.*}", platform.unknown)
    if STATIC.is_dir():
        app.router.add_static("/static", STATIC)

    async def life(app: web.Application) -> AsyncIterator[None]:
        world.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
        )

        async def run_job(job: Job) -> None:
            fields: list[Field] | None = [(name, value) for name, value in job.fields]
            person = world.state.person(job.person)
            if job.event in platform.LATER:
                fields = platform.LATER[job.event](world, job)
                person = operator(world)
            if person is not None and fields is not None:
                world.touch()
                world.spawn(phone.push_event(world, person, job.event, fields))

        world.jobs = Jobs(world.state, world.clock, run_job)
        tasks = [
            asyncio.create_task(one)
            for one in (world.jobs.run(), world.store.run(), live.watch_sheets(), verify_first(world))
        ]
        yield
        for task in [*tasks, *world.tasks]:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await world.http.close()
        world.store.save()

    async def hang_up(app: web.Application) -> None:
        world.hub.close()

    app.cleanup_ctx.append(life)
    app.on_shutdown.append(hang_up)
    return app


def operator(world: World) -> Person:
    """Who job events come from: somebody of the account, who is on no phone here."""
    return Person(0, openid_for(world.settings.app_id, 0), "运营者")


async def verify_first(world: World) -> None:
    """Verify the callback URL once the other side listens; a wrong answer is left for the operator."""
    if not world.settings.callback_url or not world.settings.verify_on_start:
        return
    pause = 0.3
    while not world.verified:
        if await verify(world, patient=True) or not world.verify_note.startswith(
            ("no connection", "timeout")
        ):
            return
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 5.0)
