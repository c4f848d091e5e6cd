"""The table of API calls and the one way in: method, token, quota, body, fault, answer."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .errors import Refused, new_rid
from .faults import Fault
from .quotas import use
from .records import Json, loads
from .tokens import check_token
from .wire import errcode_of, printable, shorten_query
from .world import World

JSON_HEADERS = {"Content-Type": "application/json; encoding=utf-8"}
OK = b'{"errcode":0,"errmsg":"ok"}'
ESCAPE = re.compile(rb"\\u[0-9a-fA-F]{4}")
RID_LIMIT = 10_000


@dataclass
class Call:
    """One API call as its function sees it."""

    world: World
    query: dict[str, str]
    raw: bytes
    body: Json
    form: dict[str, Any]
    remote: str
    base: str

    @property
    def now(self) -> float:
        return self.world.clock.now()


@dataclass(frozen=True)
class Raw:
    """An answer that is not JSON."""

    body: bytes
    content_type: str
    filename: str = ""
    status: int = 200


Answer = Json | Raw | None
Run = Callable[[Call], Any]


@dataclass(frozen=True)
class Route:
    """One API call: how it is made and what runs."""

    method: str
    path: str
    run: Run
    quota: str | None = None
    token: bool = True
    body: str = "json"
    reads: bool = False
    escapes: bool = True


class Calls:
    """Calls of one noun, declared at their functions."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def get(self, path: str, **options: Any) -> Callable[[Run], Run]:
        return self._declare("GET", path, body="none", **options)

    def post(self, path: str, **options: Any) -> Callable[[Run], Run]:
        return self._declare("POST", path, **options)

    def _declare(self, method: str, path: str, **options: Any) -> Callable[[Run], Run]:
        def keep(run: Run) -> Run:
            self.routes.append(Route(method, path, run, **options))
            return run

        return keep


def handler_for(world: World, route: Route) -> Callable[[web.Request], Any]:
    """The aiohttp handler of one API call."""
    awaits = inspect.iscoroutinefunction(route.run)
    log = world.wire

    async def handle(request: web.Request) -> web.StreamResponse:
        started = time.perf_counter()
        raw = b"" if route.body == "form" else await request.read()
        fault = world.faults.pick(route.path) if world.faults.rows else None
        log.counts[route.path] = log.counts.get(route.path, 0) + 1
        response: web.Response | None = None
        note = ""
        if fault is not None:
            note = "fault"
            response, gone = await strike(fault, request, world)
            if gone:
                hang_up(request)
        if response is None:
            response = await answer(world, route, request, raw, awaits)
            if fault is not None and fault.reset_after:
                note = "fault: executed, answer lost"
                hang_up(request)
        if log.enabled:
            record(world, request, raw, response, note, started)
        return response

    return handle


async def answer(world: World, route: Route, request: web.Request, raw: bytes, awaits: bool) -> web.Response:
    """Check and run one call; every refusal is HTTP 200 with errcode and rid."""
    try:
        query = dict(request.query)
        if request.method != route.method:
            raise Refused(43002 if route.method == "POST" else 43001)
        if route.token:
            check_token(world, query.get("access_token", ""))
        if route.quota is not None:
            use(world, route.quota)
        body: Json = {}
        form: dict[str, Any] = {}
        if route.body == "json":
            body = parse_json(raw, route.escapes)
        elif route.body == "form":
            form = await read_form(request)
        call = Call(world, query, raw, body, form, request.remote or "", f"{request.scheme}://{request.host}")
        result: Answer = route.run(call)
        if awaits:
            result = await result  # type: ignore[misc]
    except Refused as refused:
        rid = new_rid(world.clock.now())
        keep_rid(world, rid, request, refused)
        return web.Response(body=to_json(refused.body(rid)), headers=JSON_HEADERS)
    if not route.reads:
        world.touch()
    if result is None:
        return web.Response(body=OK, headers=JSON_HEADERS)
    if isinstance(result, Raw):
        headers = {"Content-Type": result.content_type}
        if result.filename:
            headers["Content-Disposition"] = f'attachment; filename="{result.filename}"'
        return web.Response(body=result.body, status=result.status, headers=headers)
    return web.Response(body=to_json(result), headers=JSON_HEADERS)


def to_json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def parse_json(raw: bytes, escapes: bool) -> Json:
    """The JSON object of a body: 44002 when empty, 47001 when broken, 40033 for forbidden escapes."""
    if not raw.strip():
        raise Refused(44002)
    try:
        value = loads(raw)
    except ValueError:
        raise Refused(47001) from None
    if not isinstance(value, dict):
        raise Refused(47001)
    if not escapes and ESCAPE.search(raw):
        raise Refused(40033)
    return value


async def read_form(request: web.Request) -> dict[str, Any]:
    """Fields of a multipart body: text as str, files as FileField; empty for another kind of body."""
    if not request.content_type.startswith("multipart/"):
        await request.read()
        return {}
    try:
        return dict(await request.post())
    except web.HTTPRequestEntityTooLarge:
        raise Refused(45001) from None
    except (ValueError, AssertionError):
        raise Refused(47001) from None


async def strike(fault: Fault, request: web.Request, world: World) -> tuple[web.Response | None, bool]:
    """What a fault does before the call runs: (an answer instead, whether the line is cut)."""
    if fault.delay:
        await asyncio.sleep(fault.delay)
    if fault.timeout is not None:
        await asyncio.sleep(fault.timeout)
        return web.Response(status=504), True
    if fault.reset_before:
        return web.Response(status=502), True
    if fault.http is not None:
        return web.Response(status=fault.http, text="fault"), False
    if fault.errcode is not None:
        rid = new_rid(world.clock.now())
        refused = Refused(fault.errcode)
        keep_rid(world, rid, request, refused)
        return web.Response(body=to_json(refused.body(rid)), headers=JSON_HEADERS), False
    return None, False


def hang_up(request: web.Request) -> None:
    """Cut the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()


def keep_rid(world: World, rid: str, request: web.Request, refused: Refused) -> None:
    if len(world.rids) >= RID_LIMIT:
        world.rids.pop(next(iter(world.rids)))
    world.rids[rid] = {
        "invoke_time": int(world.clock.now()),
        "cost_in_ms": 1,
        "request_url": f"{request.path}?{shorten_query(request.query_string)}",
        "request_body": "",
        "response_body": f'{{"errcode":{refused.errcode}}}',
        "client_ip": request.remote or "",
    }


def record(
    world: World, request: web.Request, raw: bytes, response: web.Response, note: str, started: float
) -> None:
    body = response.body if isinstance(response.body, bytes) else b""
    ms = (time.perf_counter() - started) * 1000
    code = errcode_of(body)
    world.wire.add(
        at=world.clock.now() - ms / 1000,
        dir="api",
        method=request.method,
        path=request.path,
        query=shorten_query(request.query_string),
        request=printable(raw) if raw else _form_note(request),
        response=printable(body, response.content_type),
        status=response.status,
        errcode=code,
        ms=round(ms, 1),
        verdict=note or ("ok" if response.status == 200 and not code else "refused"),
    )


def _form_note(request: web.Request) -> str:
    return f"<{request.content_length or 0} bytes {request.content_type}>" if request.content_length else ""
