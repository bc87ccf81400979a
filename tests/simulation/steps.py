"""What can happen in a simulated world, as values: a run is a list of them, and can be run again.

In:    choices of Hypothesis
Out:   `Scenario`s
Next:  world.py
Rules: a scenario is all that a run depends on; its `repr` is the Python that makes it again
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice

from faults import STRIKES, Fault, FaultKind
from history import SELECTED, Selection
from hypothesis import strategies as st

from listwatch.shared_informer.mailbox import Mailbox, MailboxPolicy

NAMES = ("a", "b", "c")
NAMESPACES = ("default", "kube-system")
LABELS = (SELECTED, "y")


@dataclass(frozen=True, slots=True)
class Put:
    """Create the object, or change it (and perhaps its label)."""

    namespace: str
    name: str
    label: str

    def __repr__(self) -> str:
        return f"Put({self.namespace!r}, {self.name!r}, {self.label!r})"


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the object, if it is there."""

    namespace: str
    name: str

    def __repr__(self) -> str:
        return f"Delete({self.namespace!r}, {self.name!r})"


@dataclass(frozen=True, slots=True)
class Recreate:
    """Delete the object and make another of its name at once."""

    namespace: str
    name: str
    label: str

    def __repr__(self) -> str:
        return f"Recreate({self.namespace!r}, {self.name!r}, {self.label!r})"


@dataclass(frozen=True, slots=True)
class Compact:
    """Forget the server's history."""

    def __repr__(self) -> str:
        return "Compact()"


@dataclass(frozen=True, slots=True)
class Restart:
    """Another server on the same state, without the history; open watches end in order or are cut."""

    gracefully: bool

    def __repr__(self) -> str:
        return f"Restart({self.gracefully})"


@dataclass(frozen=True, slots=True)
class Advance:
    """Let time pass."""

    seconds: float

    def __repr__(self) -> str:
        return f"Advance({self.seconds:g})"


@dataclass(frozen=True, slots=True)
class Inject:
    """Let something happen to a request to come."""

    fault: Fault

    def __repr__(self) -> str:
        return f"Inject({self.fault!r})"


@dataclass(frozen=True, slots=True)
class Strike:
    """Let something happen to what is open."""

    kind: FaultKind

    def __repr__(self) -> str:
        return f"Strike(FaultKind.{self.kind.name})"


@dataclass(frozen=True, slots=True)
class Outage:
    """Nothing listens, or listens again."""

    is_down: bool

    def __repr__(self) -> str:
        return f"Outage({self.is_down})"


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop a follower, or start it again."""

    follower: int

    def __repr__(self) -> str:
        return f"Pause({self.follower})"


@dataclass(frozen=True, slots=True)
class Slow:
    """Make a follower's store slow, or fast again."""

    follower: int

    def __repr__(self) -> str:
        return f"Slow({self.follower})"


@dataclass(frozen=True, slots=True)
class AddHandler:
    """Another handler.

    Attributes:
        follower: Whose.
        seconds: How long each call takes.
        mailbox: What becomes of what waits, and how much may wait.
    """

    follower: int
    seconds: float = 0.0
    mailbox: Mailbox = Mailbox()  # noqa: RUF009 (frozen)

    def __repr__(self) -> str:
        mailbox = f"Mailbox(policy=MailboxPolicy.{self.mailbox.policy.name}, limit={self.mailbox.limit})"
        return f"AddHandler({self.follower}, {self.seconds:g}, {mailbox})"


@dataclass(frozen=True, slots=True)
class RemoveHandler:
    """The oldest handler goes."""

    follower: int

    def __repr__(self) -> str:
        return f"RemoveHandler({self.follower})"


class Kind(StrEnum):
    """What is special about an informer."""

    PLAIN = "nothing"
    NAMESPACES = "two sources, one for each namespace"
    LABELS = "two sources, one for each label, between which objects move"
    SPLIT = "tells of a recreation as of two changes"
    RESYNC = "tells of everything again each 50 seconds"
    COMPACT = "holds objects squeezed"


@dataclass(frozen=True, slots=True)
class FollowerSpec:
    """Who follows what, and how.

    Attributes:
        selection: Which objects.
        is_streaming: Whether streamed lists are tried; False never.
        shares_support: Whether it remembers together with the others that the server cannot stream lists.
        always_pages: Whether it asks for every list in pages.
        kind: What is special about it; `Selection.namespace` and `is_labelled` do not count where it splits them.
    """

    selection: Selection = Selection()  # noqa: RUF009 (frozen)
    is_streaming: bool = True
    shares_support: bool = False
    always_pages: bool = False
    kind: Kind = Kind.PLAIN

    def __repr__(self) -> str:
        how = f"{self.is_streaming}, {self.shares_support}, {self.always_pages}, Kind.{self.kind.name}"
        return f"FollowerSpec({self.selection!r}, {how})"


