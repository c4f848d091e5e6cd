"""Daily quotas (接口调用频次限制) of a new account, counted on the China calendar day."""

from __future__ import annotations

from .errors import Refused
from .world import World

DAILY: dict[str, int] = {
    "token": 2000,
    "stable_token": 500_000,
    "menu/create": 1000,
    "menu/get": 10_000,
    "menu/delete": 1000,
    "menu/addconditional": 2000,
    "menu/delconditional": 2000,
    "menu/trymatch": 20_000,
    "media/upload": 100_000,
    "media/get": 200_000,
    "custom/send": 500_000,
    "qrcode/create": 100_000,
    "user/get": 500,
    "user/info": 5_000_000,
    "user/remark": 10_000,
    "template/send": 100_000,
    "subscribe/send": 100_000,
    "jsapi/ticket": 1_000_000,
    "mass/send": 100,
    "mass/preview": 100,
    "mass/delete": 10,
    "draft/add": 1000,
    "draft/get": 500,
    "draft/delete": 1000,
    "draft/update": 1000,
    "draft/count": 1000,
    "draft/batchget": 1000,
    "freepublish": 100,
    "freepublish/get": 100,
}
#: Calls in one minute (45011).
MINUTELY: dict[str, int] = {"stable_token": 10_000, "sns": 50_000, "mass/send": 60}


def limit_of(world: World, name: str) -> int:
    return world.settings.quotas.get(name, DAILY.get(name, 1_000_000))


def use(world: World, name: str, by: int = 1) -> None:
    """Count one call; Refused when the day's (45009) or the minute's (45011) quota is gone."""
    if not world.settings.check_quotas:
        return
    if name in MINUTELY:
        minute = str(int(world.clock.now()) // 60)
        if world.state.add_count(f"minute:{name}", minute) > MINUTELY[name]:
            raise Refused(45011)
    if name == "sns":
        return
    day, limit = world.clock.day(), limit_of(world, name)
    if world.state.count(f"quota:{name}", day) + by > limit:
        raise Refused(45009)
    world.state.add_count(f"quota:{name}", day, by)


def clear(world: World, name: str | None = None) -> None:
    """Give back one quota, or all of them."""
    for key in list(world.state.usage):
        if key.startswith("quota:") and name in (None, key.removeprefix("quota:")):
            del world.state.usage[key]
