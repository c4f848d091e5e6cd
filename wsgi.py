"""The one place that assembles: settings, database, Redis, the bot and the web."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import handlers
from bot.callback import Bot
from bot.client import Client
from core import crypto, log
from core.clock import utcnow
from core.config import Config, load
from core.db import make_engine
from core.redis import Lane, connect
from handlers import filling
from handlers.conversation import converse
from web import calendar, callback, console, health, mobile


def create_bot(config: Config, *, clock: Callable[[], datetime] = utcnow) -> Bot:
    """All that answers the chat, with connections of its own."""
    log.setup(config)
    crypto.use(config)
    handlers.table()  # two handlers that claim one word must stop the start
    return Bot(config, make_engine(config), Lane(config), converse, clock=clock)


def create_app(config: Config | None = None, *, clock: Callable[[], datetime] = utcnow) -> Flask:
    """The web application. `flask run` and granian call it without settings; it reads them then."""
    config = config or load()
    bot = create_bot(config, clock=clock)
    engine = bot.desk.engine
    app = Flask("niangjia", static_folder="web/static", template_folder="web/templates")
    app.config["NIANGJIA"] = config
    app.extensions["bot"] = bot
    app.extensions["table"] = handlers.table()
    app.register_blueprint(health.blueprint(config, engine))
    app.register_blueprint(calendar.blueprint(config, engine))
    client = Client(config, connect(config))
    console.mount(app, config, engine, clock=clock, client=client, wake=bot.once.wake)
    mobile.mount(app, config, engine, clock=clock, client=client, bot=bot, filling=filling)
    entrance = callback.mount(app.wsgi_app, bot)
    if hops := config.web.trusted_proxies:
        entrance = ProxyFix(entrance, x_for=hops, x_proto=hops, x_host=hops)
    app.wsgi_app = entrance  # type: ignore[assignment,method-assign]
    return app
