"""What identifies a person: phone numbers and identity card numbers. Their repr never shows them whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from stdnum.iso7064 import mod_11_2

from forms.understand.outcome import Reading, Unclear, Understood, settle, tidy

_SPOKEN = str.maketrans("零〇一幺二三四五六七八九", "001123456789")
_SAID = re.compile(
    r"(?:我的|我|新|本人)?(?:手机|电话|联系电话|手机号码|手机号|电话号码|号码|联系方式|号|tel|phone)*(?:是|:|为)*"
)
_MARKS = re.compile(r"[\s\-.·_/()\[\]]+")
_SEPARATE = re.compile(r"或者|或|和|、|,|;|/|\s{1,4}(?=1[3-9])")
_ABROAD = re.compile(r"(?:\+|00)(?!86)[1-9][0-9]{5,14}")
_LANDLINE = re.compile(r"(010|02[0-9]|0[3-9][0-9]{2})([2-9][0-9]{6,7})")


@dataclass(frozen=True, slots=True)
class Phone:
    """A mainland number: eleven digits, or area code, dash and seven or eight digits."""

    number: str
    kind: Literal["mobile", "landline"]

    def masked(self) -> str:
        """138****5678."""
        return f"{self.number[:3]}****{self.number[-4:]}"

    def __repr__(self) -> str:
        """Masked, because a repr ends in logs."""
        return f"Phone({self.masked()!r}, {self.kind!r})"


def _phone(text: str) -> Phone | Unclear:
    said = _MARKS.sub("", _SAID.sub("", text, count=1).translate(_SPOKEN))
    if _ABROAD.fullmatch(said):
        return Unclear("phone_abroad")
    found = re.fullmatch(r"\+?([0-9]{1,40})", said)
    if found is None:
        return Unclear("not_a_phone")
    digits = found[1]
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) > 11:
            digits = digits.removeprefix(prefix)
            if re.fullmatch(r"[1-9][0-9]{9,10}", digits) and digits[0] != "1":
                digits = "0" + digits  # +86 571 8765 4321 leaves out the 0 of the area code
            break
    if digits.startswith("01") and len(digits) == 12 and digits[2] in "3456789":
        digits = digits[1:]  # the long-distance 0 of old telephones
    if digits.startswith("0"):
        line = _LANDLINE.fullmatch(digits)
        return (
            Phone(f"{line[1]}-{line[2]}", "landline")
            if line
            else Unclear("landline", {"digits": len(digits)})
        )
    if re.fullmatch(r"[48]00[0-9]{7}", digits):
        return Unclear("phone_service")
    if re.fullmatch(r"[2-9][0-9]{6,7}", digits):
        return Unclear("area_code", {"digits": len(digits)})
    if len(digits) != 11:
        return Unclear("phone_length", {"digits": len(digits), "wanted": 11})
    if re.fullmatch(r"1[3-9][0-9]{9}", digits):
        return Phone(digits, "mobile")
    return Unclear("phone_start", {"start": digits[:2]})


def phone(text: str, *, mobile_only: bool = False) -> Reading[Phone]:
    """A mainland mobile or landline number, with blanks, dashes, +86, full-width or spoken digits (幺三八…).

    Two numbers are two choices. Unclear: `phone_length` (the facts `digits`, `wanted`), `phone_start` (`start`),
    `area_code` (landline without one; `digits`), `landline` (wrong length, or a mobile is wanted), `phone_service`
    (400, 800), `phone_abroad`, `not_a_phone`.
    """
    text = tidy(text)
    read = _phone(text)
    parts = [part for part in _SEPARATE.split(text) if part.strip()]
    if isinstance(read, Unclear) and len(parts) == 2:
        both = [p for p in map(_phone, parts) if isinstance(p, Phone)]
        if len(both) == 2:
            return settle(both, Phone.masked, none=read)
    if isinstance(read, Unclear):
        return read
    if mobile_only and read.kind != "mobile":
        return Unclear("landline", {"digits": len(read.number) - 1})
    return Understood(read)


_PROVINCES = frozenset({
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
    "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83",
})  # fmt: skip
_ID_SAID = re.compile(
    r"(?:我的|我|本人)?(?:居民|公民)?(?:身份证|身份|证件|居住证|永居证)*(?:号码|号)?(?:是|:|为)*"
)
_ID_LENGTH = 18
_CROSSES = str.maketrans("×хⅹ✕✖╳", "xxxxxx")  # a cross, and the Cyrillic letter that looks like one


@dataclass(frozen=True, slots=True)
class IdNumber:
    """An eighteen character number whose check character fits (GB 11643)."""

    number: str
    born: date
    sex: Literal["male", "female"]
    kind: Literal["resident", "hmt_permit", "foreigner_permit"]

    def age(self, today: date) -> int:
        """Full years on that day; somebody born on 29 February is a year older on 1 March."""
        return today.year - self.born.year - ((today.month, today.day) < (self.born.month, self.born.day))

    def masked(self) -> str:
        """330***********293X."""
        return f"{self.number[:3]}***********{self.number[-4:]}"

    def __repr__(self) -> str:
        """Without digits, because a repr ends in logs."""
        return f"IdNumber(…, {self.kind!r})"


def id_number(text: str, today: date) -> Reading[IdNumber]:
    """The number of a resident identity card, a residence permit for Hong Kong, Macao or Taiwan residents (81, 82,
    83), or a foreigner's permanent residence card of 2023 (9…): 18 characters, blanks and a small x are fine.

    Unclear: `id_length` (the facts `length`, `wanted`), `id_old` (15 digits, from before 1999), `id_foreign_old` (15,
    three letters first), `id_characters`, `id_region`, `id_birth_date`, `id_checksum`. Facts hold no digit of it.
    """
    said = _ID_SAID.sub("", tidy(text).translate(_CROSSES), count=1)
    number = re.sub(r"[\s\-._·]+", "", said).upper()
    if re.fullmatch("[0-9]{15}", number):
        return Unclear("id_old", {"length": 15, "wanted": _ID_LENGTH})
    if re.fullmatch("[A-Z]{3}[0-9]{12}", number):
        return Unclear("id_foreign_old", {"length": 15, "wanted": _ID_LENGTH})
    if not re.fullmatch("[0-9A-Z]+", number) or not re.search("[0-9]", number):
        return Unclear("id_characters")
    if len(number) != _ID_LENGTH:
        return Unclear("id_length", {"length": len(number), "wanted": _ID_LENGTH})
    if not re.fullmatch("[0-9]{17}[0-9X]", number):
        return Unclear("id_characters")
    foreigner = number[0] == "9"
    if number[1:3] not in _PROVINCES if foreigner else number[:2] not in _PROVINCES:
        return Unclear("id_region")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return Unclear("id_birth_date")
    if not date(today.year - 130, 1, 1) <= born <= today:
        return Unclear("id_birth_date")
    if not mod_11_2.is_valid(number):
        return Unclear("id_checksum")
    sex: Literal["male", "female"] = "male" if int(number[16]) % 2 else "female"
    permit = number[:2] in ("81", "82", "83")
    return Understood(
        IdNumber(
            number, born, sex, "foreigner_permit" if foreigner else "hmt_permit" if permit else "resident"
        )
    )
