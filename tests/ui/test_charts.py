"""Charts in braille, figures, the panel of the machine; what they show and what they cost."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from styletui_train.hardware import GpuSample

from styletui.machine import Machine, Sampler
from styletui.widgets import gpu_panel
from styletui.widgets.braille import Raster, Scale, draw_line, sparkline
from styletui.widgets.figure_rows import Figure, rows
from styletui.widgets.loss_chart import draw

Points = tuple[tuple[int, float], ...]


def plot(train: Points, held: Points = (), width: int = 60, height: int = 12) -> list[str]:
    return [line.plain for line in draw(train, held, width, height)]


def test_a_spike_of_one_step_survives_a_long_run() -> None:
    train = tuple((step, 9.0 if step == 50_000 else 2.0) for step in range(100_000))
    began = time.perf_counter()
    lines = plot(train)
    assert time.perf_counter() - began < 2.0
    assert sum("⠀" < char <= "⣿" for char in lines[1]) == 1  # the top row holds the spike and nothing else
    assert "9.0" in lines[1] and "step 99999" in lines[-1]


def test_held_out_points_have_a_shape_of_their_own() -> None:
    lines = plot(((1, 4.0), (2, 3.9), (3, 3.8)), ((0, 4.2), (3, 3.5)))
    assert sum(line.count("o") for line in lines[1:-1]) == 2
    assert "o held-out 3.500" in lines[0]


@given(
    st.lists(st.floats(-50, 50), min_size=1, max_size=300),
    st.integers(0, 130),
    st.integers(0, 40),
)
def test_it_fits_whatever_comes(values: list[float], width: int, height: int) -> None:
    train = tuple(enumerate(values))
    lines = draw(train, train[::7], width, height)
    if len(lines) > 1:
        assert len(lines) == height
        assert all(line.cell_length <= max(width, lines[0].cell_length) for line in lines)


def test_a_line_has_no_gaps() -> None:
    raster = Raster(20, 5)
    draw_line(raster, [(0, 0.0), (39, 19.0)], Scale(0, 39, 40), Scale(0, 19, 20))
    for column in range(20):
        assert any(raster.cells[row][column] for row in range(5))


def test_nothing_to_draw_yet() -> None:
    assert plot(()) == ["loss  ⠤⠒⠤ training   o held-out"]
    assert sparkline([1.0], 10) == "" and len(sparkline([1.0, 2.0, 1.5], 10)) == 10


def test_plain_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STYLETUI_ASCII", "1")
    assert all(line.isascii() for line in plot(((1, 4.0), (20, 2.0)), ((0, 4.0),)))


def test_figures_keep_their_columns() -> None:
    table = rows([Figure("学习率", "6.0e-04", [1, 2, 3]), Figure("tokens/s", "90", [3, 2, 1])], 40).split(
        "\n"
    )
    assert len({line.plain.index("6.0e-04" if "6.0" in line.plain else " 90") for line in table}) <= 2
    assert all(line.cell_length <= 40 for line in table)


CARD = GpuSample(0, "GPU-1", "NVIDIA H100 [/]", 97, 41 << 30, 80 << 30, 64, 612.4)


def cards(*gpus: GpuSample, asked: bool = True, width: int = 44, torch: tuple[str, str] = ("", "")) -> str:
    machine = Machine(gpus=gpus, gpus_asked=asked)
    return "\n".join(line.plain for line in gpu_panel.cards(machine, width, torch))


def test_a_card_tells_use_memory_heat_and_power() -> None:
    for width in (30, 44):
        shown = cards(CARD, width=width)
        assert all(part in shown for part in ("NVIDIA H100 [/]", "97", "41", "80", "64 °C", "612 W"))


def test_several_cards_take_a_line_each_and_a_silent_one_says_nothing_wrong() -> None:
    silent = GpuSample(1, "MIG", "NVIDIA H100", None, 1 << 30, 10 << 30, None, None)
    shown = cards(CARD, silent).splitlines()
    assert len(shown) == 2 and "97%" in shown[0] and "-" in shown[1] and "0%" not in shown[1]


def test_honest_without_a_card() -> None:
    assert cards() == "no NVIDIA GPU"
    assert cards(asked=False) == "looking for NVIDIA GPUs"
    assert cards(torch=("mps", "Apple MPS")) == "Apple GPU (MPS) Apple MPS"


def test_the_sampler_looks_in_a_daemon_thread_and_stops() -> None:
    sampler = Sampler(interval=0.05)
    assert sampler.latest().cpu_percent is None
    sampler.start()
    sampler.start()
    threads = [t for t in threading.enumerate() if t.name == "machine" and t.is_alive()]
    try:
        assert threads and threads[-1].daemon
        end = time.monotonic() + 10
        while sampler.latest().cpu_percent is None and time.monotonic() < end:
            time.sleep(0.02)
        seen = sampler.latest()
        assert seen.gpus_asked and seen.memory_total > seen.memory_used > 0 and seen.cpu_percent is not None
    finally:
        sampler.stop()
    threads[-1].join(5)
    assert not threads[-1].is_alive()
