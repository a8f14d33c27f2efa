"""What holds of every plan, whatever the facts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hypothesis import assume, given
from hypothesis import strategies as st

from muster.model import (
    ACCOUNT,
    AppName,
    Attributes,
    Desired,
    Key,
    Limits,
    Link,
    LinkState,
    PersonId,
    Plan,
    RemoteId,
    RemoteObject,
    Removal,
    Tenant,
    Value,
    Verb,
)
from muster.plan import Correlation, Go, Window, correlate, differences, guard, make, same

KEY = Key(tenant=Tenant("acme"), app=AppName("chat"), kind=ACCOUNT, subject=PersonId("ana"))
NAMES = ("userName", "title", "email", "groups")
CASE_IGNORED = frozenset({"userName", "email"})
IDS = ("1", "2", "3")

texts = st.sampled_from(["", "a", "A", "b", "\N{FULLWIDTH LATIN SMALL LETTER A}"])
values: st.SearchStrategy[Value] = st.one_of(
    st.none(), texts, st.booleans(), st.integers(0, 2), st.lists(texts, max_size=2).map(tuple)
)
attributes: st.SearchStrategy[Attributes] = st.dictionaries(st.sampled_from(NAMES), values)
objects = st.builds(
    RemoteObject,
    kind=st.just(ACCOUNT),
    id=st.sampled_from(IDS).map(RemoteId),
    attributes=attributes,
    active=st.sampled_from([True, False, None]),
    external_id=st.sampled_from([None, "", "ana", "jonas"]),
)
links = st.builds(
    Link,
    key=st.just(KEY),
    state=st.sampled_from(LinkState),
    remote_id=st.sampled_from(IDS).map(RemoteId),
    last_applied=attributes,
)
wanted = st.builds(Desired, key=st.just(KEY), wanted=st.just(True), attributes=attributes)
unwanted = st.builds(Desired, key=st.just(KEY), wanted=st.just(False))
desires = st.one_of(wanted, unwanted)


@dataclass(frozen=True, kw_only=True)
class World:
    """An application's objects by id, and our memory of one of them."""

    objects: Mapping[RemoteId, RemoteObject]
    link: Link | None

    def observed(self) -> RemoteObject | None:
        """The linked object, as the engine would read it."""
        held = self.link is not None and self.link.state in {LinkState.LINKED, LinkState.DISABLED}
        return self.objects.get(self.link.remote_id) if held and self.link else None

    def match(self, desired: Desired) -> Correlation:
        """What looking for the person brings; everything but the other objects of Ana's is free."""
        return correlate(
            "ana",
            desired.attributes,
            tuple(self.objects.values()),
            ("userName", "email"),
            case_ignored=CASE_IGNORED,
            linked_elsewhere=frozenset({RemoteId("3")}),
        )

    def plan(self, desired: Desired, removal: Removal) -> Plan:
        """What the engine would plan now."""
        return make(
            desired,
            self.link,
            self.observed(),
            removal=removal,
            can_disable=True,
            case_ignored=CASE_IGNORED,
            match=self.match(desired),
        )

    def after(self, plan: Plan) -> "World":
        """The world in which every operation of the plan was carried out and recorded."""
        world = self
        for operation in plan.operations:
            world = world._step(operation.verb, operation.remote_id, operation.after)
        return world

    def _step(self, verb: Verb, id: RemoteId | None, values: Attributes) -> "World":
        if verb is Verb.CREATE:
            return self._create(values)
        if verb is Verb.ASK:
            return replace(self, link=Link(key=KEY, state=LinkState.AMBIGUOUS))
        assert id is not None or verb is Verb.UNLINK
        if verb in {Verb.UNLINK, Verb.DELETE}:
            rest = {key: value for key, value in self.objects.items() if key != id}
            return World(objects=rest, link=Link(key=KEY, state=LinkState.TOMBSTONE, remote_id=id))
        if verb is Verb.LINK:
            return replace(self, link=Link(key=KEY, state=LinkState.LINKED, remote_id=id))
        assert id is not None
        return self._change(verb, id, values)

    def _create(self, values: Attributes) -> "World":
        new = RemoteObject(
            kind=ACCOUNT, id=RemoteId("new"), attributes=values, active=True, external_id=KEY.subject
        )
        link = Link(key=KEY, state=LinkState.LINKED, remote_id=new.id, last_applied=values)
        return World(objects={**self.objects, new.id: new}, link=link)

    def _change(self, verb: Verb, id: RemoteId, values: Attributes) -> "World":
        assert self.link is not None
        assert self.link.remote_id == id
        seen, link = self.objects[id], self.link
        shown = None if seen.active is None else verb is not Verb.DISABLE
        if verb is Verb.UPDATE:
            seen = replace(seen, attributes={**seen.attributes, **values})
            link = replace(link, last_applied={**link.last_applied, **values})
        else:
            state = LinkState.DISABLED if verb is Verb.DISABLE else LinkState.LINKED
            seen, link = replace(seen, active=shown), replace(link, state=state)
        return World(objects={**self.objects, id: seen}, link=link)


worlds = st.builds(
    World,
    objects=st.lists(objects, max_size=3).map(lambda found: {one.id: one for one in found}),
    link=st.one_of(st.none(), links),
)
removals = st.sampled_from(Removal)


@given(world=worlds, desired=desires, removal=removals)
def test_apply_then_plan_is_empty(world: World, desired: Desired, removal: Removal) -> None:
    """Carrying out a plan converges the key: the next plan is empty, whatever the world was.

    A plan that asks waits for the answer; one that links by an attribute leaves that one for the next plan.
    """
    first = world.plan(desired, removal)
    after = world.after(first)
    matched = world.match(desired).by if any(op.verb is Verb.LINK for op in first.operations) else ""
    second = after.plan(desired, removal)

    if any(operation.verb is Verb.ASK for operation in first.operations):
        assert not second.operations or second.operations == first.operations
    elif second.operations:
        assert [op.verb for op in second.operations] == [Verb.UPDATE]
        assert set(second.operations[0].after) == {matched}
        assert after.after(second).plan(desired, removal).operations == ()


