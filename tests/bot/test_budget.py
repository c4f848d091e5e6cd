"""Who may work at the same time, and who is next (bot/budget.py)."""

from __future__ import annotations

import threading
import time

from bot.budget import Gate


def wait_for(gate: Gate, waiting: int) -> None:
    deadline = time.monotonic() + 10
    while len(gate._waiting) != waiting:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_gate_lets_them_through_in_the_order_they_came() -> None:
    gate, passed = Gate(1), []

    def pass_through(name: int) -> None:
        with gate.passed(10):
            passed.append(name)

    threads = [threading.Thread(target=pass_through, args=(name,)) for name in range(5)]
    with gate.passed(10):
        for number, thread in enumerate(threads, start=1):
            thread.start()
            wait_for(gate, number)
        assert passed == []
    for thread in threads:
        thread.join(10)
    assert passed == [0, 1, 2, 3, 4]


def test_who_waits_too_long_goes_on_and_takes_nobodys_place() -> None:
    gate = Gate(1)
    with gate.passed(10) as first:
        with gate.passed(0.01) as second:
            assert (first, second) == (True, False)
        with gate.passed(0.01) as third:
            assert third is False
    with gate.passed(0.01) as fourth:
        assert fourth is True


def test_never_more_than_its_places_and_none_is_lost() -> None:
    gate = Gate(3)
    guard, inside, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for number in range(100):
            with gate.passed(0.0001 if number % 7 == 0 else 10) as has_place:
                if not has_place:
                    continue
                with guard:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.0001)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (inside, most, gate._free, len(gate._waiting)) == (0, 3, 3, 0)
