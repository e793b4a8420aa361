"""What every engine function reports while it works, and how it is asked to stop.

Events are small frozen dataclasses with a class variable `type`. They carry ids, counts and codes,
never a person's text. `docs/events.md` describes every type; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol


class Event(Protocol):
    """Anything with a type name; the fields of the dataclass are its payload."""

    type: ClassVar[str]


@dataclass(frozen=True, slots=True)
class StopRequest:
    """A person asked to stop. `keep`: save what there is so far, else leave it."""

    keep: bool = True


Emit = Callable[[Event], None]
ShouldStop = Callable[[], StopRequest | None]


def ignore(event: Event) -> None:
    """An `emit` for callers that do not listen."""


def never() -> StopRequest | None:
    """A `should_stop` for callers that never stop."""
    return None


@dataclass(frozen=True, slots=True)
class Stage:
    """A named step of the work began. `name` is a code from docs/events.md."""

    type: ClassVar[str] = "stage"
    name: str


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of the current stage; `total` None where it is not known."""

    type: ClassVar[str] = "progress"
    stage: str
    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """Something a person should know; `code` names the sentence, `params` fill it."""

    type: ClassVar[str] = "warning"
    code: str
    params: dict[str, str | int | float]
