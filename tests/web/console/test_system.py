"""运行状况 and 设置: what is wrong is seen, and no secret is."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from core.config import Config
from core.jobs import jobs_key
from core.redis import connect
from core.settings import settings
from models.messages import Notice, NoticeAttempt, NoticeState
from rules.outbox import outbox
from tasks.schedule import JOBS
from tests.rules.cast import NOW
from tests.web.console.office import Office
from web.console import words
from web.console.explained import SECTIONS


def test_the_outbox_is_counted_by_what_became_of_it(office: Office) -> None:
    worker = office.ids["north_worker"]
    with Session(office.account.engine) as db:
        for state, due in (
            ("pending", 9),
            ("pending", 1),
            ("pending", -60),
            ("sending", 0),
            ("kept", 0),
            ("unknown", 0),
            ("sent", 0),
        ):
            db.add(Notice(worker_id=worker, kind="staff_answer", facts={}, state=NoticeState(state), made_at=NOW,
                          due_at=NOW - timedelta(minutes=due)))  # fmt: skip
        db.flush()
        for code, hours in ((45015, 1), (45015, 2), (43101, 3), (None, 1), (45015, 30)):
            db.add(
                NoticeAttempt(notice_id=1, at=NOW - timedelta(hours=hours), channel="customer", errcode=code)
            )
        db.commit()
        found = outbox(db, now=NOW)
    assert (found.waiting, found.late, found.sending, found.unread, found.unknown) == (3, 1, 1, 1, 1)
    assert (found.attempts, found.failures) == (4, ((45015, 2), (43101, 1)))
    page = office.seat("boss").get("/health").text
    assert "微信不收：45015" in page
    assert "处要看一看" in page


def test_a_job_that_failed_or_is_late_is_seen(office: Office) -> None:
    redis = connect(office.account.config)
    runs = {
        "heard": (30, True, 60),
        "figures": (60, False, 3600),
        "broadcasts": (900, True, 1),
        "forget": (9000, True, "20 4 * * *"),
    }
    for name, (ago, is_good, when) in runs.items():
        said = {"began": NOW.timestamp() - ago, "seconds": 0.2, "is_good": is_good, "when": when}
        redis.hset(jobs_key(office.account.config), name, json.dumps(said))
    redis.set(f"{office.account.config.redis.prefix}leader", "x")
    page = office.seat("north_admin").get("/health/now").text
    assert page.count("没做成") == 1
    assert "数每周的数据" in page
    assert {job.name for job in JOBS} <= words.JOBS.keys(), "staff read a job's name in Chinese"
    assert page.count("晚了</span>") == 1
    redis.close()


def test_the_page_opens_while_redis_is_away(office: Office) -> None:
    config = office.account.config
    away = config.model_copy(update={"redis": config.redis.model_copy(update={"url": "unix:///nowhere/s"})})
    office.account.app.extensions["console"].config = away
    assert "连不上" in office.seat("boss").get("/health").text


def test_settings_show_where_they_come_from_and_no_secret(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIANGJIA_WEB__PORT", "8100")
    page = office.seat("boss").get("/settings").text
    security, wechat = office.account.config.security, office.account.config.wechat
    for secret in (
        security.field_keys,
        security.index_key,
        wechat.token,
        wechat.app_secret,
        wechat.encoding_aes_key,
    ):
        assert secret.get_secret_value() not in page
    assert "已设" in page
    assert "环境变量" in page
    assert "broadcasts" in page
    assert "群发" in page
    assert office.seat("north_clerk").get("/settings").status_code == 404


def test_every_setting_has_its_words(config: Config) -> None:
    there: dict[str, set[str]] = {}
    for one in settings(config):
        there.setdefault(one.section, set()).add(one.key)
    assert there == {section: set(keys) for section, (_, keys) in SECTIONS.items()}


@pytest.mark.parametrize("way", ["me:planted@db/niangjia", "me@db/niangjia?password=planted"])
def test_an_address_with_a_password_is_a_secret_and_a_file_is_named(config: Config, way: str) -> None:
    url = f"postgresql+psycopg://{way}"
    config = config.model_copy(update={"database": config.database.model_copy(update={"url": url})})
    folder = config.data_dir / "secrets"
    folder.mkdir(parents=True)
    (folder / "wechat__token").write_text("x")
    found = {f"{one.section}.{one.key}": one for one in settings(config)}
    assert found["database.url"].value is None
    assert found["database.url"].is_set
    assert found["wechat.token"].source == "secret file"
    assert found["limits.form_minutes"].value == str(config.limits.form_minutes)
    assert not any("planted" in str(one) for one in found.values())
    assert "NIANGJIA_WECHAT__TOKEN" not in os.environ
