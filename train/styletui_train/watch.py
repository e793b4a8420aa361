"""What happens between the steps: events out, requests in, the clock watched, held-out text looked at."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from styletui_prep.events import Emit, ShouldStop, StopRequest
from transformers import TrainerCallback

from styletui_train.events import Checkpointed, Evaluated, Plan, Step
from styletui_train.hardware import MIB, rss
from styletui_train.held_out import SampleWriter, measure
from styletui_train.machine import Machine
from styletui_train.prompting import Encoded
from styletui_train.schedule import Schedule
from styletui_train.sft import Meter

# After so many steps (and at the planned end) the plan is held against the real speed; the first two warm up.
_REVISE_AFTER = (4, 8, 16, 32, 64, 128, 256)
_WARMING = 2


@dataclass(slots=True)
class Outcome:
    """What the run has come to so far. `stop`: the request that ended it."""

    steps: int = 0
    ended_by: str = "max_steps"
    stop: StopRequest | None = None
    peak_rss: int = 0
    evaluations: list[tuple[int, float, float]] = field(default_factory=list)


class Watcher(TrainerCallback):
    """One callback for all of it; `began` is the perf_counter at the start of the whole run."""

    def __init__(
        self,
        *,
        schedule: Schedule,
        machine: Machine,
        meter: Meter,
        held_out: list[Encoded],
        writer: SampleWriter | None,
        emit: Emit,
        should_stop: ShouldStop,
        began: float,
    ) -> None:
        self.schedule, self.machine, self.meter = schedule, machine, meter
        self.held_out, self.writer = held_out, writer
        self.emit, self.should_stop, self.began = emit, should_stop, began
        self.outcome = Outcome(peak_rss=rss())
        self._times: list[float] = []
        self._look = False
        self._speed = (0.0, 0.0)

    @property
    def spent(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self.began

    @property
    def step_seconds(self) -> float:
        """Mean seconds of the last steps, the warming ones left out."""
        times = self._times[_WARMING:][-32:] or self._times
        return sum(times) / len(times) if times else 0.0

    def plan(self) -> Plan:
        """The plan as it stands."""
        schedule, config = self.schedule, self.schedule.config
        speed = self._speed[0] or (1 / schedule.costs.train_token if schedule.costs else 0.0)
        return Plan(
            max_steps=schedule.max_steps,
            time_budget_s=schedule.budget,
            batch=config.per_device_train_batch_size,
            accumulation=config.gradient_accumulation_steps,
            lr=config.learning_rate,
            preset=config.preset,
            tokens_per_s=round(speed, 1) or None,
            epochs=round(schedule.max_steps / schedule.steps_per_epoch, 3),
            eval_every=schedule.eval_every,
            eval_rows=schedule.eval_rows,
        )

    def look(self, model: Any, step: int) -> None:
        """Evaluate the held-out rows and write a sample, each with its event."""
        evaluating, start = 0.0, time.perf_counter()
        if self.held_out:
            result = measure(model, self.held_out, self.machine.device, self.machine.dtype)
            evaluating = result.seconds
            self.outcome.evaluations.append((step, result.loss, result.bits_per_char))
            self.emit(
                Evaluated(
                    step, result.loss, result.bits_per_char, len(self.held_out), round(result.seconds, 3)
                )
            )
        if self.writer is not None and self.schedule.sample_tokens:
            sample = self.writer.write(model, step, self.schedule.sample_tokens)
            self.schedule.saw_look(evaluating, sample.tokens, time.perf_counter() - start - evaluating)
            self.emit(sample)
        self.outcome.peak_rss = max(self.outcome.peak_rss, rss())

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The trainer's own limit is the epochs; ours may be the clock."""
        state.max_steps = self.schedule.max_steps
        self.meter.reset()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        """Count the step, look for a request, hold the plan against the clock."""
        now = time.perf_counter()
        seconds = max(now - self.meter.since, 1e-9)
        self._times.append(seconds)
        self._speed = (self.meter.tokens / seconds, self.meter.scored / seconds)
        self.meter.reset()
        step = state.global_step
        self.outcome.steps = step
        self._revise(step, state)
        request = self.should_stop()
        if request is not None:
            self.outcome.stop, self.outcome.ended_by = request, "stop"
            control.should_training_stop = control.should_log = True
            return control
        control.should_training_stop = step >= state.max_steps
        if step >= state.max_steps:
            self.outcome.ended_by = "time_budget" if self.schedule.limited_by_time else "max_steps"
        elif self.schedule.must_stop(self.spent, self.step_seconds):
            self.outcome.ended_by = "time_budget"
            control.should_training_stop = True
        ending = control.should_training_stop
        self._look = ending or (self.schedule.look_due(step) and self.schedule.time_for_a_look(self.spent))
        if self._look:
            control.should_log = True
            control.should_save = self.schedule.config.save_steps is None or control.should_save
        return control

    def on_log(
        self, args: Any, state: Any, control: Any, logs: Any = None, model: Any = None, **_: Any
    ) -> None:
        """The step's event, and a look at held-out text when one is due."""
        if logs and "loss" in logs:
            self._emit_step(state, logs)
            self.meter.bad = 0
        if self._look and self.outcome.stop is None:
            self._look = False
            self.look(model, state.global_step)
        self.meter.reset()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A checkpoint stands."""
        folder = Path(args.output_dir)
        self.emit(Checkpointed(state.global_step, f"{folder.name}/checkpoint-{state.global_step}"))
        self.meter.reset()

    def _revise(self, step: int, state: Any) -> None:
        due = step in _REVISE_AFTER or step >= state.max_steps
        if due and self.schedule.revise(step, self.spent, self.step_seconds):
            state.max_steps = self.schedule.max_steps
            self.emit(self.plan())

    def _emit_step(self, state: Any, logs: dict[str, Any]) -> None:
        resident = rss()
        self.outcome.peak_rss = max(self.outcome.peak_rss, resident)
        left = max(self.schedule.max_steps - state.global_step, 0)
        looks = math.ceil(left / self.schedule.eval_every)
        eta = left * self.step_seconds + looks * self.schedule.look_seconds
        budget = self.schedule.config.time_budget_s
        if budget is not None:  # the clock ends it, whatever the plan still holds
            eta = min(eta, max(0.0, budget - self.spent))
        self.emit(
            Step(
                step=state.global_step,
                loss=None if self.meter.bad else _number(logs.get("loss")),
                lr=float(logs.get("learning_rate", 0.0)),
                grad_norm=_number(logs.get("grad_norm")),
                tokens_per_s=round(self._speed[0], 1),
                scored_tokens_per_s=round(self._speed[1], 1),
                rss_mb=round(resident / MIB, 1),
                gpu_mb=gpu_mb(self.machine.device),
                elapsed_s=round(self.spent, 3),
                eta_s=round(eta, 1),
                epoch=round(state.global_step / self.schedule.steps_per_epoch, 4),
            )
        )


def gpu_mb(device: str) -> float | None:
    """MiB that torch holds on the card (CUDA: reserved; MPS: allocated by its driver); None on a CPU."""
    import torch

    if device == "cuda":
        return round(torch.cuda.memory_reserved() / MIB, 1)
    if device == "mps":
        return round(torch.mps.driver_allocated_memory() / MIB, 1)
    return None


def _number(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(float(value)) else None
