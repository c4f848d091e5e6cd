"""The pretend WeChat."""

from __future__ import annotations

import click

from commands._process import die_with_supervisor, need_free_port
from core.config import ConfigError, load
from emulator import Settings, serve


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Listen here instead of emulator.port.")
def command(port: int | None) -> None:
    """Run the emulator of WeChat's platform and its page of phones.

    The account it knows is the one in the settings (wechat.*); callbacks go to web.base_url/wechat. Sheets to scan are
    taken from data.dir/sheets, and what happened is kept in data.dir, so that a restart forgets nothing.
    """
    die_with_supervisor()
    config = load()
    wechat = config.wechat
    if missing := [path for path in config.missing_secrets() if path.startswith("wechat.")]:
        raise ConfigError(
            "\n".join(f"{path}: missing; ./niangjia run makes secrets for a demo" for path in missing)
        )
    need_free_port(config.emulator.host, port or config.emulator.port, "emulator.port")
    sheets = config.data_dir / "sheets"
    sheets.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = Settings(
        host=config.emulator.host,
        port=port or config.emulator.port,
        app_id=wechat.app_id,
        app_secret=wechat.app_secret.get_secret_value(),
        token=wechat.token.get_secret_value(),
        original_id=wechat.original_id,
        mode=wechat.mode,
        callback_url=f"{config.web.base_url.rstrip('/')}/wechat",
        state_file=str(config.data_dir / "emulator.json"),
        sheets_dir=str(sheets),
    )
    if key := wechat.encoding_aes_key.get_secret_value():
        settings.encoding_aes_key = key
    serve(settings)
