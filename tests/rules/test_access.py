"""Who may do what to what: the table of permissions, and the scope of every table that staff see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, inspect, select

from core.config import ROOT
from core.errors import Refused
from models.appointments import Booking, Tick
from models.audit import Audit
from models.base import Base
from models.broadcasts import Batch, BatchState, Mute, Recipient, RecipientState, Topic, Way, WorkerTag
from models.events import CheckIn, Event
from models.figures import Figure, Screen
from models.logins import LoginAttempt, Outcome
from models.matchmaking import Profile, Report
from models.messages import Consent, Handover
from models.people import Organisation, Staff, Worker
from models.photos import Photo
from qr.scenes import new_token
from rules import access, audit, logins, notices
from rules.access import NOT_FOR_STAFF, PERMISSIONS, SCOPES, Permission, Role
from rules.appointments import bookings, planning
from rules.broadcasts import life
from rules.exams import sittings
from rules.figures import Kind
from tests.rules import exam_cast
from tests.rules.cast import NOW, Town
from tests.rules.clinic import TERMS, at, open_clinic
from tests.rules.login_cast import HOME

ENTITIES = sorted(SCOPES, key=lambda entity: entity.__name__)


def refused() -> Any:
    return pytest.raises(Refused, match="not_found")


@dataclass
class Two:
    """Two districts below one city, with one of everything in the north; `mine` are the rows' keys."""

    town: Town
    mine: dict[type[Base], set[Any]]
    north: Staff
    south: Staff
    city: Staff

    def sees(self, staff: Staff, entity: type[Base]) -> set[Any]:
        found = self.town.db.scalars(access.scoped(self.town.db, staff, entity, now=NOW)).all()
        return {key(row) for row in found}


def key(row: Base) -> Any:
    return inspect(row).identity


@pytest.fixture
def two(town: Town) -> Two:
    """Everything is made after the staff and the unions, so that what is there then hangs in the north."""
    db, north = town.db, town.north
    people = [
        town.staff(login, union) for login, union in (("nan", north), ("sun", town.south), ("cai", town.city))
    ]
    before: dict[type[Base], set[Any]] = {
        entity: {key(one) for one in db.scalars(select(entity))} for entity in SCOPES
    }
    writer = town.staff("wu", north)
    fair = Event(
        organisation_id=north.id,
        kind="fair",
        title="城北区相亲会",
        place="文化馆",
        starts_at=NOW + timedelta(days=9),
        ends_at=NOW + timedelta(days=10),
        tables=3,
        token=new_token(),
    )
    db.add(fair)
    db.flush()
    town.fair = fair
    card = town.listed(town.wall(1, "90后"))
    worker = card.profile.worker
    db.add_all(
        [
            Handover(worker_id=worker.id, at=NOW, about="profile", draft={}, message_key="k"),
            Consent(worker_id=worker.id, template_id="t"),
            Mute(worker_id=worker.id, topic=Topic.NEWS, at=NOW),
            WorkerTag(name="焊工", worker_id=worker.id),
            CheckIn(event_id=fair.id, worker_id=worker.id, at=NOW),
            Report(worker_id=worker.id, profile_id=card.profile.id, at=NOW),
            Photo(
                worker_id=card.profile.worker_id,
                profile_id=card.profile.id,
                name="0" * 32,
                width=3,
                height=4,
                made_at=NOW,
            ),
        ]
    )
    clinic = open_clinic(db, north, now=NOW, phones={})
    clinic.book(town.worker(north), at(25, 15))
    planning.open_extra(db, clinic.chen, at(28, 9), at(28, 10), now=NOW)
    exam_cast.enter(db, worker, exam_cast.plan(db, north, now=NOW), 1, now=NOW)
    text = life.new(
        db, writer, "text", {"text": "周六下午有活动"}, topic=Topic.NEWS, way=Way.MASS, audience={}, now=NOW
    )
    batch = Batch(
        broadcast_id=text.id,
        number=1,
        version=1,
        client_id="c",
        state=BatchState.DONE,
        size=1,
        made_at=NOW,
        lease_until=NOW,
    )
    sent = Recipient(
        broadcast_id=text.id, worker_id=worker.id, state=RecipientState.SENT, way="mass", attempts=1
    )
    db.add_all([batch, sent])
    notices.tell(db, worker.id, "staff_answer", now=NOW, who="吴", words="您好")
    audit.note(db, writer, "profile_read", "profile:1", now=NOW)
    logins.open_login(db, writer, HOME, logins.Way.SCAN, now=NOW)
    db.add(
        LoginAttempt(at=NOW, staff_id=writer.id, ip=HOME.ip, browser="", way="scan", outcome=Outcome.DENIED)
    )
    db.add(Organisation(name="洪和镇总工会", parent_id=north.id, level=4, path=f"{north.path}99/", id=99))
    db.add(Figure(week=NOW.date(), kind=Kind.BOOKINGS, organisation_id=north.id, count=7))
    db.add(Screen(organisation_id=north.id, staff_id=writer.id, token="t", hung_at=NOW))
    db.commit()
    mine = {entity: {key(one) for one in db.scalars(select(entity))} - before[entity] for entity in SCOPES}
    return Two(town, mine, *people)


