"""The events every job writes, whatever its kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from styletui_prep.errors import Param


@dataclass(frozen=True, slots=True)
class Started:
    """The worker is up. `pid` is for people who look at the process list; liveness is the lock, not the pid."""

    type: ClassVar[str] = "started"
    kind: str
    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A new worker goes on from `from_step`; later steps in the log no longer count."""

    type: ClassVar[str] = "resumed"
    from_step: int


@dataclass(frozen=True, slots=True)
class CommandTaken:
    """The worker has read a request from `control/`."""

    type: ClassVar[str] = "command"
    verb: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The offline guard has refused `count` attempts so far."""

    type: ClassVar[str] = "refused"
    count: int


@dataclass(frozen=True, slots=True)
class Done:
    """The job did all its work. One of done, stopped, failed ends every job."""

    type: ClassVar[str] = "done"
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job ended because a person asked. `kept`: what there was has been saved."""

    type: ClassVar[str] = "stopped"
    kept: bool
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The job could not do its work; `code` and `params` name the sentence for people."""

    type: ClassVar[str] = "failed"
    code: str
    params: dict[str, Param]
    exit_code: int


TERMINAL = frozenset({Done.type, Stopped.type, Failed.type})
