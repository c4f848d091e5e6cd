"""The menu at the bottom of the chat."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import click
import structlog

from bot import menu
from bot.client import Client
from bot.platform_errors import CallFailed
from commands._help import Group
from core import redis_server
from core.config import Config, load
from core.redis import connect
from handlers import table


@click.group(cls=Group)
def command() -> None:
    """Check, push and show the menu of wechat.menu in config.yaml."""


@command.command()
def check() -> None:
    """Compare the menu in the settings with the platform's limits and with what we answer. Calls nobody."""
    _need_good_menu(load())
    print("the menu can be pushed")


@command.command()
def push() -> None:
    """Replace the platform's menu by the one in the settings. Phones show it within five minutes."""
    push_menu(load())
    print("pushed; phones that are in the chat show it within five minutes")


@command.command()
def show() -> None:
    """Print the menu as the platform has it, and whether it is the one in the settings."""
    config = load()
    with _client(config) as client:
        answer = client.menu()
    if answer is None:
        print("the platform has no menu")
        return
    for line in menu.lines(answer["menu"]):
        print(line)
    is_same = menu.is_same(menu.build(menu.of(config)), answer["menu"])
    print()
    print("the same as in the settings" if is_same else "NOT the one in the settings: ./niangjia menu push")
    if answer.get("conditionalmenu"):
        print(f"and {len(answer['conditionalmenu'])} conditional menus, which some people see instead")


def push_menu(config: Config) -> None:
    """Check the menu of the settings and make it the platform's."""
    _need_good_menu(config)
    with _client(config) as client:
        client.create_menu(menu.build(menu.of(config)))


def _need_good_menu(config: Config) -> None:
    if found := menu.problems(menu.of(config), table().menu_keys):
        raise click.ClickException("wechat.menu:\n  " + "\n  ".join(found))


@contextlib.contextmanager
def _client(config: Config) -> Iterator[Client]:
    """A client for a moment; what goes wrong is one line."""
    if not config.wechat.app_secret.get_secret_value():
        raise click.ClickException("wechat.app_secret: missing; set NIANGJIA_WECHAT__APP_SECRET")
    # What fails is printed as one line; a log line beside it would only confuse.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        with redis_server.running(config):
            db = connect(config)
            client = Client(config, db)
            try:
                yield client
            finally:
                client.close()
                db.close()
    except CallFailed as error:
        raise click.ClickException(f"WeChat: {error}") from None
    except redis_server.RedisServerError as error:
        raise click.ClickException(str(error)) from None
