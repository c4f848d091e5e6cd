"""/console: where staff work. `PAGES` is the list of all screens; docs/console.md says how one is added."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from sqlalchemy import Engine

from bot.client import Client
from core.config import Config
from web.console import (
    appointments,
    auditing,
    branches,
    broadcasts,
    conversations,
    dashboard,
    days,
    doors,
    exams,
    fairs,
    hanging,
    home,
    imports,
    joining,
    mine,
    organisations,
    persons,
    prints,
    profiles,
    staff,
    system,
    vocabulary,
    walls,
    workers,
)
from web.console.gate import Gate

PAGES = (
    doors.pages,
    joining.pages,
    mine.pages,
    home.pages,
    profiles.pages,
    conversations.pages,
    fairs.pages,
    walls.pages,
    hanging.pages,
    prints.pages,
    appointments.pages,
    exams.pages,
    broadcasts.pages,
    workers.pages,
    persons.pages,
    organisations.pages,
    branches.pages,
    days.pages,
    imports.pages,
    dashboard.pages,
    auditing.pages,
    system.pages,
    system.told_pages,
    vocabulary.pages,
    staff.pages,
)


def mount(
    app: Flask,
    config: Config,
    engine: Engine,
    *,
    clock: Callable[[], datetime],
    client: Client,
    wake: Callable[[], None],
) -> None:
    """Put all screens below /console. `wake` tells the workers that there are new notices.

    Raises RuntimeError when a view says not who may see it: that must stop the start.
    """
    gate = Gate(app, config, engine, clock=clock, client=client, wake=wake)
    for pages in PAGES:
        gate.add(pages)
    gate.close()
