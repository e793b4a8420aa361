"""TRL's SFTTrainer with our loss and our schedule, saving nothing pickled beyond its optimizer's tensors."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import trl
from styletui_prep.errors import EXIT_UNKNOWN, UserError
from styletui_prep.events import Emit, Warned

from styletui_train import loss as losses
from styletui_train.config import TrainConfig
from styletui_train.files import full_disk_told
from styletui_train.held_out import precision
from styletui_train.machine import Machine
from styletui_train.prompting import IGNORED
from styletui_train.schedule import Schedule

_NAN_LIMIT = 3


@dataclass(slots=True)
class Meter:
    """Real tokens (no padding) and scored tokens since the last reset, and when that was.

    `bad`: micro-batches without a usable number since the last logged step; a reset leaves it.
    """

    tokens: int = 0
    scored: int = 0
    since: float = 0.0
    bad: int = 0

    def reset(self) -> None:
        """Start counting anew."""
        self.tokens, self.scored, self.since = 0, 0, time.perf_counter()


def arguments(config: TrainConfig, machine: Machine, schedule: Schedule, folder: Path) -> trl.SFTConfig:
    """The trainer's arguments: ours where we have a setting, nothing reported, nothing evaluated by itself."""
    cuda = machine.device == "cuda"
    return trl.SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=config.per_device_train_batch_size,
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        max_steps=schedule.most_steps,
        optim=machine.optim,
        seed=config.seed,
        data_seed=config.seed,
        logging_strategy="steps",
        logging_steps=config.logging_steps,
        logging_first_step=True,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=config.save_steps or 10**9,
        save_total_limit=config.save_total_limit,
        eval_strategy="no",
        bf16=cuda and machine.dtype == "bfloat16",
        fp16=cuda and machine.dtype == "float16",
        use_cpu=machine.device == "cpu",
        gradient_checkpointing=machine.checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False} if machine.checkpointing else None,
        train_sampling_strategy="random" if config.per_device_train_batch_size == 1 else "group_by_length",
        length_column_name="length",
        max_length=None,
        pad_to_multiple_of=losses.LENGTH_STEP if machine.device == "cpu" else None,
        packing=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        dataloader_num_workers=0,
        dataloader_pin_memory=cuda,
        report_to="none",
        disable_tqdm=True,
        push_to_hub=False,
    )


class StyleTrainer(trl.SFTTrainer):  # type: ignore[misc]
    """SFTTrainer that scores gathered positions off CUDA, follows a `Schedule`, and refuses NaN."""

    lr_scheduler: Any

    def __init__(self, *, schedule: Schedule, machine: Machine, emit: Emit, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.schedule = schedule
        self.machine = machine
        self.meter = Meter()
        self._tell = emit
        self._finite = True
        self._bad = self._good = self._bad_steps = 0
        # TRL turns the adapter of a 4-bit model into bf16: small updates are lost in its 8 bits of mantissa, and the
        # scaler of fp16 cannot read bf16 gradients. The optimizer is built later, so it sees these.
        for parameter in self.model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()
        self.gathered = machine.device != "cuda" and losses.usable(self.model)
        if machine.device != "cuda" and not self.gathered:
            emit(Warned("loss_fallback", {}))

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Mean nats over the step's scored tokens; gathered where the model allows, else TRL's own.

        A loss that is no number becomes a zero that leads nowhere, so that no gradient comes of it and those of the
        step's other micro-batches stay. Not under fp16: its scaler wants to see the bad gradients, and skips the step.
        """
        labels = inputs["labels"]
        self.meter.scored += int((labels != IGNORED).sum())
        self.meter.tokens += int(inputs["attention_mask"].sum())
        if return_outputs:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        if self.gathered:
            count = num_items_in_batch or (labels != IGNORED).sum().clamp(min=1)
            loss = self.summed(model, inputs) / count
        else:
            loss = torch.as_tensor(super().compute_loss(model, inputs, False, num_items_in_batch))
        self._finite = math.isfinite(float(loss.detach()))
        if self._finite or self.args.fp16:
            return loss
        return torch.zeros((), device=loss.device, requires_grad=True)

    def summed(self, model: Any, inputs: Any) -> torch.Tensor:
        """Sum of nats of a batch by the gathered loss.

        No mask is handed on: padding is on the right, where causal attention keeps it from every real position,
        and attention without a mask takes the faster kernel.
        """
        _, _, head, softcap = losses.parts(model)
        with precision(model, self.machine.device, self.machine.dtype):
            hidden = losses.last_hidden(model, inputs["input_ids"], None)
        return losses.gathered_loss(hidden, inputs["labels"], head, softcap=softcap)

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        """One micro-batch; with the last of an optimizer step, a look at whether that step may be taken."""
        loss = torch.as_tensor(super().training_step(*args, **kwargs))
        self._good, self._bad = self._good + self._finite, self._bad + (not self._finite)
        if self.accelerator.sync_gradients:
            self._judge_step()
        # The trainer adds losses up and takes the sum away again: one NaN in it would stay for good.
        return loss if self._finite else torch.zeros_like(loss)

    def _judge_step(self) -> None:
        """Leave out what is no number; three optimizer steps in a row with nothing else in them end the run.

        Raises UserError `nan_loss`.
        """
        step, bad, all_of = self.state.global_step + 1, self._bad, self._bad + self._good
        self._bad = self._good = 0
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        lost = bad == all_of
        if self.args.fp16:  # the scaler skips the whole step
            lost = bad > 0
        elif gradients and not math.isfinite(float(torch.nn.utils.get_total_norm(gradients))):
            self.model.zero_grad(set_to_none=True)
            lost = True
        self._bad_steps = self._bad_steps + 1 if lost else 0
        self.meter.bad += all_of if lost else bad
        if self._bad_steps >= _NAN_LIMIT:
            raise UserError("nan_loss", exit_code=EXIT_UNKNOWN, step=step)
        if lost:
            self._tell(Warned("nan_step", {"step": step}))
        elif bad:
            self._tell(Warned("nan_batches", {"step": step, "batches": bad, "of": all_of}))

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """The learning rate of our schedule, which may still change its number of steps."""
        if self.lr_scheduler is None:
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                optimizer or self.optimizer, self.schedule.factor
            )
        return self.lr_scheduler

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """No card: it would be written from templates about a hub."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """A checkpoint is there whole or not at all; earlier ones go only after it. Raises UserError `disk_full`."""
        folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
        with full_disk_told(folder, folder):
            super()._save_checkpoint(model, trial)

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """Adapter and tokenizer as they are; the pickled training arguments are left out."""
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        self.model.save_pretrained(folder, state_dict=state_dict, safe_serialization=True)
        self.processing_class.save_pretrained(folder)
