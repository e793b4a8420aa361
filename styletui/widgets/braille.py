"""Dots in braille: two columns and four rows a cell, for charts that cost milliseconds.

Each dot column keeps the smallest and the largest value that falls into it, so that a spike of a single
step stays visible however long the run is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

Point = tuple[int, float]

# Bit of the dot at (row, column) of a cell, as Unicode numbers them.
_BITS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_UPPER: Final = 0x01 | 0x08 | 0x02 | 0x10


class Raster:
    """`width` x `height` cells of dots. Dot (0, 0) is at the top left."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.cells = [[0] * width for _ in range(height)]

    @property
    def columns(self) -> int:
        """Dot columns."""
        return 2 * self.width

    @property
    def rows(self) -> int:
        """Dot rows."""
        return 4 * self.height

    def dot(self, column: int, row: int) -> None:
        """Set one dot; outside the raster nothing happens."""
        if 0 <= column < self.columns and 0 <= row < self.rows:
            self.cells[row // 4][column // 2] |= _BITS[row % 4][column % 2]

    def bar(self, column: int, top: int, bottom: int) -> None:
        """Set the dots of a column from `top` to `bottom`, in either order."""
        for row in range(min(top, bottom), max(top, bottom) + 1):
            self.dot(column, row)


class Scale:
    """From values to dots: `low` to `high` over `dots`, the first value at dot 0."""

    def __init__(self, low: float, high: float, dots: int) -> None:
        self.low, self.high, self._last = low, high, dots - 1

    def __call__(self, value: float) -> int:
        """The dot of `value`."""
        if self.high == self.low:
            return self._last // 2
        return round((value - self.low) / (self.high - self.low) * self._last)


def draw_line(raster: Raster, points: Iterable[Point], x: Scale, y: Scale) -> None:
    """Draw `points` (steps rising) as a line; `y` counts from the bottom of the raster."""
    spans: dict[int, list[float]] = {}
    for step, value in points:
        column = x(step)
        span = spans.get(column)
        if span is None:
            spans[column] = [value, value, value, value]
        else:
            span[1], span[2], span[3] = min(span[1], value), max(span[2], value), value
    bottom = raster.rows - 1
    before: tuple[int, float] | None = None
    for column in sorted(spans):
        first, low, high, last = spans[column]
        raster.bar(column, bottom - y(low), bottom - y(high))
        if before is not None:
            _join(raster, before, (column, first), y)
        before = (column, last)


def _join(raster: Raster, start: tuple[int, float], end: tuple[int, float], y: Scale) -> None:
    (c0, v0), (c1, v1) = start, end
    bottom = raster.rows - 1
    row = bottom - y(v0)
    for column in range(c0 + 1, c1 + 1):
        following = bottom - y(v0 + (v1 - v0) * (column - c0) / (c1 - c0))
        # Half of the rise belongs to each of the two columns; touching dots look like one line.
        step = 0 if following == row else (1 if following > row else -1)
        raster.bar(column, row + step, following)
        row = following


def dotted(raster: Raster, points: Sequence[Point], x: Scale, y: Scale, every: int = 3) -> None:
    """Join `points` by single dots, `every` so many columns."""
    bottom = raster.rows - 1
    for (s0, v0), (s1, v1) in pairwise(points):
        c0, c1 = x(s0), x(s1)
        for column in range(c0, c1, every):
            raster.dot(column, bottom - y(v0 + (v1 - v0) * (column - c0) / max(1, c1 - c0)))


def glyph(bits: int, ascii_only: bool = False) -> str:
    """The character of a cell."""
    if not bits:
        return " "
    if not ascii_only:
        return chr(0x2800 + bits)
    upper, lower = bits & _UPPER, bits & ~_UPPER
    return ":" if upper and lower else ("'" if upper else ".")


def sparkline(values: Sequence[float], width: int, ascii_only: bool = False) -> str:
    """`values` as one line of `width` cells, oldest left; empty without two of them."""
    if len(values) < 2 or width < 1:
        return ""
    raster = Raster(width, 1)
    points = list(enumerate(values))
    y = Scale(min(values), max(values), raster.rows)
    draw_line(raster, points, Scale(0, len(values) - 1, raster.columns), y)
    return "".join(glyph(bits, ascii_only) for bits in raster.cells[0])