# The scope of every table


def test_every_table_has_a_scope_or_a_reason_not_to() -> None:
    mapped = {mapper.class_ for mapper in Base.registry.mappers}
    assert {entity.__name__ for entity in mapped - set(SCOPES) - NOT_FOR_STAFF} == set()
    assert set(SCOPES) & NOT_FOR_STAFF == set()
    assert set(SCOPES) | NOT_FOR_STAFF <= mapped


def test_the_next_district_sees_nothing_and_those_above_everything(two: Two) -> None:
    for entity in ENTITIES:
        mine = two.mine[entity]
        assert mine, f"there is no {entity.__name__}"
        assert mine <= two.sees(two.north, entity), entity
        assert mine <= two.sees(two.city, entity), entity
        assert mine & two.sees(two.south, entity) == set(), entity
        for one in mine:
            assert key(access.find(two.town.db, two.city, entity, one, now=NOW)) == one
            with refused():
                access.find(two.town.db, two.south, entity, one, now=NOW)


def test_a_role_without_the_permission_sees_nothing_of_its_own_union(two: Two) -> None:
    for role in Role:
        two.north.role = role
        two.town.db.flush()
        for entity in ENTITIES:
            may = bool(PERMISSIONS[role] & set(SCOPES[entity].needs))
            assert bool(two.sees(two.north, entity)) is may, (role, entity)
    two.north.role = "no such role"
    assert {entity for entity in ENTITIES if two.sees(two.north, entity)} == set()


def test_a_scope_needs_one_query_and_joins_nothing(two: Two) -> None:
    """So that what is counted is counted once, and a list may join what it likes."""
    for entity in ENTITIES:
        scope = access.scoped(two.town.db, two.city, entity, now=NOW)
        total = two.town.db.scalar(select(func.count()).select_from(scope.subquery()))
        assert total == len(two.sees(two.city, entity)), entity
        if entity not in (Worker, Staff) and hasattr(entity, "worker_id"):
            joined = scope.join(Worker, Worker.id == entity.worker_id).outerjoin(
                Organisation, Organisation.id == Worker.organisation_id
            )
            assert two.mine[entity] <= {key(row) for row in two.town.db.scalars(joined)}, entity


def test_a_table_that_staff_do_not_see_is_refused_aloud(town: Town) -> None:
    with pytest.raises(KeyError):
        access.scoped(town.db, town.staff("lin", town.city), Tick, now=NOW)


def test_a_row_that_is_not_there_and_one_that_is_not_mine_are_the_same(two: Two) -> None:
    said = []
    for one in (next(iter(two.mine[Profile]))[0], 10**9):
        with pytest.raises(Refused) as no:
            access.find(two.town.db, two.south, Profile, one, now=NOW)
        said.append((no.value.code, no.value.facts))
    assert said[0] == said[1]


def test_people_without_a_union_belong_to_the_union_that_answers_for_them(town: Town) -> None:
    nobodys = town.profile(town.worker(None))
    town.db.flush()
    for union, is_theirs in ((town.city, True), (town.north, False), (town.south, False)):
        staff = town.staff(f"of{union.id}", union)
        for entity, row in ((Worker, nobodys.worker), (Profile, nobodys)):
            found = town.db.scalars(access.scoped(town.db, staff, entity, now=NOW)).all()
            assert (row in found) is is_theirs
        if is_theirs:
            access.need_reach(town.db, staff, nobodys.worker, now=NOW)
        else:
            with refused():
                access.need_reach(town.db, staff, nobodys.worker, now=NOW)


def test_what_was_done_at_the_terminal_is_seen_at_the_top_alone(town: Town) -> None:
    audit.note(town.db, None, "staff_add", "staff:1", now=NOW)
    province = town.db.get_one(Organisation, town.city.parent_id)
    for union, count in ((province, 1), (town.city, 0)):
        staff = town.staff(f"of{union.id}", union)
        assert len(town.db.scalars(access.scoped(town.db, staff, Audit, now=NOW)).all()) == count


