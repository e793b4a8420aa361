"""What the Setup screen says: values, the model, the device, and the sentence of the chosen setting."""

from __future__ import annotations

from typing import Any

from styletui_train.catalog import ModelInfo
from textual.content import Content

from styletui.i18n import gettext as _
from styletui.i18n import ngettext
from styletui.messages import label
from styletui.setup_plan import SMALL_MODEL, DeviceGuess, Plan
from styletui.text import one_line, sign

GB = 1e9


def value_words(key: str, value: Any) -> str:
    """A value as people say it."""
    if key == "preset":
        return label("preset", str(value))
    if key == "time_budget_s":
        minutes = float(value or 0) / 60
        return ngettext("{n} minute", "{n} minutes", round(minutes)).format(n=f"{minutes:g}")
    if key == "num_train_epochs":
        return ngettext("{n} time", "{n} times", round(value)).format(n=f"{value:g}")
    if key == "learning_rate":
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    if key == "max_seq_length" or key == "sample_tokens":
        return ngettext("{n} token", "{n} tokens", value).format(n=f"{value:,}")
    return f"{value}"


def count_words(weights: int) -> str:
    """`268 M`, `1.5 B`."""
    return f"{weights / 1e9:.1f} B" if weights >= 1e9 else f"{weights / 1e6:.0f} M"


def size_words(size: int) -> str:
    """`0.54 GB`, `12 MB`."""
    return f"{size / GB:.2g} GB" if size >= GB / 10 else f"{size / 1e6:.3g} MB"


def model_words(model: ModelInfo | None) -> Content:
    """What the chosen model is, and loudly what a tiny one cannot do."""
    if model is None:
        return Content.styled(f"{sign('⚠')} " + _("No model on this machine yet."), "bold $text-warning")
    kind = (
        _("chat model, asked through its own template")
        if model.instruct
        else _("base model, given text to continue")
    )
    facts = [
        _("{n} weights").format(n=count_words(model.params)),
        size_words(model.size_bytes),
        kind,
    ]
    if model.licence:
        facts.append(model.licence)
    lines = [one_line(f" {sign('·')} ".join(facts), "$quiet")]
    if model.params < SMALL_MODEL:
        text = _("This tiny model shows the journey, not the quality.")
        lines.append(Content.styled(f"{sign('⚠')} {text}", "bold $text-warning"))
    return Content("\n").join(lines)


def device_words(device: DeviceGuess | None) -> Content:
    """Where it will compute and how, before torch is asked."""
    if device is None:
        return Content.styled(_("Looking for a graphics card…"), "$quiet")
    if device.kind == "cuda":
        how = _(
            "On the NVIDIA card {name} ({free} of {total} GB free), with the model held in 4 bits (QLoRA)."
        )
    elif device.kind == "mps":
        how = _("On Apple's GPU (MPS), with LoRA in 16 bits; 4 bits exist only for NVIDIA cards.")
    else:
        how = _(
            "On the processor ({name}); a one-second test decides between 16 and 32 bits. No NVIDIA card was found."
        )
    text = how.format(
        name=device.name, free=f"{device.free_bytes / GB:.0f}", total=f"{device.total_bytes / GB:.0f}"
    )
    return one_line(text, "$quiet")


def explain_words(plan: Plan, key: str) -> Content:
    """The sentence of the chosen setting and why its value is recommended."""
    lines = [Content.styled(label("setting_help", key))]
    advice = plan.advice.get(key)
    if plan.is_changed(key) and advice is not None:
        text = _("You changed it; recommended: {value}.").format(value=value_words(key, advice.value))
        lines.append(Content.styled(text, "$accent"))
    elif plan.is_changed(key):
        lines.append(Content.styled(_("You changed it."), "$accent"))
    elif advice is not None:
        lines.append(Content.styled(label("advice", advice.reason), "$quiet"))
    return Content("\n").join(lines)


def demo_words(size_mb: int) -> str:
    """The value of the model row while the demo model is not here."""
    return _("Gemma 3 270M (to fetch, {n} MB)").format(n=size_mb)


def planned_words(others: tuple[Any, ...]) -> Content:
    """The licence line and the size that the demo job announced."""
    lines: list[Content] = []
    for record in others:
        if record.get("type") == "download_planned":
            text = _("{mb} MB in {n} files from {source}").format(
                mb=round(int(record.get("bytes", 0)) / 1e6),
                n=record.get("files"),
                source=record.get("source"),
            )
            lines.append(one_line(text, "$quiet"))
        elif record.get("type") == "licence":
            lines.append(
                one_line(
                    _("Licence: {name}, {url}").format(name=record.get("name"), url=record.get("url")),
                    "$quiet",
                )
            )
    return Content("\n").join(lines)
