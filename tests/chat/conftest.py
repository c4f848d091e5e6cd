from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.config import Config
from tests.chat.account import Account, Phone, in_mode, opened


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