def test_a_union_whose_number_begins_like_another_is_not_below_it(town: Town) -> None:
    """/1/2/ and /1/20/; and a path is no pattern."""
    town.db.add_all(
        [
            Organisation(id=20, name="甲", level=1, path="/20/"),
            Organisation(id=201, name="乙", level=1, path="/201/"),
            Organisation(id=202, name="丙", level=1, path="/%/"),
        ]
    )
    town.db.flush()
    for number in (20, 202):
        staff = town.staff(f"of{number}", town.db.get_one(Organisation, number))
        found = town.db.scalars(access.scoped(town.db, staff, Organisation, now=NOW)).all()
        assert [union.id for union in found] == [number]


# Roles and permissions


def documented() -> dict[str, set[str]]:
    """The table in docs/access.md: role by role, what is ticked."""
    lines = (ROOT / "docs" / "access.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    roles = [match[1] for cell in rows[0][2:] if (match := re.search(r"`(\w+)`", cell))]
    assert roles == list(Role)
    found: dict[str, set[str]] = {role: set() for role in roles}
    seen = []
    for row in rows[2:]:
        match = re.fullmatch(r"`(\w+)`", row[0])
        assert match, row
        seen.append(match[1])
        for role, cell in zip(roles, row[2:], strict=True):
            assert cell in ("✓", "")
            if cell:
                found[role].add(match[1])
    assert seen == [str(permission) for permission in Permission]
    return found


def test_the_table_in_the_docs_is_the_table() -> None:
    assert documented() == {str(role): set(map(str, held)) for role, held in PERMISSIONS.items()}


def test_every_role_is_in_the_table_and_every_permission_is_somebodys() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert set(Permission) == set().union(*PERMISSIONS.values())
    assert PERMISSIONS[Role.ADMINISTRATOR] == set(Permission)


def test_who_may_not_is_told_that_there_is_nothing(town: Town) -> None:
    clerk = town.staff("lin", town.city, "clerk")
    access.need(clerk, Permission.EXAMS_PLAN)
    access.need(clerk, Permission.PROFILES_REVIEW, Permission.EXAMS_PLAN)
    for permissions in ((Permission.PROFILES_REVIEW,), ()):
        with refused():
            access.need(clerk, *permissions)
    clerk.role = "officer"
    assert not access.may(clerk, Permission.HOME_SEE)


def test_nobody_gives_more_than_they_may_do_themselves(town: Town) -> None:
    one = town.staff("lin", town.city)
    gives = {}
    for role in Role:
        one.role = role
        gives[role] = {other for other in Role if access.may_give(one, other)}
    assert gives == {
        Role.ADMINISTRATOR: set(Role),
        Role.MANAGER: set(Role) - {Role.ADMINISTRATOR},
        **{role: set() for role in (Role.CLERK, Role.REVIEWER, Role.PROFESSIONAL, Role.DUTY)},
    }


def test_only_who_plans_appointments_moves_those_of_others(two: Two) -> None:
    db = two.town.db
    booking = db.scalars(select(Booking)).one()
    act: dict[str, Any] = {"now": NOW, "terms": TERMS, "reason": "病了"}
    for role in (Role.REVIEWER, Role.PROFESSIONAL, Role.DUTY):
        two.north.role = role
        with refused():
            bookings.cancel(db, booking, staff=two.north, **act)
    two.north.role = Role.CLERK
    bookings.cancel(db, booking, staff=two.north, **act)


def test_a_clerk_writes_and_a_reviewer_approves(two: Two) -> None:
    db = two.town.db
    clerk, reviewer = (
        two.town.staff("zhou", two.town.north, "clerk"),
        two.town.staff("he", two.town.north, "reviewer"),
    )
    facts: dict[str, Any] = {"topic": Topic.NEWS, "way": Way.MASS, "audience": {}, "now": NOW}
    with refused():
        life.new(db, reviewer, "text", {"text": "好"}, **facts)
    written = life.new(db, clerk, "text", {"text": "好"}, **facts)
    life.previewed(db, written, reviewer, version=1, now=NOW)
    two.north.role = Role.CLERK
    with refused():
        life.approve(db, written, two.north, now=NOW)
    life.approve(db, written, reviewer, now=NOW)
    two.north.role = Role.DUTY
    for touch in (life.start, life.approve):
        with refused():
            touch(db, written, two.north, now=NOW)
    with refused():
        sittings.plan_as(db, reviewer, two.town.north, now=NOW, trade="焊工", level=4)