Step = (
    Put
    | Delete
    | Recreate
    | Compact
    | Restart
    | Advance
    | Inject
    | Strike
    | Outage
    | Pause
    | Slow
    | AddHandler
    | RemoveHandler
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A run.

    Attributes:
        followers: Who is there from the first moment on.
        before: What happens before they start.
        steps: What happens then, in order. At the end all faults are lifted.
        seed: Of every random choice that the followers make.
    """

    followers: tuple[FollowerSpec, ...]
    before: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()
    seed: int = 0

    def __repr__(self) -> str:
        return (
            f"Scenario(\n    {self.followers!r},\n    before={self.before!r},\n    steps={self.steps!r},\n"
            f"    seed={self.seed},\n)"
        )


_HALVES = frozenset(
    {
        FaultKind.CUT,
        FaultKind.END,
        FaultKind.TORN_END,
        FaultKind.FREEZE,
        FaultKind.DRIP,
        FaultKind.GONE_IN_STREAM,
        FaultKind.INTERNAL_IN_STREAM,
        FaultKind.GARBAGE,
        FaultKind.LATE_MARKER,
    }
)


def is_timely(scenario: Scenario) -> bool:
    """Whether whatever arrives at all arrives whole and at once.

    Otherwise a piece of the past, read late, is taken for the present: contact it is, but no proof of being in step.
    """
    return not any(
        (isinstance(step, Inject) and step.fault.kind in _HALVES)
        or (isinstance(step, AddHandler) and step.seconds > 0 and step.mailbox.policy is MailboxPolicy.WAIT)
        or isinstance(step, Slow)
        for step in (*scenario.before, *scenario.steps)
    )


_BYTES = (0, 1, 37, 150, 280, 300, 420, 560, 700, 1100)
_SECONDS = (0.0, 1.0, 4.0, 33.0, 75.0, 400.0)
_FAULT_SECONDS = (0, 1, 5, 30, 70)
_LONG_FAULTS = frozenset({FaultKind.DELAY, FaultKind.LATE_MARKER, FaultKind.OVERLOADED})

_MAILBOXES = (
    Mailbox(),
    Mailbox(policy=MailboxPolicy.NEWEST_PER_KEY, limit=2),
    Mailbox(policy=MailboxPolicy.WAIT, limit=1),
    Mailbox(policy=MailboxPolicy.DROP_RESYNCS, limit=1),
)
_PLACES = [(space, name) for space in NAMESPACES for name in NAMES]
WRITES: list[Step] = [
    *(Put(*place, label) for place in _PLACES for label in LABELS),
    *(Delete(*place) for place in _PLACES),
    *(Recreate(*place, label) for place in _PLACES for label in LABELS),
]
FAULTS: list[Step] = []
for kind in FaultKind:
    numbers: tuple[int, ...] = (0,)
    if kind in _LONG_FAULTS:
        numbers = _FAULT_SECONDS
    elif "`number` bytes" in kind.value:
        numbers = _BYTES
    # The same chance for each kind.
    FAULTS += [Inject(Fault(kind, numbers[i % len(numbers)])) for i in range(len(_BYTES))]
ADVANCES: list[Step] = [Advance(seconds) for seconds in _SECONDS]
SERVER: list[Step] = [Compact(), Compact(), Restart(True), Restart(False), Outage(True), *[Outage(False)] * 3]
STRUCK: list[Step] = [Strike(kind) for kind in STRIKES]


def _weighted(*groups: tuple[list[Step], int]) -> list[Step]:
    """One list, from which each group is drawn in proportion to its number."""
    unit = max(len(group) for group, _ in groups)
    return [step for group, parts in groups for step in islice(cycle(group), unit * parts)]


def _own(followers: int, *, handlers: bool) -> list[Step]:
    who = range(followers)
    if not handlers:
        return [*(Pause(i) for i in who), *(Slow(i) for i in who)]
    return [
        *(Pause(i) for i in who),
        *(AddHandler(i, seconds, mailbox) for mailbox in _MAILBOXES for seconds in (0.0, 7.0) for i in who),
        *[RemoveHandler(i) for i in who] * 4,
    ]


def scenarios(*, handlers: bool = False, followers: int = 2, steps: int = 18) -> st.SearchStrategy[Scenario]:
    """Runs, the more interesting steps the more often.

    Args:
        handlers: Whether followers have handlers, which come and go.
        followers: How many at most.
        steps: How many at most.
    """
    own = _own(followers, handlers=handlers)
    before = _weighted((WRITES, 3), (FAULTS, 4))
    # What comes first is what a failing run is made of in the end, if it can be.
    after = _weighted((ADVANCES, 2), (WRITES, 3), (FAULTS, 2), (STRUCK, 1), (SERVER, 1), (own, 1))
    specs = [
        FollowerSpec(Selection(space, is_labelled), *how, kind)
        for kind in (Kind if handlers else [Kind.PLAIN])
        for space in ("", "default")
        for is_labelled in (False, True)
        for how in ((True, False, False), (True, True, True), (False, False, False), (False, False, True))
        if not (space and kind is Kind.NAMESPACES) and not (is_labelled and kind is Kind.LABELS)
    ]
    return st.builds(
        Scenario,
        st.lists(st.sampled_from(specs), min_size=1, max_size=followers).map(tuple),
        before=st.lists(st.sampled_from(before), min_size=2, max_size=8).map(tuple),
        steps=st.lists(st.sampled_from(after), min_size=steps // 2, max_size=steps).map(tuple),
        seed=st.integers(0, 255),
    )
