"""A path is edited as it is and shown as something a terminal can take."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from styletui.visible import one_for_one
from styletui.widgets.path_input import PathInput

NASTY = "/home/dir\udcff\n[@click=app.quit]x[/]\x1b[31m\x9b7m\u202e\u2028中文"


def test_every_character_is_shown_as_one() -> None:
    shown = one_for_one(NASTY)
    assert len(shown) == len(NASTY) and shown.endswith("中文") and "[@click=app.quit]x[/]" in shown
    assert not [c for c in shown if not c.isprintable()]
    shown.encode()


class _Page(App[None]):
    def compose(self) -> ComposeResult:
        yield PathInput(NASTY)


@pytest.mark.asyncio
async def test_the_value_stays_and_no_escape_reaches_the_terminal() -> None:
    app = _Page()
    async with app.run_test(size=(80, 5)) as pilot:
        field = app.query_one(PathInput)
        await pilot.press("home", "right", "x", "end", "y")
        assert field.value == NASTY[0] + "x" + NASTY[1:] + "y"
        painted = "".join(
            segment.text for strip in app.screen._compositor.render_strips() for segment in strip
        )
        assert "[@click" in painted and "\x1b" not in painted
        painted.encode()
