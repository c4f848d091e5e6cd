"""Settings: config.yaml, the environment and secret files, read once into frozen, typed values."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    YamlConfigSettingsSource,
)
from yaml import YAMLError

from core.shapes import Address, AesKey, DatabaseUrl, FieldKeys, IndexKey, RedisUrl, Token

ROOT = Path(__file__).resolve().parent.parent


class ConfigError(Exception):
    """The settings can't be used; the message names each wrong key by its path."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, hide_input_in_errors=True)


class MenuButton(_Section):
    """One menu button; a top button has either children or an own key/url/page (an address below web.base_url)."""

    name: str
    key: str = ""
    url: str = ""
    page: str = ""
    children: tuple[MenuButton, ...] = ()


class WeChat(_Section):
    app_id: str = Field(min_length=1)
    app_secret: SecretStr
    token: Token
    encoding_aes_key: AesKey
    previous_encoding_aes_key: AesKey
    original_id: str = Field(min_length=1)
    mode: Literal["plain", "compatible", "secure"]
    api_base: Address
    mp_base: Address
    open_base: Address
    connect_timeout: float = Field(gt=0, le=60)
    read_timeout: float = Field(gt=0, le=60)
    templates: dict[str, str]
    menu: tuple[MenuButton, ...]


class Data(_Section):
    dir: Path


class Database(_Section):
    url: DatabaseUrl
    pool_size: int = Field(ge=1)


class Redis(_Section):
    url: RedisUrl
    prefix: str


class Web(_Section):
    host: str
    port: int = Field(ge=1, le=65535)
    base_url: Address
    processes: int = Field(ge=1)
    threads: int = Field(ge=1)
    trusted_proxies: int = Field(ge=0)


class Worker(_Section):
    threads: int = Field(ge=1)


class Emulator(_Section):
    host: str
    port: int = Field(ge=1, le=65535)


class Security(_Section):
    field_keys: FieldKeys
    index_key: IndexKey


class Log(_Section):
    level: Literal["debug", "info", "warning", "error"]


Positive = Annotated[int, Field(ge=1)]


class Limits(_Section):
    body_bytes: Positive
    timestamp_seconds: Positive
    answer_seconds: float = Field(gt=0, lt=5)
    lease_seconds: float = Field(gt=0, le=60)
    dedup_seconds: int = Field(ge=60)
    received_days: Positive
    form_minutes: Positive
    draft_days: Positive
    kept_notice_days: Positive
    handover_days: Positive


class Matchmaking(_Section):
    request_minutes: Positive
    requests_open: Positive
    requests_per_day: Positive
    card_requests_per_hour: Positive
    ask_again_days: Positive
    code_days: int = Field(ge=1, le=30)
    code_renew_days: int = Field(ge=0, le=29)
    meeting_minutes: Positive
    meeting_lead_minutes: Positive
    meeting_gap_minutes: int = Field(ge=0)


class Appointments(_Section):
    calendar: Path
    days_ahead: int = Field(ge=1, le=90)
    open_bookings: Positive
    reminder_hours: tuple[Positive, ...]
    year_warning_days: Positive


class Crisis(_Section):
    words: tuple[str, ...]
    hotlines: tuple[str, ...] = Field(min_length=1)
    on_duty: tuple[str, ...]
    again_minutes: Positive


class Waiting(_Section):
    hold_minutes: Positive
    day_from: int = Field(ge=0, le=22)
    day_until: int = Field(ge=1, le=24)


class Broadcasts(_Section):
    batch_size: int = Field(ge=2, le=10_000)
    calls_per_minute: Positive
    slice_size: Positive
    chunk_size: Positive
    lease_seconds: Positive
    repeat_seconds: Positive
    ask_after_seconds: Positive
    tries: Positive
    failure_percent: int = Field(ge=1, le=100)
    failure_minimum: Positive


class Persons(_Section):
    export_minutes: Positive
    exports_per_day: Positive
    exam_years: Positive
    unplaced_days: Positive


class Console(_Section):
    idle_minutes: Positive
    hours: Positive
    invitation_days: Positive
    scan_minutes: int = Field(ge=1, le=10)
    scans_per_address: Positive
    failures: Positive
    first_delay_seconds: Positive
    longest_delay_minutes: Positive
    calm_hours: Positive
    log_days: Positive


