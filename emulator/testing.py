"""The emulator in a thread of a test process, with phones to drive synchronously."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from aiohttp import web

from . import phone as acts
from .app import create_app
from .menu_taps import click_menu
from .push import Delivery, deliver
from .records import Json, Message, Person
from .scanning import find_code
from .server import listen
from .settings import Settings
from .state import State
from .verification import verify
from .world import WORLD, World

T = TypeVar("T")


class Phone:
    """One person's phone. Each act waits until its push was answered and returns the deliveries' end."""

    def __init__(self, running: Running, person: Person) -> None:
        self.running = running
        self.person = person
        self.openid = person.openid

    def _act(self, act: Callable[..., Any], *arguments: Any) -> Delivery:
        return self.running.act(act, self.person, *arguments)

    def follow(self, scene: str | None = None, ticket: str = "") -> Delivery:
        return self._act(acts.follow, scene, ticket)

    def unfollow(self) -> Delivery:
        return self._act(acts.unfollow)

    def say(self, text: str) -> Delivery:
        return self._act(acts.say, text)

    def tap(self, item_id: str, text: str) -> Delivery:
        return self._act(acts.tap, item_id, text)

    def menu(self, *path: int) -> Delivery:
        return self._act(click_menu, list(path))

    def scan(self, content: str) -> Delivery:
        return self._act(acts.scan, content)

    def scan_picture(self, picture: bytes) -> Delivery:
        """Decode a picture and scan what it holds; LookupError when no code is found."""
        content = find_code(picture)
        if content is None:
            raise LookupError("no code in the picture")
        return self.scan(content)

    def image(self, content: bytes, mime: str = "image/jpeg") -> Delivery:
        return self._act(acts.send_file, self.running.url, "image", content, mime, "photo")

    def locate(self, x: float, y: float, label: str = "") -> Delivery:
        return self._act(acts.locate, x, y, label)

    def subscribe(self, *template_ids: str, answer: str = "accept") -> Delivery:
        return self._act(acts.answer_subscription, list(template_ids), answer)

    @property
    def chat(self) -> list[Message]:
        return list(self.person.chat or [])

    @property
    def heard(self) -> list[Message]:
        """What came from the account, oldest first."""
        return [one for one in self.chat if one.side == "account"]

    @property
    def failures(self) -> list[Message]:
        return [one for one in self.chat if one.kind == "failure"]


class Running:
    """A running emulator; `url` is its address, `stop()` ends it and saves its state."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = ""
        self.world: World
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self._thread.start()
        self._ready.result(30)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:  # cancels what hangs on when it ends
            runner.run(self._serve())

    async def _serve(self) -> None:
        try:
            app = create_app(self.settings)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
            await runner.setup()
            port = await listen(runner, self.settings)
        except BaseException as error:
            self._ready.set_exception(error)
            return
        self.world = app[WORLD]
        self.url = f"http://{self.settings.host}:{port}"
        self._ready.set_result(None)
        await self._stop.wait()
        await runner.cleanup()

    def stop(self) -> None:
        """End the server and its thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def state(self) -> State:
        return self.world.state

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 60) -> T:
        """Run a coroutine in the emulator's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def do(self, work: Callable[..., T], *arguments: Any) -> T:
        """Call a function in the emulator's loop and wait for it."""

        async def call() -> T:
            return work(*arguments)

        return self.run(call())

    def act(self, act: Callable[..., Any], person: Person, *arguments: Any) -> Delivery:
        """Let a person act; wait until what it pushed was answered. The last delivery is returned."""

        async def call() -> Delivery:
            before = set(self.world.tasks)
            act(self.world, person, *arguments)
            started = [task for task in self.world.tasks if task not in before]
            done = [one for one in await asyncio.gather(*started) if isinstance(one, Delivery)]
            return done[-1] if done else Delivery(verdict="nothing pushed")

        return self.run(call())

    def phone(self, nickname: str | None = None, following: bool = False) -> Phone:
        """A new phone; with `following`, as if it had followed long ago (nothing is pushed)."""

        def make() -> Person:
            person = self.world.state.add_person(nickname)
            if following:
                self.world.state.set_following(person, True)
                person.subscribe_time = int(self.world.clock.now())
                person.scene = "ADD_SCENE_SEARCH"
            self.world.changed(person)
            return person

        return Phone(self, self.do(make))

    def push(self, phone: Phone, fields: list[tuple[str, Any]], **options: Any) -> Delivery:
        """Push any elements in the name of a phone."""
        return self.run(deliver(self.world, phone.person, fields, **options))

    def verify(self) -> bool:
        return self.run(verify(self.world))

    def advance(self, seconds: float) -> None:
        """Move the platform's clock on."""
        self.do(self.world.clock.advance, seconds)

    def fault(self, path: str, **spec: Any) -> None:
        self.do(self.world.faults.add, {"path": path, **spec})

    def calls(self, path: str | None = None) -> list[Json]:
        """API calls on record, oldest first."""

        def read() -> list[Json]:
            return [
                row for row in self.world.wire.entries if row["dir"] == "api" and path in (None, row["path"])
            ]

        return self.do(read)

    def settle_jobs(self, timeout: float = 30) -> None:
        """Wait until every job that is due was pushed and answered."""

        async def wait() -> None:
            jobs, clock = self.world.state.jobs, self.world.clock
            while self.world.tasks or (jobs and jobs[0].due <= clock.now()):
                await asyncio.sleep(0.005)

        self.run(asyncio.wait_for(wait(), timeout))

    def settle(self, timeout: float = 30) -> None:
        """Wait until nothing is being pushed (jobs that are not due do not count)."""

        async def wait() -> None:
            while self.world.tasks:
                await asyncio.wait(set(self.world.tasks))

        self.run(asyncio.wait_for(wait(), timeout))


def start(settings: Settings) -> Running:
    """Run the emulator on a free port (or settings.port) in a thread of this process."""
    return Running(settings)
