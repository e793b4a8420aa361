"""Training and held-out loss over the steps, in braille."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from styletui.i18n import gettext as _
from styletui.text import ascii_only, sign
from styletui.widgets.braille import Point, Raster, Scale, dotted, draw_line, glyph

TRAIN_STYLE = "$primary"
HELD_STYLE = "bold $accent"
MARK = "o"
AXIS = 6
"""Cells left of the plot: four digits, a space, a rule."""


class LossChart(Widget):
    """A line of dots for every training step, an `o` for every held-out evaluation; legend on top.

    The two differ in shape, not only in colour. Shows what `show` was given last.
    """

    DEFAULT_CSS = """
    LossChart { height: 1fr; width: 1fr; min-height: 5; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.train: tuple[Point, ...] = ()
        self.held: tuple[Point, ...] = ()

    def show(self, train: tuple[Point, ...], held: tuple[Point, ...]) -> None:
        """Paint these points (step, nats a token) when they are new."""
        if (train, held) != (self.train, self.held):
            self.train, self.held = train, held
            self.refresh()

    def render(self) -> Content:
        """Legend, plot, steps."""
        width, height = self.content_size.width, self.content_size.height
        return Content("\n").join(draw(self.train, self.held, width, height))


def legend(train: tuple[Point, ...], held: tuple[Point, ...]) -> Content:
    """What the marks mean, with the newest values."""
    line = "..." if ascii_only() else "⠤⠒⠤"
    now = f" {train[-1][1]:.3f}" if train else ""
    out = f" {held[-1][1]:.3f}" if held else ""
    return Content.assemble(
        (f"{_('loss')}  ", "$quiet"),
        (line, TRAIN_STYLE),
        f" {_('training')}",
        (now, "bold"),
        "   ",
        (MARK, HELD_STYLE),
        f" {_('held-out')}",
        (out, "bold"),
    )


def draw(
    train: tuple[Point, ...], held: tuple[Point, ...], width: int, height: int, x_end: int = 0
) -> list[Content]:
    """The chart as `height` lines of at most `width` cells; the x axis reaches `x_end` or the last step."""
    plot_width, plot_height = width - AXIS, height - 2
    points = [*train, *held]
    if plot_width < 8 or plot_height < 2 or not points:
        return [legend(train, held)]
    values = [v for _step, v in points]
    low, high = min(values), max(values)
    if high - low < 1e-3:
        low, high = low - 0.05, high + 0.05
    first = min(s for s, _v in points)
    last = max(x_end, max(s for s, _v in points))
    x, y = Scale(first, last, 2 * plot_width), Scale(low, high, 4 * plot_height)
    line, dots = Raster(plot_width, plot_height), Raster(plot_width, plot_height)
    draw_line(line, train, x, y)
    dotted(dots, held, x, y)
    marks = {((4 * plot_height - 1 - y(v)) // 4, x(s) // 2) for s, v in held}
    labels = {0: high, plot_height // 2: (low + high) / 2, plot_height - 1: low}
    lines = [legend(train, held)]
    for row in range(plot_height):
        label = f"{labels[row]:4.2f}"[:4].rstrip(".").rjust(4) if row in labels else "    "
        cells = _row(line.cells[row], dots.cells[row], {c for r, c in marks if r == row})
        lines.append(Content.assemble((f"{label} {sign('│')}", "$quiet"), *cells))
    return [*lines, _steps(first, last, plot_width)]


def _row(line: list[int], dots: list[int], marks: set[int]) -> list[tuple[str, str]]:
    """One row as runs of one style; marks lie above the line, the line above the dots."""
    runs: list[tuple[str, str]] = []
    plain = ascii_only()
    for column, (bits, under) in enumerate(zip(line, dots, strict=True)):
        if column in marks:
            char, style = MARK, HELD_STYLE
        elif bits:
            char, style = glyph(bits | under, plain), TRAIN_STYLE
        else:
            char, style = glyph(under, plain), "$accent"
        if runs and runs[-1][1] == style:
            runs[-1] = (runs[-1][0] + char, style)
        else:
            runs.append((char, style))
    return runs


def _steps(first: int, last: int, width: int) -> Content:
    left, right = str(first), _("step {n}").format(n=last)
    space = width - len(left) - Content(right).cell_length
    return Content.styled(" " * AXIS + left + " " * max(1, space) + right, "$quiet")
