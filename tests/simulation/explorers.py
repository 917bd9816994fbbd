"""Two ways to look for a schedule that breaks a promise: every one of a small case, and random ones of large cases."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.world import BAD, GOOD, Cloud, Consumer, Fault, make_process, take_letter

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightpress.failures import Letter
    from lightpress.process import Message

    MakeProcess = Callable[[Cloud, Consumer], Callable[[Message | Letter], None]]

KEY = "k"
AT_ONCE = 2
_RANDOM_KEYS = ("a", "a/b")
_MOST_AT_ONCE = 4
_FAULTS = 0.08
_MOST_STEPS = 3_000


@dataclass(frozen=True)
class Found:
    """What an exploration found: the first broken promises and how to get there, or nothing."""

    violations: tuple[str, ...] = ()
    schedule: tuple[str, ...] = ()
    states: int = 0


# P and Q are good pictures, B a bad one, D a deletion, R another recipe.
SCRIPT: dict[str, Callable[[Cloud], None]] = {
    "P": lambda cloud: cloud.put(KEY, GOOD + b"P"),
    "Q": lambda cloud: cloud.put(KEY, GOOD + b"Q"),
    "B": lambda cloud: cloud.put(KEY, BAD),
    "D": lambda cloud: cloud.delete(KEY),
    "R": lambda cloud: cloud.change_recipes(1),
}


class _Run:
    """One replay of a schedule from the start."""

    def __init__(self, script: str, faults: int, make: MakeProcess, *, versioned: bool) -> None:
        self.cloud = Cloud(versioned=versioned)
        self.script, self.faults, self.make = script, faults, make
        self.done = 0
        self.consumers: list[Consumer] = []

    def choices(self) -> list[str]:
        """Everything that could happen next."""
        choices = ["client"] if self.done < len(self.script) else []
        if may_backfill(self.cloud, self.consumers):
            choices.append("backfill")
        if self.cloud.queue[KEY] and len(self.consumers) < AT_ONCE:
            choices.append("start")
        if +self.cloud.letters and len(self.consumers) < AT_ONCE:
            choices += [f"record {number}" for number in range(len(waiting_letters(self.cloud)))]
        for number in range(len(self.consumers)):
            choices.append(f"step {number}")
            if self.faults:
                choices += [f"{fault.name} {number}" for fault in Fault]
        return choices

    def take(self, choice: str) -> None:
        verb, _, number = choice.partition(" ")
        if verb == "client":
            SCRIPT[self.script[self.done]](self.cloud)
            self.done += 1
        elif verb == "backfill":
            self.cloud.backfill()
        elif verb == "start":
            self.cloud.queue[KEY] -= 1
            self.consumers.append(Consumer(self.cloud, KEY, self.make))
        elif verb == "record":
            letter = waiting_letters(self.cloud)[int(number)]
            self.consumers.append(take_letter(self.cloud, letter, self.make))
        elif verb == "step":
            self.consumers[int(number)].step()
        else:
            self.faults -= 1
            self.consumers[int(number)].step(Fault[verb])
        self.consumers = [consumer for consumer in self.consumers if not consumer.over]

    def state(self) -> tuple[object, ...]:
        """Equal states have equal futures: a consumer's next move depends on its work and the answers it got."""
        histories = sorted((repr(consumer.letter), *consumer.history) for consumer in self.consumers)
        return self.cloud.snapshot(), self.cloud.backfill_due, self.done, self.faults, tuple(histories)


def waiting_letters(cloud: Cloud) -> list[Letter]:
    """The different letters in the dead-letter queue, always in the same order."""
    return sorted(+cloud.letters, key=repr)


def may_backfill(cloud: Cloud, consumers: list[Consumer]) -> bool:
    """Whether a backfill is due and no invocation of the old code is left."""
    return cloud.backfill_due and all(consumer.recipes is cloud.recipes for consumer in consumers)


def explore_all(
    script: str, *, faults: int = 0, versioned: bool = True, make: MakeProcess = make_process, most_states: int = 10**9
) -> Found:
    """Try every interleaving of a script of client actions with two consumers and up to `faults` faults."""
    seen: set[tuple[object, ...]] = set()
    stack: list[tuple[str, ...]] = [()]
    while stack and len(seen) < most_states:
        schedule = stack.pop()
        run = _Run(script, faults, make, versioned=versioned)
        for choice in schedule:
            run.take(choice)
        state = run.state()
        if state in seen:
            continue
        seen.add(state)
        choices = run.choices()
        if not choices:
            run.cloud.check_settled()
        if run.cloud.violations:
            return Found(tuple(run.cloud.violations), schedule, len(seen))
        stack.extend((*schedule, choice) for choice in choices)
    return Found(states=len(seen))


