"""Real worker processes: woken, stopped, killed, many of them, and with Redis gone."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import redis_server
from core.config import ROOT, Config
from tasks.outbox import LEASE
from tests.tasks.office import Office, opened
from tests.wechat import environment, heard

SEND = "/cgi-bin/message/custom/send"
START = "from core.config import load; from tasks.worker import main; main(load())"


@contextlib.contextmanager
def worker(config: Config, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of its own, stopped at the end."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", START], env=environment(config), cwd=ROOT, stdout=out, stderr=out
        )
    try:
        until(lambda: b"worker started" in log.read_bytes(), process)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def until(
    is_so: Callable[[], bool], process: subprocess.Popen[bytes] | None = None, seconds: float = 60
) -> None:
    """Wait for another process to come that far."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        assert process is None or process.poll() is None
        time.sleep(0.01)


@pytest.fixture
def real_time(office: Office) -> Office:
    """Workers of their own live by the real clock."""
    from core.clock import utcnow

    office.now = utcnow()
    return office


@pytest.mark.slow
def test_a_worker_sends_and_stops_when_told(real_time: Office, tmp_path: Path) -> None:
    office = real_time
    phone = office.person()
    with worker(office.config, tmp_path / "log") as process:
        notice = office.tell(phone, "你好", "late_answer")
        office.redis.lpush(f"{office.config.redis.prefix}wake", 1)
        until(lambda: heard(phone) == ["你好"])
        until(lambda: office.stand(notice) == ("sent", "customer", 0))
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert b"worker stopped" in (tmp_path / "log").read_bytes()
    assert "你好" not in (tmp_path / "log").read_text()
    assert not office.redis.exists(f"{office.config.redis.prefix}leader")


@pytest.mark.slow
def test_a_worker_finishes_what_it_sends(real_time: Office, tmp_path: Path) -> None:
    office = real_time
    phone = office.person()
    notice = office.tell(phone, "等我说完", "late_answer")
    office.platform.fault(SEND, delay=2.0, times=1)
    with worker(office.config, tmp_path / "log") as process:
        until(lambda: office.platform.world.wire.counts.get(SEND) == 1)
        process.terminate()
        assert process.wait(20) == 0
    assert office.stand(notice) == ("sent", "customer", 0)


@pytest.mark.slow
def test_A6_a_killed_worker_has_nothing_sent_twice(real_time: Office, tmp_path: Path) -> None:
    office = real_time
    phone = office.person()
    notice = office.tell(phone, "只说一次", "late_answer")
    office.platform.fault(SEND, delay=1.0, times=1)
    with worker(office.config, tmp_path / "log") as process:
        until(lambda: office.platform.world.wire.counts.get(SEND) == 1)
        process.kill()
        process.wait()
    assert office.notice(notice).state == "sending"
    office.platform.settle()
    office.deliver(after=LEASE.total_seconds() + 60)
    assert office.stand(notice) == ("unknown", "customer", None)
    office.deliver(after=86400)
    assert office.platform.world.wire.counts[SEND] == 1


@pytest.mark.slow
def test_A6_two_workers_never_send_twice(real_time: Office, tmp_path: Path) -> None:
    office = real_time
    phones = [office.person() for _ in range(10)]
    for number in range(4):
        for phone in phones:
            office.tell(phone, str(number), "late_answer")
    with worker(office.config, tmp_path / "one"), worker(office.config, tmp_path / "two"):
        until(lambda: all(len(heard(phone)) >= 4 for phone in phones))
    assert [heard(phone) for phone in phones] == [["0", "1", "2", "3"]] * 10
    assert office.platform.world.wire.counts[SEND] == 40


@pytest.mark.slow
def test_a_worker_survives_a_restart_of_redis(config: Config, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    url = f"unix://{folder / 's'}"
    folder.mkdir()
    command = redis_server.prepare(folder / "data", folder / "s")
    server = redis_server.start(command, url)
    config = config.model_copy(update={"redis": config.redis.model_copy(update={"url": url})})
    try:
        with opened(config) as office:
            from core.clock import utcnow

            office.now = utcnow()
            phone = office.person()
            log = tmp_path / "log"
            with worker(office.config, log):
                office.tell(phone, "一", "late_answer")
                until(lambda: heard(phone) == ["一"])
                redis_server.stop(server)
                until(lambda: b"Redis away" in log.read_bytes())
                office.tell(
                    phone, "二", "late_answer"
                )  # nobody can wake the worker, and the token is remembered
                until(lambda: heard(phone) == ["一", "二"])
                server = redis_server.start(command, url)
                office.tell(phone, "三", "late_answer")
                until(lambda: heard(phone) == ["一", "二", "三"])
                until(lambda: office.redis.exists(f"{config.redis.prefix}leader") == 1)
            assert log.read_bytes().count(b"Redis away") < 40
    finally:
        redis_server.stop(server)
