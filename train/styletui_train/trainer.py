"""One training run from a config to an adapter. Everything it does is told through `emit`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from styletui_prep.errors import EXIT_STOPPED, EXIT_UNKNOWN, UserError
from styletui_prep.events import Emit, ShouldStop, Stage, Warned, ignore, never
from styletui_prep.files import private_folder, write_json

from styletui_train.config import TrainConfig
from styletui_train.events import Dataset, Summary
from styletui_train.files import need_space
from styletui_train.hardware import MIB, rss
from styletui_train.rows import dataset_files, read_rows

if TYPE_CHECKING:
    from styletui_train.held_out import SampleWriter
    from styletui_train.machine import Machine
    from styletui_train.prompting import Encoded
    from styletui_train.schedule import Costs, Schedule
    from styletui_train.tokenize import Tokenized
    from styletui_train.watch import Outcome, Watcher

# A first pass that takes more than this share of the budget is the only one: the machine is slow or busy.
_MEASURE_SHARE = 0.06
# Fewer steps than these teach nothing that one could hear.
_FEW_STEPS = 10
_SAMPLE_VIEWS = ("outline", "instruct", "continue")


ENOUGH_STEPS = 10
"""A time budget that allowed fewer optimizer steps than these is said to have taught hardly anything."""


@dataclass(frozen=True, slots=True)
class TrainResult:
    """How a run ended: `ended_by` max_steps, time_budget or stop; `adapter` None when nothing was kept.

    `first_eval` and `last_eval` are held-out nats a scored token.
    """

    adapter: Path | None
    steps: int
    ended_by: str
    seconds: float
    first_eval: float | None
    last_eval: float | None


@dataclass(slots=True)
class _Run:
    """What the stages of one run hand to each other."""

    config: TrainConfig
    emit: Emit
    should_stop: ShouldStop
    began: float
    machine: Machine
    tokenizer: Any
    model: Any
    base: bool
    train: Tokenized
    held_out: Tokenized | None
    start_mb: float = 0.0

    @property
    def out(self) -> Path:
        """The run folder."""
        return Path(self.config.output_dir)

    @property
    def spent(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self.began


def train(
    config: TrainConfig,
    emit: Emit = ignore,
    should_stop: ShouldStop = never,
    *,
    resume_from: Path | None = None,
) -> TrainResult:
    """Train an adapter and leave it in `config.output_dir`/adapter.

    Writes adapter/, checkpoints/, samples/ and train.json there. A stop with `keep` saves what was learned, one
    without saves nothing; a stop before the first step raises `stopped`. `resume_from` is a folder under
    checkpoints/.

    Raises UserError: `setting_missing`, `dataset_*`, `model_unusable`, `no_scored_tokens`, `template_unusable`,
    `target_modules_missing`, `out_of_memory`, `disk_space`, `disk_full`, `nan_loss`, `adapter_unchanged`, `stopped`.
    """
    began = time.perf_counter()
    for key in ("model_name", "dataset", "output_dir"):
        if not getattr(config, key):
            raise UserError("setting_missing", exit_code=2, key=key)
    _stage(emit, should_stop, "import_libraries")
    import torch

    torch.manual_seed(config.seed)
    try:
        run = _prepare(config, emit, should_stop, began)
        return _carry_out(run, resume_from)
    except torch.OutOfMemoryError as error:
        raise UserError("out_of_memory", exit_code=EXIT_UNKNOWN, path=config.model_name) from error


def _stage(emit: Emit, should_stop: ShouldStop, name: str) -> None:
    if should_stop() is not None:
        raise UserError("stopped", exit_code=EXIT_STOPPED)
    emit(Stage(name))


def _prepare(config: TrainConfig, emit: Emit, should_stop: ShouldStop, began: float) -> _Run:
    """Read, choose, load, tokenise, attach: everything before the first number is computed."""
    from styletui_train import load
    from styletui_train.adapter import attach
    from styletui_train.machine import fit
    from styletui_train.tokenize import tokenize

    folder = Path(config.model_name)
    _stage(emit, should_stop, "read_dataset")
    train_file, held_file = dataset_files(
        Path(config.dataset), Path(config.eval_dataset) if config.eval_dataset else None
    )
    train_rows = read_rows(train_file)
    held_rows = read_rows(held_file) if held_file is not None else []
    load.check_folder(folder)
    private_folder(Path(config.output_dir))
    base = load.is_base(folder) if config.template is None else config.template == "base"
    _stage(emit, should_stop, "choose_device")
    machine = fit(config, emit)
    _stage(emit, should_stop, "load_tokenizer")
    tokenizer = load.load_tokenizer(folder)
    _stage(emit, should_stop, "tokenize")
    options: dict[str, Any] = {"base": base, "max_length": config.max_seq_length, "should_stop": should_stop}
    encoded = tokenize(train_rows, tokenizer, emit=emit, **options)
    held_out = tokenize(held_rows, tokenizer, **options) if held_rows else None
    _warn_about_data(encoded, held_out, emit)
    _stage(emit, should_stop, "load_model")
    model = load.load_model(
        folder,
        device=machine.device,
        dtype=machine.dtype,
        quantize=machine.quantize,
        double_quant=config.bnb_4bit_use_double_quant,
    )
    _stage(emit, should_stop, "attach_adapter")
    return _Run(
        config=config,
        emit=emit,
        should_stop=should_stop,
        began=began,
        machine=machine,
        tokenizer=tokenizer,
        model=attach(model, config, machine),
        base=base,
        train=encoded,
        held_out=held_out,
    )


def _warn_about_data(encoded: Tokenized, held_out: Tokenized | None, emit: Emit) -> None:
    if encoded.truncated:
        emit(Warned("rows_truncated", {"rows": encoded.truncated, "of": len(encoded.rows)}))
    if encoded.dropped:
        emit(Warned("rows_dropped", {"rows": encoded.dropped}))
    if held_out is None:
        emit(Warned("no_held_out", {}))


def _carry_out(run: _Run, resume_from: Path | None) -> TrainResult:
    """Measure, plan, train, save."""
    import transformers

    from styletui_train.schedule import Schedule
    from styletui_train.sft import StyleTrainer, arguments
    from styletui_train.tokenize import to_dataset

    config = run.config
    _stage(run.emit, run.should_stop, "build_trainer")
    schedule = Schedule(
        config=config,
        rows=len(run.train.rows),
        tokens_per_row=run.train.total_tokens / len(run.train.rows),
        held_out_rows=len(run.held_out.rows) if run.held_out else 0,
        budget=config.time_budget_s,
    )
    trainer = StyleTrainer(
        schedule=schedule,
        machine=run.machine,
        emit=run.emit,
        model=run.model,
        args=arguments(config, run.machine, schedule, private_folder(run.out / "checkpoints")),
        train_dataset=to_dataset(run.train.encoded),
        processing_class=run.tokenizer,
    )
    trainer.remove_callback(transformers.PrinterCallback)
    need_space(run.out, _bytes_to_write(run))
    run.start_mb = _memory(run)
    if config.time_budget_s is not None:
        _stage(run.emit, run.should_stop, "measure_speed")
        schedule.costs = _measure_costs(run, trainer)
        schedule.__post_init__()
        schedule.start(run.spent)
        if schedule.max_steps < min(_FEW_STEPS, schedule.most_steps):
            run.emit(
                Warned("budget_too_small", {"seconds": schedule.budget or 0, "steps": schedule.max_steps})
            )
    watcher = _watcher(run, schedule, trainer)
    trainer.add_callback(watcher)
    _report_data(run, schedule)
    run.emit(watcher.plan())
    _stage(run.emit, run.should_stop, "evaluate_base")
    if resume_from is None:
        watcher.look(run.model, 0)
    _stage(run.emit, run.should_stop, "train")
    run.model.train()
    trainer.train(resume_from_checkpoint=str(resume_from) if resume_from else None)
    return _finish(run, watcher)


def _bytes_to_write(run: _Run) -> int:
    """What checkpoints and adapter will take: fp32 weights, two moments of them in the optimizer, tokenizer files.

    One checkpoint more than are kept stands while the oldest is not yet removed; those already there count as written.
    """
    weights: int = sum(4 * p.numel() for p in run.model.parameters() if p.requires_grad)
    folder = Path(run.config.model_name)
    words = sum(file.stat().st_size for file in folder.glob("*token*") if file.is_file())
    there = len(list((run.out / "checkpoints").glob("checkpoint-*")))
    checkpoints = max(1, run.config.save_total_limit + 1 - there)
    return weights + words + checkpoints * (3 * weights + words)


def _report_data(run: _Run, schedule: Schedule) -> None:
    run.emit(
        Dataset(
            train_samples=len(run.train.rows),
            val_samples=len(run.held_out.rows) if run.held_out else 0,
            val_used=schedule.eval_rows,
            scored_tokens=run.train.scored_tokens,
            total_tokens=run.train.total_tokens,
            truncated=run.train.truncated,
            dropped=run.train.dropped,
        )
    )


def _watcher(run: _Run, schedule: Schedule, trainer: Any) -> Watcher:
    from styletui_train.tokenize import choose_held_out
    from styletui_train.watch import Watcher

    chosen = choose_held_out(run.held_out, schedule.eval_rows, run.config.seed) if run.held_out else []
    held_out = run.held_out.encoded if run.held_out else []
    return Watcher(
        schedule=schedule,
        machine=run.machine,
        meter=trainer.meter,
        held_out=[held_out[index] for index in chosen],
        writer=_writer(run),
        emit=run.emit,
        should_stop=run.should_stop,
        began=run.began,
    )


def _writer(run: _Run) -> SampleWriter:
    """Samples are written from one held-out prompt, an outline where there is one."""
    from styletui_train.held_out import SampleWriter

    rows = (run.held_out or run.train).rows
    ranks = {view: rank for rank, view in enumerate(_SAMPLE_VIEWS)}
    row = min(rows, key=lambda row: ranks.get(str(row.meta.get("view")), len(ranks)))
    return SampleWriter(run.tokenizer, row, run.base, run.out / "samples", run.config.seed)


def _measure_costs(run: _Run, trainer: Any) -> Costs:
    """Time training passes on the longest row and a middling one, a held-out row, written tokens: a first guess.

    Real steps and looks soon take its place, so it is kept short.
    """
    from styletui_train.generate import generate_batch
    from styletui_train.held_out import measure
    from styletui_train.schedule import Costs

    by_length = sorted(run.train.encoded, key=lambda item: len(item.ids))
    longest, middling = by_length[-1], by_length[len(by_length) // 2]
    run.model.train()
    # The first pass allocates, and shows early whether the longest row fits; on a busy machine it must do.
    seconds, tokens = _timed_pass(run, trainer, longest), len(longest.ids)
    if seconds < _MEASURE_SHARE * (run.config.time_budget_s or 0.0):
        seconds, tokens = _timed_pass(run, trainer, middling), len(middling.ids)
    look = measure(run.model, (run.held_out or run.train).encoded[:1], run.machine.device, run.machine.dtype)
    start = time.perf_counter()
    generate_batch(run.model, run.tokenizer, [by_length[0].ids[:32]], max_new_tokens=4, ends=())
    writing = (time.perf_counter() - start) / 4
    return Costs(1.05 * seconds / max(tokens, 1), look.seconds, writing)


def _timed_pass(run: _Run, trainer: Any, item: Encoded) -> float:
    """Seconds of one training pass, forward and backward; its gradients are thrown away."""
    import torch

    inputs = trainer.data_collator([{"input_ids": item.ids, "labels": item.labels}])
    start = time.perf_counter()
    with trainer.compute_loss_context_manager():
        loss = trainer.compute_loss(run.model, trainer._prepare_inputs(inputs))
    loss.backward()
    if run.machine.device == "cuda":
        torch.cuda.synchronize()
    run.model.zero_grad(set_to_none=True)
    return time.perf_counter() - start


def _memory(run: _Run) -> float:
    """MiB in use: of the card where there is one, else of this process."""
    from styletui_train.watch import gpu_mb

    on_card = gpu_mb(run.machine.device)
    return on_card if on_card is not None else round(rss() / MIB, 1)


def _peak(run: _Run, outcome: Outcome) -> tuple[float, float | None]:
    """(most MiB in use, share of the card or None)."""
    import torch

    if run.machine.device == "cuda":
        peak = torch.cuda.max_memory_reserved()
        return round(peak / MIB, 1), round(peak / torch.cuda.get_device_properties(0).total_memory, 4)
    if run.machine.device == "mps":
        return _memory(run), None
    return round(max(outcome.peak_rss, rss()) / MIB, 1), None


def _finish(run: _Run, watcher: Watcher) -> TrainResult:
    """Save (unless told not to), check that something was learned, say how it went."""
    from styletui_train.adapter import save_adapter

    outcome = watcher.outcome
    adapter: Path | None = None
    if outcome.stop is None or outcome.stop.keep:
        run.emit(Stage("save"))
        adapter = save_adapter(run.model, run.tokenizer, run.out / "adapter", Path(run.config.model_name))
    losses = [loss for _, loss, _ in outcome.evaluations]
    peak, share = _peak(run, outcome)
    summary = Summary(
        seconds=round(run.spent, 3),
        steps=outcome.steps,
        start_mb=run.start_mb,
        peak_mb=peak,
        card_share=share,
        first_eval=losses[0] if losses else None,
        last_eval=losses[-1] if losses else None,
        ended_by=outcome.ended_by,
    )
    _write_record(run, watcher, summary)
    if summary.ended_by == "time_budget" and summary.steps < ENOUGH_STEPS:
        run.emit(Warned("few_steps", {"steps": summary.steps}))
    run.emit(summary)
    return TrainResult(
        adapter, summary.steps, summary.ended_by, summary.seconds, summary.first_eval, summary.last_eval
    )


def _write_record(run: _Run, watcher: Watcher, summary: Summary) -> None:
    """train.json: what was chosen and what came of it; numbers and codes, no text."""
    plan = watcher.plan()
    write_json(
        run.out / "train.json",
        {
            "format": 1,
            "config": run.config.to_json(),
            "device": run.machine.device,
            "device_name": run.machine.choice.name,
            "dtype": run.machine.dtype,
            "method": run.machine.method,
            "bnb_4bit_quant_type": run.machine.quantize,
            "double_quant": run.config.bnb_4bit_use_double_quant if run.machine.quantize else None,
            "optim": run.machine.optim,
            "template": "base" if run.base else "chat",
            "max_steps": plan.max_steps,
            "tokens_per_s": plan.tokens_per_s,
            "evaluations": [
                {"step": step, "loss": loss, "bits_per_char": bits}
                for step, loss, bits in watcher.outcome.evaluations
            ],
            "summary": {name: getattr(summary, name) for name in summary.__slots__},
        },
    )
