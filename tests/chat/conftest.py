from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.config import Config
from tests.chat.account import Account, Phone, in_mode, opened
from tests.chat.fair import Fair
from tests.conftest import DATABASE


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if DATABASE != "sqlite":  # PostgreSQL has no lock for all writers
        dropped = [item for item in items if "on_sqlite" in getattr(item, "fixturenames", ())]
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            items[:] = [item for item in items if item not in dropped]


@pytest.fixture
def on_sqlite() -> None:
    """For tests of what only SQLite does; they are not collected elsewhere."""


@pytest.fixture
def mode() -> str:
    """How the callback is encrypted; parametrize a test with plain, compatible, secure to have it in each."""
    return "plain"


@pytest.fixture
def account(config: Config, mode: str) -> Iterator[Account]:
    """The real application, a clock to move, and a log to read."""
    with opened(in_mode(config, mode)) as account:
        yield account


@pytest.fixture
def phone(account: Account) -> Phone:
    """Somebody who follows already."""
    return account.phone()


@pytest.fixture
def fair(account: Account) -> Fair:
    return Fair(account)


@pytest.fixture
def her(fair: Fair) -> Phone:
    """小禾, who is asked."""
    return fair.person("小禾", contact="xiaohe_wx")


@pytest.fixture
def him(fair: Fair) -> Phone:
    """阿岳, who asks."""
    return fair.man("阿岳", contact="ayue_1990")
