"""How many steps fit, how big each is, when to look at held-out text. Arithmetic only, no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from styletui_train.config import TrainConfig

# A quick look evaluates before, at the end, and three times between where that is cheap enough.
QUICK_LOOKS = 4
# What all looks of a budget together may take of it, and the rows below which one says little.
_LOOKS_SHARE = 0.2
_FEWEST_ROWS = 6
# The first plan, made from a few cold passes, is never shorter than this; the clock still ends the run in time.
_FIRST_PLAN = 16
# The share of a time budget that one evaluation (rows) and one piece of writing may take.
_EVAL_SHARE = 0.025
_SAMPLE_SHARE = 0.015


@dataclass(frozen=True, slots=True)
class Costs:
    """Measured seconds: a training token, a held-out row, a written token; and the last save's reserve."""

    train_token: float
    held_out_row: float
    written_token: float
    saving: float = 2.0


@dataclass(slots=True)
class Schedule:
    """The plan of one run; `max_steps` and `eval_every` change when the measured speed says so."""

    config: TrainConfig
    rows: int
    tokens_per_row: float
    held_out_rows: int
    budget: float | None
    costs: Costs | None = None
    max_steps: int = field(init=False, default=0)
    eval_every: int = field(init=False, default=0)
    eval_rows: int = field(init=False, default=0)
    sample_tokens: int = field(init=False, default=0)
    limited_by_time: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.eval_rows = min(self.held_out_rows, self.config.eval_max_rows or self.held_out_rows)
        self.sample_tokens = self.config.sample_tokens
        if self.budget is not None and self.costs is not None:
            self._fit_looks(self.budget, self.costs)
        self.max_steps = self.most_steps
        self._space_looks()

    @property
    def rows_per_step(self) -> int:
        """Samples an optimizer step."""
        return self.config.per_device_train_batch_size * self.config.gradient_accumulation_steps

    @property
    def steps_per_epoch(self) -> float:
        """Optimizer steps an epoch, as a fraction where rows are few."""
        return self.rows / self.rows_per_step

    @property
    def most_steps(self) -> int:
        """Steps after which it ends whatever the clock says: max_steps, else the epochs."""
        return self.config.max_steps or max(1, math.ceil(self.config.num_train_epochs * self.steps_per_epoch))

    @property
    def look_seconds(self) -> float:
        """What one evaluation with its piece of writing takes."""
        if self.costs is None:
            return 0.0
        return self.eval_rows * self.costs.held_out_row + self.sample_tokens * self.costs.written_token

    @property
    def looks(self) -> int:
        """How many looks follow the one at step 0, the last included: fewer where each takes long."""
        if self.budget is None or not self.look_seconds:
            return QUICK_LOOKS
        return max(1, min(QUICK_LOOKS, int(_LOOKS_SHARE * self.budget / self.look_seconds) - 1))

    @property
    def closing_seconds(self) -> float:
        """What is still to do after the last step: the last look and the save."""
        return self.look_seconds + (self.costs.saving if self.costs else 0.0)

    def start(self, spent: float) -> None:
        """Plan before the first step; `spent` seconds of the budget are gone, the look at step 0 is not."""
        if self.budget is None or self.costs is None:
            return
        step = self.costs.train_token * self.tokens_per_row * self.rows_per_step
        self._limit(0, self.budget - spent - (self.looks + 1) * self.look_seconds - self.costs.saving, step)

    def revise(self, step: int, spent: float, step_seconds: float) -> bool:
        """Plan again from real steps; True when the number of steps changed."""
        if self.budget is None or self.costs is None:
            return False
        before = self.max_steps
        if step >= before and spent + 0.25 * before * step_seconds + self.closing_seconds > self.budget:
            return False  # at the end already, and too little time left to be worth a longer curve
        looks = max(1, self.looks - step // max(self.eval_every, 1))
        self._limit(step, self.budget - spent - looks * self.look_seconds - self.costs.saving, step_seconds)
        return self.max_steps != before

    def saw_look(self, eval_seconds: float, written: int, writing_seconds: float) -> None:
        """Take over what a real look took: its rows, and the tokens written."""
        if self.costs is not None:
            row = eval_seconds / self.eval_rows if self.eval_rows else self.costs.held_out_row
            token = writing_seconds / written if written else self.costs.written_token
            self.costs = replace(self.costs, held_out_row=row, written_token=token)

    def must_stop(self, spent: float, step_seconds: float) -> bool:
        """Whether one more step would take the run past its budget."""
        return self.budget is not None and spent + step_seconds + self.closing_seconds > self.budget

    def look_due(self, step: int) -> bool:
        """Whether held-out text is looked at after `step`."""
        return step >= self.max_steps or step % self.eval_every == 0

    def time_for_a_look(self, spent: float) -> bool:
        """Whether a look between leaves enough for the last one and the save."""
        return self.budget is None or spent + self.look_seconds + self.closing_seconds < self.budget

    def factor(self, step: int) -> float:
        """The learning rate's share at `step`: a linear rise, then cosine, linear or constant to the end."""
        warmup = self.config.warmup_steps
        rise = warmup if warmup is not None else math.ceil(self.config.warmup_ratio * self.max_steps)
        rise = min(rise, max(self.max_steps - 1, 0))
        if step < rise:
            return (step + 1) / (rise + 1)
        done = min(1.0, (step - rise) / max(self.max_steps - rise, 1))
        kind = self.config.lr_scheduler_type
        return {"cosine": 0.5 * (1 + math.cos(math.pi * done)), "linear": 1 - done}.get(kind, 1.0)

    def _limit(self, step: int, seconds: float, step_seconds: float) -> None:
        fitting = max(_FIRST_PLAN, step + int(seconds / max(step_seconds, 1e-6)))
        self.limited_by_time = fitting < self.most_steps
        self.max_steps = min(fitting, self.most_steps)
        self._space_looks()

    def _fit_looks(self, budget: float, costs: Costs) -> None:
        affordable = max(_FEWEST_ROWS, int(_EVAL_SHARE * budget / max(costs.held_out_row, 1e-6)))
        if self.config.eval_max_rows is None:
            self.eval_rows = min(self.eval_rows, affordable)
        self.sample_tokens = min(
            self.sample_tokens, max(16, int(_SAMPLE_SHARE * budget / max(costs.written_token, 1e-6)))
        )

    def _space_looks(self) -> None:
        if self.config.eval_steps is not None:
            self.eval_every = self.config.eval_steps
        elif self.budget is not None:
            self.eval_every = max(1, math.ceil(self.max_steps / self.looks))
        else:
            self.eval_every = max(
                1, min(round(self.steps_per_epoch / 4), math.ceil(self.max_steps / QUICK_LOOKS))
            )
