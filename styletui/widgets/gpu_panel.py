"""Processor, memory and every NVIDIA card: use, memory, temperature, power; or an honest "none"."""

from __future__ import annotations

from collections.abc import Callable

from styletui_train.hardware import GpuSample
from textual.content import Content
from textual.widget import Widget

from styletui.i18n import gettext as _
from styletui.machine import Machine
from styletui.text import ascii_only, one_line, sign
from styletui.widgets.figure_rows import Figure, rows, share_bar

GIB = 1 << 30


class GpuPanel(Widget):
    """Shows the machine that `look()` returns. `torch_says` is the device a worker's PyTorch named, or ""."""

    DEFAULT_CSS = """
    GpuPanel { height: auto; width: 1fr; }
    """

    def __init__(self, look: Callable[[], Machine], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.look = look
        self.torch_says: tuple[str, str] = ("", "")
        self.most = 12  # lines

    def render(self) -> Content:
        """Processor and memory, then the cards."""
        width = self.content_size.width or 30
        machine = self.look()
        lines = cards(machine, width, self.torch_says)
        room = max(1, self.most - 2)
        if len(lines) > room:
            busiest = max((gpu.use_percent or 0 for gpu in machine.gpus), default=0)
            words = _("{n} more, the busiest of all at {percent} %").format(
                n=len(lines) - room + 1, percent=busiest
            )
            lines = [*lines[: room - 1], Content.styled(f"{sign('…')} {words}", "$quiet")]
        return Content("\n").join([computer(machine, width), *lines])


def gib(size: float) -> str:
    """Bytes as GiB, as people say it."""
    return f"{size / GIB:.1f}"


def computer(machine: Machine, width: int) -> Content:
    """Two rows: processor and main memory of the whole machine."""
    cpu = machine.cpu_percent
    total = machine.memory_total
    return rows(
        [
            Figure(_("CPU"), "-" if cpu is None else f"{cpu:.0f} %", share=(cpu or 0) / 100),
            Figure(
                _("memory"),
                f"{gib(machine.memory_used)} / {gib(total)} GB" if total else "-",
                share=machine.memory_used / total if total else 0,
            ),
        ],
        width,
    )


def cards(machine: Machine, width: int, torch_says: tuple[str, str]) -> list[Content]:
    """Lines for the cards; `torch_says` is (device, name) of the worker."""
    if machine.gpus:
        if len(machine.gpus) > 1:
            return [_short(gpu, width) for gpu in machine.gpus]
        gpu = machine.gpus[0]
        if width < 40:
            return [Content.assemble("GPU ", one_line(gpu.name, "$quiet")), _short(gpu, width)]
        return _card(gpu, width)
    device, name = torch_says
    if device == "mps":
        return [Content.assemble((_("Apple GPU (MPS)"), "bold"), " ", one_line(name, "$quiet"))]
    if not machine.gpus_asked:
        return [Content.styled(_("looking for NVIDIA GPUs"), "$quiet")]
    return [Content.styled(_("no NVIDIA GPU"), "$quiet")]


def _card(gpu: GpuSample, width: int) -> list[Content]:
    use, share = _shares(gpu)
    table = rows(
        [
            Figure(_("GPU use"), _percent(gpu), share=use),
            Figure(_("GPU memory"), f"{gib(gpu.memory_used)} / {gib(gpu.memory_total)} GB", share=share),
        ],
        width,
    )
    name = Content.assemble((f"GPU {gpu.index} ", "bold"), one_line(gpu.name, "$quiet"))
    return [name, *table.split("\n"), Content("  ").join(_heat(gpu))]


def _short(gpu: GpuSample, width: int) -> Content:
    """A card in one line, for machines with several."""
    use, _memory = _shares(gpu)
    line = Content.assemble(
        (f"{gpu.index} ", "bold"),
        share_bar(use, 6 if width >= 40 else 3, "$secondary"),
        f" {_percent(gpu).replace(' ', '')} {gpu.memory_used / GIB:.0f}/{gpu.memory_total / GIB:.0f}GB ",
    )
    for part in _heat(gpu):
        if line.cell_length + part.cell_length + 1 <= width:
            line = Content.assemble(line, part, " ")
    return line


def _shares(gpu: GpuSample) -> tuple[float, float]:
    memory = gpu.memory_used / gpu.memory_total if gpu.memory_total else 0.0
    return (gpu.use_percent or 0) / 100, memory


def _percent(gpu: GpuSample) -> str:
    # A card cut into MIG slices does not say how busy it is.
    return "-" if gpu.use_percent is None else f"{gpu.use_percent} %"


def _heat(gpu: GpuSample) -> list[Content]:
    parts = []
    if gpu.temperature_c is not None:
        parts.append(Content(f"{gpu.temperature_c} {'' if ascii_only() else '°'}C"))
    if gpu.power_w is not None:
        parts.append(Content(f"{gpu.power_w:.0f} W"))
    return parts
