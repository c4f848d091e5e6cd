"""Which menu a person sees."""

from __future__ import annotations

from .records import Json, Person
from .state import State


def menu_of(state: State, person: Person | None) -> list[Json]:
    """Buttons shown to a person: newest matching conditional menu, else the default one."""
    if person is not None and state.menu is not None:
        for menu in reversed(state.conditional):
            if matches(menu["matchrule"], person):
                return list(menu["button"])
    return list(state.menu["button"]) if state.menu is not None else []


def matches(rule: Json, person: Person) -> bool:
    """Whether a match rule takes a person; rules by sex, place or language never match."""
    if any(rule.get(name) for name in ("sex", "country", "province", "city", "language")):
        return False
    tag = rule.get("tag_id") or rule.get("group_id")
    if tag:
        tags = person.fact("tags", [])
        if not tags or str(tags[-1]) != str(tag):
            return False
    platform = rule.get("client_platform_type")
    return not platform or str(platform) == str(person.fact("platform", "1"))


def button_at(buttons: list[Json], path: list[int]) -> Json | None:
    """The leaf button at a path such as [1, 0], or None."""
    if not path or not all(isinstance(step, int) for step in path) or len(path) > 2:
        return None
    if not 0 <= path[0] < len(buttons):
        return None
    button = buttons[path[0]]
    children = button.get("sub_button") or []
    if len(path) == 1:
        return None if children else button
    child: Json | None = children[path[1]] if 0 <= path[1] < len(children) else None
    return child
