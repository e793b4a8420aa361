"""The sentences and figures of the Train screen, made from a job's state; no widgets in here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.content import Content

from styletui.i18n import gettext as _
from styletui.i18n import ngettext
from styletui.jobs.fold import JobState, Point
from styletui.jobs.log import Record
from styletui.messages import explain, label
from styletui.nearby import tilde
from styletui.text import one_line, safe, sign
from styletui.widgets.figure_rows import Figure, share_bar
from styletui.widgets.job_progress import seconds_words

SAMPLE_BYTES = 16_000
MIB = 1 << 20


def method_name(method: str) -> str:
    """How it trains, for people."""
    names = {
        "qlora_nf4": _("QLoRA, 4-bit NF4"),
        "lora_bf16": _("LoRA in bf16"),
        "lora_fp16": _("LoRA in fp16"),
        "lora_fp32": _("LoRA in fp32"),
    }
    return names.get(method, method)


def preset_words(preset: str) -> str:
    """The preset, with what a quick look is worth."""
    if preset == "quick":
        return _("quick look: shows the journey, not the quality")
    return label("preset", preset)


def title(config: dict[str, Any], state: JobState, width: int) -> Content:
    """Model, preset, device: what is being trained and how; the device's name only where there is room."""
    model = Path(str(config.get("model_name", ""))).name
    preset = str((state.train.plan or {}).get("preset") or config.get("preset") or "")
    parts = [one_line(model, "bold $primary")]
    if preset:
        style = "bold $warning" if preset == "quick" else "$quiet"
        parts.append(Content.styled(preset_words(preset), style))
    device = state.train.device
    if device is not None:
        name = str(device.get("name") or device.get("device") or "")
        parts.append(Content(method_name(str(device.get("method", "")))))
        parts.append(one_line(name, "$quiet"))
        if device.get("reason"):
            parts.append(Content.styled(label("device_reason", str(device["reason"])), "$quiet"))
    gap = Content.styled(f" {sign('·')} ", "$faint")
    while len(parts) > 1 and gap.join(parts).cell_length > width:
        parts.pop()
    return gap.join(parts)


def status_line(state: JobState, now: float, width: int, stopping: bool) -> Content:
    """Where it is: step, time gone, time left; or how it ended."""
    step, plan = state.train.last_step, state.train.plan or {}
    gone = seconds_words(state.elapsed(now))
    if state.status == "crashed":
        return Content.styled(f"{sign('✗')} {_('The training broke off.')}", "bold $error")
    if state.status == "failed":
        return Content.styled(f"{sign('✗')} {_('The training ended with an error.')}", "bold $error")
    if state.status == "done":
        return Content.styled(
            f"{sign('✓')} {_('Training is done, after {time}.').format(time=gone)}", "bold $success"
        )
    if state.status == "stopped":
        words = _("Stopped; what it learned is kept.") if state.kept else _("Stopped; nothing was kept.")
        return Content.styled(f"{sign('✓') if state.kept else sign('✗')} {words}", "bold $warning")
    if stopping:
        return Content.styled(
            f"{sign('▸')} {_('Asked to stop; it finishes this step and saves')} {sign('…')}", "bold $warning"
        )
    if step is None:
        return Content.styled(_("Getting ready: {time} so far").format(time=gone), "bold")
    left = float(step.get("eta_s") or 0)
    spent = float(step.get("elapsed_s") or 0)
    of = plan.get("max_steps")
    count = f"{step['step']} / {of}" if of else str(step["step"])
    parts = [
        Content.assemble((f"{sign('▸')} ", "bold $accent"), (_("step {n}").format(n=count), "bold")),
        Content(_("{time} gone").format(time=gone)),
        Content(_("{time} left").format(time=seconds_words(left))),
    ]
    if state.stage not in (None, "train"):
        parts.append(Content.styled(label("stage", str(state.stage)), "$warning"))
    line = Content("   ").join(parts)
    room = width - line.cell_length - 8
    if room < 8:
        return line
    share = spent / (spent + left) if spent + left > 0 else 0.0
    return Content.assemble(line, "   ", share_bar(share, min(room, 40)), f" {100 * share:.0f}%")


