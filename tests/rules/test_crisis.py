"""C11 (without escalation): which words are answered at once, from a table with both sides."""

from __future__ import annotations

import time

import pytest

from rules.crisis import is_worrying
from tests.rules.crisis_examples import MUST, MUST_NOT, lines


@pytest.mark.parametrize("said", lines(MUST))
def test_C11_must_catch(said: str) -> None:
    assert is_worrying(said)


@pytest.mark.parametrize("said", lines(MUST_NOT))
def test_C11_must_not_catch(said: str) -> None:
    assert not is_worrying(said)


def test_C11_more_words_come_from_the_settings() -> None:
    assert not is_worrying("想去很远的地方")
    assert is_worrying("想去 很远的地方", ("很远的地方",))


def test_C11_costs_next_to_nothing_for_every_message() -> None:
    texts = ["明天下午三点约心理咨询", "想" * 2000, "活着" * 1000, "不想" * 1000]
    started = time.process_time()
    for _ in range(20):
        assert not any(map(is_worrying, texts))
    assert time.process_time() - started < 2
