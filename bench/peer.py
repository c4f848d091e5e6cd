"""The one we are compared with: a bare WeRoBot robot on Flask with Redis sessions, as its documentation shows it.

Its settings come from the same configuration; its answer is a fixed text.
"""

from __future__ import annotations

import redis
from flask import Flask
from werobot import WeRoBot
from werobot.contrib.flask import make_view
from werobot.session.redisstorage import RedisStorage

from core.config import load


def create_app() -> Flask:
    """The robot under /wechat."""
    config = load()
    robot = WeRoBot(
        token=config.wechat.token.get_secret_value(),
        app_id=config.wechat.app_id,
        encoding_aes_key=None
        if config.wechat.mode == "plain"
        else config.wechat.encoding_aes_key.get_secret_value(),
        SESSION_STORAGE=RedisStorage(redis.Redis.from_url(config.redis_url)),
    )

    @robot.handler  # type: ignore[untyped-decorator]
    def answer(message: object, session: object) -> str:
        return "你好，这里是工会。"

    app = Flask("peer")
    app.add_url_rule("/wechat", endpoint="wechat", view_func=make_view(robot), methods=["GET", "POST"])
    return app