def hint(width: int) -> Content:
    """That it needs nobody, and how to find it again; with the headless way where there is room."""
    words = _("It goes on when you close this window. To see it again, type: styletui")
    if width >= 100:
        words += f"  {sign('·')}  " + _("without the screens: {command}").format(command="styletui runs list")
    return one_line(words, "$quiet")


def figures(state: JobState, tight: bool = False) -> list[Figure]:
    """The numbers beside the chart; `tight` leaves out what stands elsewhere or matters least."""
    train = state.train
    evals = train.evals
    rows = [
        Figure(_("learning rate"), _last(train.lr, "{:.1e}"), _values(train.lr)),
        Figure(_("gradient norm"), _last(train.grad_norm, "{:.2f}"), _values(train.grad_norm)),
        Figure(_("tokens/s"), _last(train.tokens_per_s, "{:,.0f}"), _values(train.tokens_per_s)),
    ]
    if evals and not tight:
        bits = [float(e["bits_per_char"]) for e in evals if e.get("bits_per_char") is not None]
        if bits:
            rows.insert(0, Figure(_("bits/char"), f"{bits[-1]:.3f}", bits))
    if train.rss_mb:
        rows.append(Figure(_("memory used"), f"{train.rss_mb[-1][1] / 1024:.1f} GB", _values(train.rss_mb)))
    gpu = (train.last_step or {}).get("gpu_mb")
    if gpu:
        rows.append(Figure(_("on the GPU"), f"{float(gpu) / 1024:.1f} GB"))
    if state.blocked or not tight:
        refused = ngettext("{n} refused", "{n} refused", state.blocked).format(n=state.blocked)
        rows.append(Figure(_("network"), refused, style="bold $warning" if state.blocked else ""))
    return rows


def _values(points: Sequence[Point]) -> list[float]:
    return [v for _step, v in points]


def _last(points: Sequence[Point], form: str) -> str:
    return form.format(points[-1][1]) if points else "-"


def held_out(state: JobState) -> tuple[Point, ...]:
    """The held-out losses as points."""
    return tuple((int(e["step"]), float(e["loss"])) for e in state.train.evals if e.get("loss") is not None)


def warnings(state: JobState, most: int) -> Content:
    """The newest `most` warnings, in words."""
    found = [explain(w.code, w.params) for w in state.warnings]
    lines = [one_line(f"{sign('⚠')} {words}", "$warning") for words in found[-most:]]
    hidden = len(found) - len(lines)
    if hidden > 0:
        lines.append(
            Content.styled(
                ngettext("and {n} more warning", "and {n} more warnings", hidden).format(n=hidden), "$quiet"
            )
        )
    return Content("\n").join(lines)


# --- the end ------------------------------------------------------------------------------------------
def ending(state: JobState, run: Path, tail: list[str], full: bool, resumable: bool = False) -> Content:
    """What the end means and what to do: the summary, the error, or the last lines of a crash."""
    if state.status in ("done", "stopped") and state.train.summary is not None:
        return _summary(state, state.train.summary, run, full)
    if state.status == "stopped":
        return Content(_("Nothing was saved. Start again from Setup (Esc)."))
    error = state.error
    code = error.code if error else "crashed"
    words = explain(code, error.params if error else {})
    lines = [one_line(words.what, "bold")]
    if words.why:
        lines.append(one_line(words.why))
    if code in ("crashed", "internal") and tail:
        lines.append(Content.styled(_("The last lines it wrote:"), "$quiet"))
        lines += [
            Content.assemble((f"{sign('│')} ", "$faint"), one_line(line))
            for line in tail[-6 if full else -3 :]
        ]
    if words.todo:
        lines.append(one_line(words.todo))
    if code in ("crashed", "out_of_memory"):
        lines.append(Content(_("If memory ran out: a smaller model or shorter samples need less.")))
    if resumable:
        lines.append(
            Content.styled(_("R goes on from the last checkpoint; Esc goes back to Setup."), "bold $accent")
        )
    else:
        lines.append(Content.styled(_("Esc goes back to Setup, where you can start again."), "bold $accent"))
    saved = state.train.checkpoints
    if saved:
        lines.append(
            Content(
                _("The checkpoint of step {step} is kept in {path}.").format(
                    step=saved[-1].get("step"), path=tilde(run / str(saved[-1].get("path", "checkpoints")))
                )
            )
        )
    return Content("\n").join(lines)