@given(
    world=worlds,
    desired=desires,
    removal=removals,
    last=attributes,
    state=st.sampled_from([LinkState.LINKED, LinkState.DISABLED]),
)
def test_the_plan_of_a_converged_state_is_empty(
    *, world: World, desired: Desired, removal: Removal, last: Attributes, state: LinkState
) -> None:
    """A wanted account that is as it should be needs nothing, nor does an unwanted one out of use."""
    assume(desired.wanted or removal is not Removal.DELETE)
    one = RemoteId("1")
    seen = RemoteObject(kind=ACCOUNT, id=one, attributes=desired.attributes, active=desired.wanted)
    link = Link(key=KEY, state=state, remote_id=one, last_applied=last)

    assert World(objects={**world.objects, one: seen}, link=link).plan(desired, removal).operations == ()


@given(world=worlds, desired=desires, removal=removals)
def test_nothing_is_taken_away_that_is_not_linked(world: World, desired: Desired, removal: Removal) -> None:
    """Every removal names the linked object, or one that the same plan links first by our own id."""
    plan = world.plan(desired, removal)
    held = world.link is not None and world.link.state in {LinkState.LINKED, LinkState.DISABLED}
    ours = {world.link.remote_id} if held and world.link is not None else set[RemoteId | None]()
    for operation in plan.operations:
        if operation.verb is Verb.LINK and operation.remote_id is not None:
            by_our_id = world.objects[operation.remote_id].external_id == "ana"
            assert operation.remote_id != "3"
            ours |= {operation.remote_id} if by_our_id else set()

        assert not operation.verb.destroys or operation.remote_id in ours
        assert operation.verb is not Verb.UNLINK or operation.remote_id == (
            world.link and world.link.remote_id
        )


@given(world=worlds, desired=desires, removal=removals)
def test_no_plan_gives_and_takes_at_once(world: World, desired: Desired, removal: Removal) -> None:
    """A plan creates or destroys, never both; it takes only what is not wanted; a question stands alone."""
    plan = world.plan(desired, removal)
    verbs = {operation.verb for operation in plan.operations}

    assert not (plan.destroys and verbs & {Verb.CREATE, Verb.ENABLE, Verb.UPDATE})
    assert not (plan.destroys and desired.wanted)
    assert Verb.ASK not in verbs or verbs == {Verb.ASK}
    assert {operation.key for operation in plan.operations} <= {KEY}


@given(world=worlds, desired=desires)
def test_removal_keep_takes_nothing(world: World, desired: Desired) -> None:
    """Where accounts are kept, no plan destroys."""
    assert not world.plan(desired, Removal.KEEP).destroys


@given(
    world=worlds,
    desired=desires,
    removal=removals,
    count=st.integers(0, 5),
    managed=st.integers(0, 100),
    destroyed=st.integers(0, 100),
)
def test_the_guard_holds_nothing_but_removals(
    *, world: World, desired: Desired, removal: Removal, count: int, managed: int, destroyed: int
) -> None:
    """A plan that destroys nothing goes through whatever happened before; an authoritative one as well."""
    plan = world.plan(desired, removal)
    limits, window = Limits(destroy_count=count), Window(managed=managed, destroyed=destroyed)

    assert plan.destroys or guard(plan, limits, window, authoritative=False) == Go()
    assert guard(plan, limits, window, authoritative=True) == Go()


@given(found=st.lists(objects, max_size=5, unique_by=lambda one: one.id), desired=attributes, data=st.data())
def test_the_order_of_candidates_does_not_matter(
    found: list[RemoteObject], desired: Attributes, data: st.DataObject
) -> None:
    """The same candidates in any order, any of them given again, are the same correlation."""
    again = data.draw(st.permutations(found)) + data.draw(
        st.lists(st.sampled_from(found or [None]), max_size=2)
    )
    shuffled = [one for one in again if one is not None]
    correlations = [
        correlate(
            "ana",
            desired,
            candidates,
            ("email", "userName"),
            case_ignored=CASE_IGNORED,
            linked_elsewhere=frozenset({RemoteId("2")}),
        )
        for candidates in (found, shuffled)
    ]

    assert correlations[0] == correlations[1]
    assert RemoteId("2") not in {one.id for one in correlations[0].found}


@given(desired=attributes, last=attributes, seen=attributes)
def test_writing_the_differences_leaves_none(desired: Attributes, last: Attributes, seen: Attributes) -> None:
    """Differences are exactly what must be written, and only of what is managed."""
    found = differences(desired, last, seen, case_ignored=CASE_IGNORED)
    written = {difference.attribute: difference.desired for difference in found}

    assert differences(desired, last, {**seen, **written}, case_ignored=CASE_IGNORED) == ()
    assert written.keys() <= desired.keys()


@given(one=values, other=values, third=values, case_ignored=st.booleans())
def test_being_the_same_is_an_equivalence(one: Value, other: Value, third: Value, case_ignored: bool) -> None:
    """Reflexive, symmetric, transitive."""
    assert same(one, one, case_ignored=case_ignored)
    assert same(one, other, case_ignored=case_ignored) == same(other, one, case_ignored=case_ignored)
    if same(one, other, case_ignored=case_ignored) and same(other, third, case_ignored=case_ignored):
        assert same(one, third, case_ignored=case_ignored)