class Config(BaseSettings):
    """All settings. Build it with `load`, never by hand outside tests."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="NIANGJIA_",
        env_nested_delimiter="__",
        secrets_nested_delimiter="__",
        secrets_prefix="",
        hide_input_in_errors=True,
    )

    wechat: WeChat
    data: Data
    database: Database
    redis: Redis
    web: Web
    worker: Worker
    emulator: Emulator
    security: Security
    log: Log
    limits: Limits
    matchmaking: Matchmaking
    appointments: Appointments
    crisis: Crisis
    waiting: Waiting
    broadcasts: Broadcasts
    persons: Persons
    console: Console

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        yaml = YamlConfigSettingsSource(settings_cls, yaml_file=config_file(), yaml_file_encoding="utf-8")
        folder = _secrets_dir(yaml())
        files = NestedSecretsSettingsSource(
            file_secret_settings,
            secrets_dir=folder,
            secrets_dir_missing="ok",
            secrets_nested_delimiter="__",
            secrets_prefix="",
        )
        return (init_settings, env_settings, files, yaml)

    @property
    def data_dir(self) -> Path:
        """The folder for everything the program writes, absolute."""
        return _absolute(self.data.dir)

    @property
    def calendar_file(self) -> Path:
        """The file with holidays and 调休, absolute."""
        return _absolute(self.appointments.calendar)

    @property
    def database_url(self) -> str:
        """The SQLAlchemy address; an empty setting means SQLite in the data folder."""
        return self.database.url or f"sqlite:///{self.data_dir / 'niangjia.sqlite3'}"

    @property
    def redis_url(self) -> str:
        """The Redis address; an empty setting means the embedded server's socket in the data folder."""
        return self.redis.url or f"unix://{self.data_dir / 'redis.sock'}"

    def missing_secrets(self) -> list[str]:
        """Paths of the secrets without which nothing may be served."""
        missing = [
            f"{section}.{key}"
            for section, key in REQUIRED_SECRETS
            if not getattr(getattr(self, section), key).get_secret_value()
        ]
        if self.wechat.mode == "plain":
            missing = [path for path in missing if path != "wechat.encoding_aes_key"]
        return missing


REQUIRED_SECRETS = (
    ("wechat", "app_secret"),
    ("wechat", "token"),
    ("wechat", "encoding_aes_key"),
    ("security", "field_keys"),
    ("security", "index_key"),
)


def config_file() -> Path:
    """The settings file in use."""
    return Path(os.environ.get("NIANGJIA_CONFIG") or ROOT / "config.yaml")


def load(**overrides: Any) -> Config:
    """Read the settings. Raises ConfigError with one line per wrong key, naming its path and never its value."""
    file = config_file()
    if not file.is_file():
        raise ConfigError(f"settings file not found: {file}")
    unknown = [name for name in os.environ if name.startswith("NIANGJIA_") and not _known(name)]
    if unknown:
        raise ConfigError("\n".join(f"{name}: no such setting" for name in sorted(unknown)))
    try:
        return Config(**overrides)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, e['loc'])) or file.name}: {_PLAIN.get(e['type'], e['msg'])}"
            for e in error.errors()
        ]
        raise ConfigError("\n".join(lines)) from None
    except (
        ValueError,
        OSError,
        SettingsError,
        YAMLError,
    ) as error:  # a broken YAML file, an unreadable secret, JSON in the environment
        raise ConfigError(f"{file}: {error}") from None


_PLAIN = {"missing": "missing; add it, as in config.yaml", "extra_forbidden": "no such setting"}


def _known(name: str) -> bool:
    if name in ("NIANGJIA_CONFIG",) or name.startswith("NIANGJIA_TEST_"):
        return True
    section, _, key = name.removeprefix("NIANGJIA_").lower().partition("__")
    field = Config.model_fields.get(section)
    model = field.annotation if field else None
    return (
        isinstance(model, type) and issubclass(model, BaseModel) and key.split("__")[0] in model.model_fields
    )


def _absolute(path: Path) -> Path:
    return path if path.is_absolute() else ROOT / path


def _secrets_dir(yaml: dict[str, Any]) -> Path:
    """Secret files lie below data.dir, which is itself a setting and may come from the environment."""
    folder = os.environ.get("NIANGJIA_DATA__DIR") or (yaml.get("data") or {}).get("dir") or "var"
    return _absolute(Path(folder)) / "secrets"