def explore_randomly(seed: int, *, versioned: bool, make: MakeProcess = make_process) -> Found:
    """One random schedule: several keys and clients, duplicates, reorders, faults at any request, then calm."""
    chance = random.Random(seed)  # noqa: S311  it decides schedules
    cloud = Cloud(versioned=versioned)
    consumers: list[Consumer] = []
    schedule: list[str] = []
    for _ in range(chance.randint(10, 150)):
        schedule.append(_happen(cloud, consumers, chance, make))
        consumers[:] = [consumer for consumer in consumers if not consumer.over]
    _calm_down(cloud, consumers, chance, make)
    cloud.check_settled()
    return Found(tuple(cloud.violations), tuple(schedule))


def _happen(cloud: Cloud, consumers: list[Consumer], chance: random.Random, make: MakeProcess) -> str:
    actions = {
        _put: 8,
        _delete: 3,
        _change_recipes: 1,
        _backfill: 1,
        _duplicate: 2,
        _start: 15,
        _step: 70,
    }
    (action,) = chance.choices(list(actions), list(actions.values()))
    return action(cloud, consumers, chance, make)


def _put(cloud: Cloud, _consumers: list[Consumer], chance: random.Random, _make: MakeProcess) -> str:
    key = chance.choice(_RANDOM_KEYS)
    cloud.put(key, chance.choice((GOOD, GOOD, BAD)) + bytes([chance.randrange(3)]))
    return f"put {key}"


def _delete(cloud: Cloud, _consumers: list[Consumer], chance: random.Random, _make: MakeProcess) -> str:
    key = chance.choice(_RANDOM_KEYS)
    cloud.delete(key)
    return f"delete {key}"


def _change_recipes(cloud: Cloud, _consumers: list[Consumer], chance: random.Random, _make: MakeProcess) -> str:
    cloud.change_recipes(chance.randrange(3))
    return "recipes"


def _backfill(cloud: Cloud, consumers: list[Consumer], _chance: random.Random, _make: MakeProcess) -> str:
    if not may_backfill(cloud, consumers):
        return "idle"
    cloud.backfill()
    return "backfill"


def _duplicate(cloud: Cloud, _consumers: list[Consumer], chance: random.Random, _make: MakeProcess) -> str:
    key = chance.choice(_RANDOM_KEYS)
    cloud.queue[key] += key in cloud.originals
    return f"duplicate {key}"


def _step(_cloud: Cloud, consumers: list[Consumer], chance: random.Random, _make: MakeProcess) -> str:
    if not consumers:
        return "idle"
    fault = chance.choice(list(Fault)) if chance.random() < _FAULTS else None
    consumer = chance.choice(consumers)
    consumer.step(fault)
    return f"{consumer.key} {fault.name if fault else 'step'}"


def _start(cloud: Cloud, consumers: list[Consumer], chance: random.Random, make: MakeProcess) -> str:
    waiting = sorted(key for key, count in cloud.queue.items() if count)
    letters = waiting_letters(cloud)
    if not (waiting or letters) or len(consumers) >= _MOST_AT_ONCE:
        return "idle"
    if letters and (not waiting or chance.random() < 0.5):
        letter = chance.choice(letters)
        consumers.append(take_letter(cloud, letter, make))
        return f"record {consumers[-1].key}"
    key = chance.choice(waiting)
    cloud.queue[key] -= 1
    consumers.append(Consumer(cloud, key, make))
    return f"start {key}"


def _calm_down(cloud: Cloud, consumers: list[Consumer], chance: random.Random, make: MakeProcess) -> None:
    """No more faults: everything in flight and queued is worked off, still in random order."""
    for _ in range(_MOST_STEPS):
        if may_backfill(cloud, consumers):
            cloud.backfill()
        if not consumers and _start(cloud, consumers, chance, make) == "idle":
            return
        chance.choice(consumers).step()
        consumers[:] = [consumer for consumer in consumers if not consumer.over]
        if chance.random() < 0.3:
            _start(cloud, consumers, chance, make)
    cloud.violations.append("the queue never drained")
