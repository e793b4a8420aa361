"""State on screen = fold(events). Live, reattached and old jobs are folded by the same code."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

from styletui.jobs.log import Record

Point = tuple[int, float]

_NUMBER: Final = (int, float)
_NEEDED: Final[dict[str, dict[str, Any]]] = {
    "step": {"step": int},
    "eval": {"step": int, "loss": (*_NUMBER, type(None))},
    "sample": {"step": int},
    "checkpoint": {"step": int},
    "resumed": {"from_step": int},
    "progress": {"done": int},
    "refused": {"count": int},
    "warning": {"code": str, "params": dict},
}
"""What a record must hold to be of use; one without it (a log changed by hand) is passed over."""

RUNNING: Final = "running"
ENDED: Final = frozenset({"done", "stopped", "failed", "crashed"})


@dataclass(frozen=True, slots=True)
class JobError:
    """A code for `styletui.messages` and what fills it."""

    code: str
    params: dict[str, Any]
    exit_code: int = 1


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know."""

    code: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TrainState:
    """What a training has shown so far; series are (step, value), oldest first."""

    device: Record | None = None
    dataset: Record | None = None
    plan: Record | None = None
    loss: tuple[Point, ...] = ()
    lr: tuple[Point, ...] = ()
    grad_norm: tuple[Point, ...] = ()
    tokens_per_s: tuple[Point, ...] = ()
    rss_mb: tuple[Point, ...] = ()
    last_step: Record | None = None
    evals: tuple[Record, ...] = ()
    samples: tuple[Record, ...] = ()
    checkpoints: tuple[Record, ...] = ()
    summary: Record | None = None


@dataclass(frozen=True, slots=True)
class JobState:
    """A snapshot of one job.

    `status`: starting, running, done, stopped, failed or crashed. `stages`: (name, seconds) of the stages
    that ended. `others`: events of kinds only a screen cares for (pair, funnel, eval_document ...).
    """

    status: str = "starting"
    kind: str = ""
    pid: int | None = None
    stage: str | None = None
    stage_since: float | None = None
    stages: tuple[tuple[str, float], ...] = ()
    progress: tuple[int, int | None] | None = None
    warnings: tuple[Notice, ...] = ()
    commands: tuple[str, ...] = ()
    blocked: int = 0
    error: JobError | None = None
    result: dict[str, Any] = field(default_factory=dict)
    kept: bool | None = None
    started: float | None = None
    last_time: float | None = None
    train: TrainState = TrainState()
    others: tuple[Record, ...] = ()

    @property
    def ended(self) -> bool:
        """True when no more events will come."""
        return self.status in ENDED

    def elapsed(self, now: float) -> float:
        """Seconds since the start; until the last event when the job has ended. Never negative."""
        if self.started is None:
            return 0.0
        end = self.last_time if self.ended and self.last_time is not None else now
        return max(0.0, end - self.started)


class Folder:
    """Folds records one at a time; `snapshot` gives the state. Keeps lists so that long runs stay linear."""

    def __init__(self) -> None:
        self._state = JobState()
        self._series: dict[str, list[Point]] = {
            name: [] for name in ("loss", "lr", "grad_norm", "tokens_per_s", "rss_mb")
        }
        self._lists: dict[str, list[Record]] = {name: [] for name in ("eval", "sample", "checkpoint")}
        self._others: list[Record] = []
        self._single: dict[str, Record] = {}

    def add(self, record: Record) -> None:
        """Take one record in. Unknown types are kept in `others`, unknown keys ignored."""
        kind = record["type"]
        if not all(isinstance(record.get(key), shape) for key, shape in _NEEDED.get(kind, {}).items()):
            return
        self._state = replace(self._state, last_time=record.get("time"))
        handler = getattr(self, f"_on_{kind}", None)
        if handler is not None:
            handler(record)
        elif kind in self._lists:
            self._lists[kind].append(record)
        elif kind in ("device", "dataset", "plan", "summary"):
            self._single[kind] = record
        else:
            self._others.append(record)

    def snapshot(self) -> JobState:
        """The state after all records so far."""
        train = TrainState(
            device=self._single.get("device"),
            dataset=self._single.get("dataset"),
            plan=self._single.get("plan"),
            summary=self._single.get("summary"),
            last_step=self._single.get("step"),
            evals=tuple(self._lists["eval"]),
            samples=tuple(self._lists["sample"]),
            checkpoints=tuple(self._lists["checkpoint"]),
            **{name: tuple(points) for name, points in self._series.items()},
        )
        return replace(self._state, train=train, others=tuple(self._others))

    def _on_started(self, record: Record) -> None:
        # A second start is a resume: what ended the job before no longer ends it.
        self._state = replace(
            self._state,
            status=RUNNING,
            kind=record.get("kind", ""),
            pid=record.get("pid"),
            started=self._state.started or record.get("time"),
            error=None,
            kept=None,
        )

    def _on_resumed(self, record: Record) -> None:
        step = int(record.get("from_step", 0))
        for points in self._series.values():
            points[:] = [p for p in points if p[0] <= step]
        for records in self._lists.values():
            records[:] = [r for r in records if int(r.get("step", 0)) <= step]
        self._single.pop("summary", None)

    def _on_stage(self, record: Record) -> None:
        self._close_stage(record.get("time"))
        self._state = replace(
            self._state, stage=record.get("name"), stage_since=record.get("time"), progress=None
        )

    def _close_stage(self, now: float | None) -> None:
        state = self._state
        if state.stage is not None and state.stage_since is not None and now is not None:
            spent = max(0.0, now - state.stage_since)
            self._state = replace(state, stages=(*state.stages, (state.stage, spent)), stage=None)

    def _on_progress(self, record: Record) -> None:
        self._state = replace(self._state, progress=(int(record.get("done", 0)), record.get("total")))

    def _on_warning(self, record: Record) -> None:
        warning = Notice(str(record.get("code", "")), dict(record.get("params") or {}))
        if warning not in self._state.warnings:
            self._state = replace(self._state, warnings=(*self._state.warnings, warning))

    def _on_command(self, record: Record) -> None:
        self._state = replace(self._state, commands=(*self._state.commands, str(record.get("verb", ""))))

    def _on_refused(self, record: Record) -> None:
        self._state = replace(self._state, blocked=int(record.get("count", 0)))

    def _on_step(self, record: Record) -> None:
        self._single["step"] = record
        step = int(record.get("step", 0))
        for name, points in self._series.items():
            value = record.get(name)
            if isinstance(value, int | float):
                points.append((step, float(value)))

    def _end(self, record: Record, status: str, **more: Any) -> None:
        self._close_stage(record.get("time"))
        self._state = replace(self._state, status=status, **more)

    def _on_done(self, record: Record) -> None:
        self._end(record, "done", result=_object(record.get("result")))

    def _on_stopped(self, record: Record) -> None:
        self._end(record, "stopped", result=_object(record.get("result")), kept=bool(record.get("kept")))

    def _on_failed(self, record: Record) -> None:
        error = JobError(
            str(record.get("code", "internal")),
            _object(record.get("params")),
            code if isinstance(code := record.get("exit_code"), int) else 1,
        )
        self._end(record, "failed", error=error)


def _object(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def fold(records: list[Record]) -> JobState:
    """The state after `records`."""
    folder = Folder()
    for record in records:
        folder.add(record)
    return folder.snapshot()
