"""/m: the pages inside WeChat. `PAGES` is the list of all of them; docs/pages.md says how one is added."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from sqlalchemy import Engine

from bot.callback import Bot
from bot.client import Client
from core.config import Config
from web.mobile import doors, export, forms, home, jssdk, leaving, me, mine, photos
from web.mobile.gate import Filling, Gate

PAGES = (
    doors.pages,
    home.pages,
    forms.pages,
    jssdk.pages,
    me.pages,
    mine.pages,
    leaving.pages,
    export.pages,
    photos.pages,
)


def mount(
    app: Flask,
    config: Config,
    engine: Engine,
    *,
    clock: Callable[[], datetime],
    client: Client,
    bot: Bot,
    filling: Filling,
) -> None:
    """Put all pages below /m. `filling` is what forms do: a page is an entrance and imports no handlers.

    Raises RuntimeError when a view says not who may see it: that must stop the start.
    """
    gate = Gate(app, config, engine, clock=clock, client=client, bot=bot, filling=filling)
    for pages in PAGES:
        gate.add(pages)
    gate.close()