def _summary(state: JobState, summary: Record, run: Path, full: bool) -> Content:
    start, peak = float(summary.get("start_mb") or 0), float(summary.get("peak_mb") or 0)
    share = summary.get("card_share")
    card = (
        _("{percent} % of the card").format(percent=f"{100 * float(share):.0f}")
        if share is not None
        else _("no GPU in use")
    )
    lines = [
        _("{steps} steps in {seconds} seconds; {why}.").format(
            steps=summary.get("steps"),
            seconds=f"{float(summary.get('seconds') or 0):.0f}",
            why=_why_ended(summary),
        ),
        _("Memory: {start} MB at the start, {peak} MB at the peak ({card}).").format(
            start=f"{start:,.0f}", peak=f"{peak:,.0f}", card=card
        ),
    ]
    said = [Content(line) for line in lines]
    looks = (
        state.train.evals
    )  # after a resume the summary's first look is a later one; the log has that of step 0
    said.append(learned(summary | {"first_eval": looks[0]["loss"]} if looks else summary))
    if (state.train.plan or {}).get("preset") == "quick":
        said.append(Content.styled(_("A quick look: it shows the journey, not the quality."), "$warning"))
    if full:
        said.append(Content.assemble((_("The adapter: "), "$quiet"), one_line(tilde(run / "adapter"))))
    said.append(
        Content.styled(_("Enter: now judge blind whether it writes like the author."), "bold $accent")
    )
    return Content("\n").join(said)


def _why_ended(summary: Record) -> str:
    reasons = {
        "max_steps": _("all steps done"),
        "time_budget": _("its time was up"),
        "stop": _("you stopped it"),
    }
    return reasons.get(str(summary.get("ended_by")), _("it is over"))


def learned(summary: Record) -> Content:
    """What the held-out loss did; said as loudly when it did not fall."""
    first, last = summary.get("first_eval"), summary.get("last_eval")
    if first is None or last is None:
        return Content.styled(
            _("There was no held-out loss, so nothing shows whether it learned."), "$warning"
        )
    fell = float(first) - float(last)
    numbers = {"first": f"{float(first):.3f}", "last": f"{float(last):.3f}"}
    if fell <= 0:
        return Content.styled(
            _("The held-out loss did not fall ({first} to {last}): it has hardly learned the style.").format(
                **numbers
            ),
            "bold $warning",
        )
    return Content.styled(
        _("Held-out loss: {first} to {last}, lower is better.").format(**numbers), "$success"
    )


# --- the sample ---------------------------------------------------------------------------------------
def read_sample(run: Path, record: Record) -> str | None:
    """The text of a written sample; None when it is gone or does not lie in the run."""
    folder = (run / "samples").resolve()
    named = str(record.get("file", ""))
    for path in (run / named, folder / named):
        resolved = path.resolve()
        if resolved.is_relative_to(folder) and resolved.is_file():
            try:
                with resolved.open("rb") as file:
                    return file.read(SAMPLE_BYTES).decode("utf-8", "replace").strip()
            except OSError:
                return None
    return None


def sample_title(record: Record | None) -> Content:
    """The step of the sample, and what is the matter with it."""
    if record is None:
        return Content(_("Its writing"))
    marks = []
    if record.get("loops"):
        marks.append(_("repeats itself"))
    if record.get("ended") is False:
        marks.append(_("cut at its longest"))
    words = _("Its writing at step {step}").format(step=record.get("step"))
    return Content(f"{words} ({', '.join(marks)})" if marks else words)


def sample_text(run: Path | None, record: Record | None) -> Content:
    """The text itself, through the one door for texts."""
    if run is None or record is None:
        return Content.styled(_("The first piece comes with the first check on held-out texts."), "$quiet")
    text = read_sample(run, record)
    if text is None:
        return Content.styled(_("This piece is no longer there."), "$quiet")
    return safe(text) if text else Content.styled(_("It wrote nothing."), "$quiet")
