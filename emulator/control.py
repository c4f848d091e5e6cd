"""The control API: what tests may do to the platform itself."""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import fields as dataclass_fields
from itertools import islice
from typing import Any

from aiohttp import web

from . import api_mass, phone, windows
from .crypto import Envelope
from .push import Delivery, Hand, deliver
from .records import Json, OwnedTemplate, Person, loads
from .tokens import expire
from .verification import verify
from .world import World
from .xml import Field

FIXED = {"host", "port", "app_id", "state_file", "sheets_dir", "templates", "wire_limit"}
BULK_STEP = 20_000
PERSON_FACTS = (
    *("refuses_templates", "refuses_mass", "mass_error", "platform", "credits", "one_time", "consented"),
    *("tags", "blocked"),
)


class Control:
    """Handlers of /emulator/control; a request that makes no sense is answered 400 with the reason."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[web.RouteDef]:
        base = "/emulator/control"
        return [
            web.get(base + "/status", self.guard(self.status)),
            web.get(base + "/faults", self.guard(self.list_faults)),
            web.post(base + "/faults", self.guard(self.add_faults)),
            web.delete(base + "/faults", self.guard(self.clear_faults)),
            web.get(base + "/clock", self.guard(self.read_clock)),
            web.post(base + "/clock", self.guard(self.move_clock)),
            web.post(base + "/reset", self.guard(self.reset)),
            web.post(base + "/tokens/expire", self.guard(self.expire_tokens)),
            web.post(base + "/push", self.guard(self.push)),
            web.get(base + "/settings", self.guard(self.read_settings)),
            web.post(base + "/settings", self.guard(self.change_settings)),
            web.get(base + "/calls", self.guard(self.calls)),
            web.post(base + "/verify", self.guard(self.verify)),
            web.get(base + "/people", self.guard(self.people)),
            web.post(base + "/people", self.guard(self.add_people)),
            web.post(base + "/people/{id}", self.guard(self.change_person)),
            web.post(base + "/templates", self.guard(self.add_template)),
            web.post(base + "/mass/{id}", self.guard(self.decide_mass)),
        ]

    def guard(
        self, run: Callable[[web.Request, Json], Awaitable[Any]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                raw = await request.read()
                body = loads(raw) if raw.strip() else {}
                if not isinstance(body, dict) and run != self.add_faults:
                    raise ValueError("a JSON object is needed")
                result = await run(request, body)
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
            return web.json_response(result, dumps=lambda value: json.dumps(value, ensure_ascii=False))

        return handle

    async def status(self, request: web.Request, body: Json) -> Json:
        state = self.world.state
        return {
            "verified": self.world.verified,
            "verify_note": self.world.verify_note,
            "people": len(state.by_openid),
            "followers": state.followers,
            "tickets": len(state.tickets),
            "busy": len(self.world.tasks),
            "jobs": len(state.jobs),
            "calls": self.world.wire.counts,
            "now": self.world.clock.now(),
        }

    # faults and time

    async def list_faults(self, request: web.Request, body: Json) -> Json:
        return {"faults": self.world.faults.dump()}

    async def add_faults(self, request: web.Request, body: Any) -> Json:
        for spec in body if isinstance(body, list) else [body]:
            self.world.faults.add(spec)
        return {"faults": self.world.faults.dump()}

    async def clear_faults(self, request: web.Request, body: Json) -> Json:
        self.world.faults.clear()
        return {"faults": []}

    async def read_clock(self, request: web.Request, body: Json) -> Json:
        return {"now": self.world.clock.now(), "offset": self.world.clock.offset}

    async def move_clock(self, request: web.Request, body: Json) -> Json:
        if body.get("real"):
            self.world.clock.real()
        elif "now" in body:
            self.world.clock.set(float(body["now"]))
        else:
            self.world.clock.advance(float(body["advance"]))
        return await self.read_clock(request, body)

    # the platform's memory

    async def reset(self, request: web.Request, body: Json) -> Json:
        """Forget everything, as if the account were new; settings stay."""
        for task in list(self.world.tasks):
            task.cancel()
        self.world.state.clear()
        self.world.own_templates()
        self.world.faults.clear()
        self.world.wire.clear()
        self.world.rids.clear()
        self.world.clock.real()
        self.world.touch()
        self.world.hub.publish("reset", {})
        return {"reset": True}

    async def expire_tokens(self, request: web.Request, body: Json) -> Json:
        code = int(body.get("errcode", 42001))
        if code not in (40001, 42001):
            raise ValueError("errcode must be 42001 (age) or 40001 (superseded)")
        return {"expired": expire(self.world, code)}

    async def read_settings(self, request: web.Request, body: Json) -> Json:
        secret = ("app_secret", "token", "encoding_aes_key", "templates")
        rows = (
            (one.name, getattr(self.world.settings, one.name))
            for one in dataclass_fields(self.world.settings)
        )
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in rows
            if name not in secret
        }

    async def change_settings(self, request: web.Request, body: Json) -> Json:
        settings = self.world.settings
        for name, value in body.items():
            if name in FIXED or not hasattr(settings, name):
                raise ValueError(f"{name} cannot be changed")
            now = getattr(settings, name)
            if isinstance(now, frozenset | tuple):
                value = type(now)(value)
            elif isinstance(now, float) and isinstance(value, int):
                value = float(value)
            if name == "mode" and value not in ("plain", "compatible", "secure"):
                raise ValueError("mode must be plain, compatible or secure")
            if type(value) is not type(now):
                raise ValueError(f"{name} must be {type(now).__name__}")
            setattr(settings, name, value)
        self.world.envelope = Envelope(settings.encoding_aes_key, settings.app_id)
        self.world.wire.enabled = settings.wire_log
        if {"callback_url", "token"} & set(body):
            self.world.verified, self.world.verify_note = False, "not verified yet"
        return await self.read_settings(request, {})

    async def verify(self, request: web.Request, body: Json) -> Json:
        if not self.world.settings.callback_url:
            raise ValueError("no callback_url is set")
        await verify(self.world)
        return {"verified": self.world.verified, "note": self.world.verify_note}

    async def calls(self, request: web.Request, body: Json) -> Json:
        """API calls on record (all, or those of ?path=) and how many there were in all."""
        path = request.query.get("path")
        rows = [row for row in self.world.wire.entries if row["dir"] == "api" and path in (None, row["path"])]
        counts = self.world.wire.counts
        return {"calls": rows, "count": sum(counts.values()) if path is None else counts.get(path, 0)}

    async def add_template(self, request: web.Request, body: Json) -> Json:
        if body["kind"] not in ("template", "subscribe"):
            raise ValueError("kind must be template or subscribe")
        template = OwnedTemplate(
            template_id=str(body.get("template_id") or secrets.token_urlsafe(32)),
            kind=body["kind"],
            title=str(body["title"]),
            content=str(body["content"]),
            long_term=bool(body.get("long_term")) or None,
        )
        self.world.state.templates[template.template_id] = template
        self.world.touch()
        return {"template_id": template.template_id}

    async def decide_mass(self, request: web.Request, body: Json) -> Json:
        """The administrator's answer to a mass job that waits under protection."""
        api_mass.decide(self.world, request.match_info["id"], bool(body["approve"]))
        self.world.touch()
        return {"approve": bool(body["approve"])}

    # people

    async def people(self, request: web.Request, body: Json) -> Json:
        after, limit = int(request.query.get("after") or 0), int(request.query.get("limit") or 1000)
        everybody = islice(self.world.state.people, after, None)
        found = islice((person for person in everybody if person is not None), limit)
        return {"people": [{"id": person.id, "openid": person.openid} for person in found]}

    async def add_people(self, request: web.Request, body: Json) -> Json:
        """Make `count` people at once; they are not shown as phones unless `phones` is true."""
        count = int(body["count"])
        if not 1 <= count <= 5_000_000:
            raise ValueError("count must be 1 to 5000000")
        following, trigger = bool(body.get("following", True)), body.get("window")
        if trigger is not None and trigger not in windows.BUCKETS:
            raise ValueError(f"window must be one of {', '.join(windows.BUCKETS)}")
        first = len(self.world.state.people) + 1
        for done in range(count):
            self.make_person(following, trigger, bulk=not body.get("phones"))
            if done % BULK_STEP == BULK_STEP - 1:
                await asyncio.sleep(0)
        gc.collect()
        gc.freeze()  # Or the collector walks over all of them again and again.
        self.world.touch()
        return {"first": first, "count": count}

    def make_person(self, following: bool, trigger: str | None, *, bulk: bool) -> None:
        state, now = self.world.state, self.world.clock.now()
        person = state.add_person(bulk=bulk)
        if following:
            state.set_following(person, True)
            person.subscribe_time = int(now)
            person.scene = "ADD_SCENE_SEARCH"
        if trigger is not None:
            windows.renew(person, trigger, now)
        if not bulk:
            self.world.changed(person)

    def find(self, value: Any) -> Person:
        person = self.world.state.by_openid.get(value) if isinstance(value, str) else None
        if person is None and str(value).isdigit():
            person = self.world.state.person(int(value))
        if person is None:
            raise ValueError(f"no person {value!r}")
        return person

    async def change_person(self, request: web.Request, body: Json) -> Json:
        """Set facts about a person, open a window, or let the person refuse subscriptions."""
        person = self.find(request.match_info["id"])
        for name, value in body.items():
            if name == "window":
                windows.renew(person, value, self.world.clock.now())
            elif name == "refuse":
                phone.refuse_later(self.world, person, list(value))
            elif name == "place":
                phone.report_place(self.world, person, float(value["x"]), float(value["y"]))
            elif name in PERSON_FACTS:
                person.rest()[name] = value
            else:
                raise ValueError(f"unknown key {name}")
        self.world.changed(person)
        return {**person.public(), "windows": person.windows or {}, "facts": person.extra or {}}

    # hand-made deliveries

    async def push(self, request: web.Request, body: Json) -> Json:
        """Send one delivery as described, `times` times, and tell all about every attempt."""
        person = self.find(body["person"])
        kind = str(body.get("kind", "text"))
        made = hand_made_fields(self.world, person, kind, body)
        hand = Hand(
            timestamp=int(body["timestamp"]) if "timestamp" in body else None,
            nonce=str(body["nonce"]) if "nonce" in body else None,
            bad_signature=body.get("signature") == "bad",
            encrypt=body.get("encrypt"),
            raw=body["raw"].encode() if "raw" in body else None,
            attempts=int(body.get("attempts", 1)),
            show=bool(body.get("show", True)),
        )
        if hand.encrypt not in (None, "plain", "compatible", "secure"):
            raise ValueError("encrypt must be plain, compatible or secure")
        if kind != "event" and body.get("window", True):
            phone.spoke(self.world, person)

        def one() -> Awaitable[Delivery]:
            return deliver(
                self.world,
                person,
                made,
                answered=kind != "event" or body.get("event") in self.world.settings.answered_events,
                article_limit=phone.EVENT_ARTICLES if kind == "event" else phone.MESSAGE_ARTICLES,
                hand=hand,
            )

        times = int(body.get("times", 1))
        if body.get("concurrent"):
            done = list(await asyncio.gather(*(one() for _ in range(times))))
        else:
            done = [await one() for _ in range(times)]
        return {
            "deliveries": [
                {
                    "verdict": delivery.verdict,
                    "reason": delivery.reason,
                    "attempts": [attempt.public() for attempt in delivery.attempts],
                    "messages": [message.public() for message in delivery.messages],
                }
                for delivery in done
            ],
            "passed": sum(delivery.verdict == "refused" for delivery in done),
        }


def hand_made_fields(world: World, person: Person, kind: str, body: Json) -> list[Field]:
    """The elements of a hand-made push; `fields` adds to, or replaces, what its kind brings."""
    made = dict(phone.head(world, person, kind))
    if "create_time" in body:
        made["CreateTime"] = int(body["create_time"])
    if kind == "event":
        made["Event"] = str(body["event"])
        if "event_key" in body:
            made["EventKey"] = str(body["event_key"])
        if "ticket" in body:
            made["Ticket"] = str(body["ticket"])
    else:
        if kind == "text":
            made["Content"] = str(body.get("content", ""))
        made["MsgId"] = int(body["msg_id"]) if "msg_id" in body else world.state.next_number()
    extra = body.get("fields") or {}
    if not isinstance(extra, dict):
        raise ValueError("fields must be an object")
    made.update(extra)
    return list(made.items())
