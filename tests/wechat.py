"""The emulator as this test's WeChat, and settings that point to it."""

from __future__ import annotations

import os
from typing import Any

from core.config import Config
from emulator import windows
from emulator.settings import Settings, Template
from emulator.testing import Phone, Running, start

MEETING = Template("tmpl-meeting", "template", "预约提醒", "事项：{{thing1.DATA}}\n时间：{{time2.DATA}}")
RESULT = Template("tmpl-result", "subscribe", "结果通知", "结果：{{phrase1.DATA}}\n说明：{{thing2.DATA}}")
AMOUNT = Template("tmpl-amount", "template", "到账提醒", "金额：{{amount1.DATA}}\n说明：{{thing2.DATA}}")


def run(config: Config, **changes: Any) -> Running:
    """A platform that knows the account of these settings and three templates."""
    wechat = config.wechat
    return start(
        Settings(
            app_id=wechat.app_id,
            app_secret=wechat.app_secret.get_secret_value(),
            token=wechat.token.get_secret_value(),
            encoding_aes_key=wechat.encoding_aes_key.get_secret_value(),
            original_id=wechat.original_id,
            templates=(MEETING, RESULT, AMOUNT),
            **changes,
        )
    )


def pointed_at(config: Config, url: str, **changes: Any) -> Config:
    """The same settings with the platform at another address."""
    changes = {"api_base": url, "mp_base": url, "open_base": url, **changes}
    return config.model_copy(update={"wechat": config.wechat.model_copy(update=changes)})


def environment(config: Config) -> dict[str, str]:
    """The settings that differ from test to test, for a process of its own."""
    wechat, security = config.wechat, config.security
    return os.environ | {
        "NIANGJIA_DATA__DIR": str(config.data.dir),
        "NIANGJIA_DATABASE__URL": config.database_url,
        "NIANGJIA_REDIS__URL": config.redis_url,
        "NIANGJIA_WECHAT__API_BASE": wechat.api_base,
        "NIANGJIA_WECHAT__MP_BASE": wechat.mp_base,
        "NIANGJIA_WECHAT__OPEN_BASE": wechat.open_base,
        "NIANGJIA_WECHAT__APP_SECRET": wechat.app_secret.get_secret_value(),
        "NIANGJIA_WECHAT__TOKEN": wechat.token.get_secret_value(),
        "NIANGJIA_WECHAT__ENCODING_AES_KEY": wechat.encoding_aes_key.get_secret_value(),
        "NIANGJIA_SECURITY__FIELD_KEYS": security.field_keys.get_secret_value(),
        "NIANGJIA_SECURITY__INDEX_KEY": security.index_key.get_secret_value(),
    }


def open_window(phone: Phone, trigger: str = "message") -> None:
    """As if this person had just written (48 hours, 5 messages) or tapped the menu (1 minute, 3 messages)."""
    running = phone.running
    running.do(lambda: windows.renew(phone.person, trigger, running.world.clock.now()))


def heard(phone: Phone) -> list[str]:
    """The texts that reached this phone."""
    return [message.text for message in phone.heard]
