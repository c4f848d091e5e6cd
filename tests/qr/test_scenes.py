from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qr.scenes import (
    MAX_LENGTH,
    BindScene,
    CardScene,
    CheckInScene,
    LoginScene,
    Number,
    Scene,
    Token,
    new_token,
    unpack,
)


@dataclass(frozen=True)
class SeatScene(Scene, prefix="zzseat"):
    """Two fields of different types, the second able to hold the separator."""

    exam: Number
    token: Token


def _token(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()[:22]


tokens = st.binary(min_size=16, max_size=16).map(_token)
made: st.SearchStrategy[Scene] = st.one_of(
    st.builds(CardScene, tokens),
    st.builds(CheckInScene, tokens),
    st.builds(LoginScene, tokens),
    st.builds(BindScene, tokens),
    st.builds(SeatScene, st.integers(0, 10**18 - 1), tokens),
)
GOOD = "card-" + "-_Az09" * 3 + "abcA"


@given(made)
def test_what_is_packed_comes_back_whether_or_not_the_scan_made_the_person_follow(scene: Scene) -> None:
    packed = scene.pack()
    assert len(packed) <= MAX_LENGTH
    assert re.fullmatch("[A-Za-z0-9_-]+", packed)
    assert unpack(packed) == scene
    assert unpack("qrscene_" + packed) == scene


hostile = st.one_of(
    st.text(),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=80).map(lambda tail: "card-" + tail),
    st.text(alphabet="carde-_qsn0AQgw\n\x00 ０", max_size=90),
    st.tuples(made, st.integers(0, 80), st.characters()).map(
        lambda t: t[0].pack()[: t[1]] + t[2] + t[0].pack()[t[1] :]
    ),
)


@given(hostile)
@example("")
@example("qrscene_")
@example("card")
@example("card-")
@example("-" * 64)
@example(GOOD + "\n")
@example("\n" + GOOD)
@example("qrscene_qrscene_" + GOOD)
@example(GOOD + "A")
@example(GOOD.replace("card", "CARD"))
@example("zzseat-00-" + GOOD[5:])
@example("zzseat-٣-" + GOOD[5:])
@example("card-" + "A" * 10_000_000)
def test_hostile_strings_never_raise_and_only_our_own_strings_mean_something(text: str) -> None:
    scene = unpack(text)
    assert scene is None or scene.pack() == text.removeprefix("qrscene_")


@pytest.mark.parametrize(
    "key", [None, "", "123", "qrscene_123", "last_trade_no_4200000000", "card-short", "none-" + GOOD[5:]]
)
def test_scenes_that_are_not_ours_mean_nothing(key: str | None) -> None:
    assert unpack(key) is None


def test_something_that_is_no_string_means_nothing() -> None:
    key: str = {"EventKey": GOOD}  # type: ignore[assignment]
    assert unpack(key) is None


def test_E1_a_card_token_has_128_random_bits_in_22_characters() -> None:
    several = {new_token() for _ in range(500)}
    assert len(several) == 500
    assert all(len(token) == 22 and CardScene(token).pack() == f"card-{token}" for token in several)
    assert len(base64.urlsafe_b64decode(new_token() + "==")) == 16


def test_two_strings_never_mean_the_same_payload() -> None:
    assert unpack(GOOD) is not None
    assert unpack(GOOD[:-1] + "B") is None  # the same 16 bytes as …A to a lenient decoder


@pytest.mark.parametrize(
    "token", ["", "short", GOOD[5:] + "A", GOOD[5:-1] + "\n", "微" * 22, "a b" * 7 + "A"]
)
def test_a_payload_that_its_string_could_not_give_back_cannot_be_made(token: str) -> None:
    with pytest.raises(ValueError) as caught:
        CardScene(token)
    assert token == "" or token not in str(caught.value)
    with pytest.raises(ValueError):
        replace(CardScene(new_token()), token=token)


@pytest.mark.parametrize("exam", [-1, 10**18])
def test_numbers_out_of_range_cannot_be_made(exam: int) -> None:
    with pytest.raises(ValueError):
        SeatScene(exam, new_token())


def test_a_prefix_cannot_be_claimed_twice() -> None:
    with pytest.raises(TypeError, match="taken by CardScene"):

        class Thief(Scene, prefix="card"):
            token: Token


@pytest.mark.parametrize("prefix", ["", "Card", "qrscene_", "a-b", "x" * 13, "卡"])
def test_a_prefix_is_small_letters_only(prefix: str) -> None:
    with pytest.raises(TypeError, match="prefix"):

        class Odd(Scene, prefix=prefix):
            token: Token


def test_a_scene_that_could_get_too_long_or_cannot_be_written_is_refused_when_declared() -> None:
    with pytest.raises(TypeError, match="over 64"):

        class Long(Scene, prefix="zzlong"):
            one: Token
            two: Token
            three: Number

    with pytest.raises(TypeError, match="Token or a Number"):

        class Plain(Scene, prefix="zzplain"):
            name: str

    with pytest.raises(TypeError, match="at least one"):

        class Nothing(Scene, prefix="zznothing"):
            pass
