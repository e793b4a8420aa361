"""Two texts to choose between: side by side where there is room, one above the other where there is not."""

from __future__ import annotations

from styletui_eval.blind.protocol import Pair
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content

from styletui.i18n import gettext as _
from styletui.text import one_line, safe, sign
from styletui.widgets.live import Live


class PairView(Container):
    """Shows a pair; knows nothing of who wrote which text. The class `-stacked` puts the second below the first."""

    DEFAULT_CSS = """
    PairView { height: 1fr; width: 1fr; }
    PairView .prompt { height: auto; max-height: 7; color: $quiet; padding: 0 1; margin-bottom: 1; scrollbar-size-vertical: 1; }
    PairView .texts { layout: horizontal; height: 1fr; }
    PairView .text { width: 1fr; height: 1fr; border: round $secondary 60%; border-title-color: $accent;
        border-title-style: bold; border-subtitle-color: $quiet; padding: 0 1; scrollbar-size-vertical: 1; }
    PairView .second { margin-left: 1; }
    PairView.-stacked .texts { layout: vertical; }
    PairView.-stacked .second { margin-left: 0; }
    PairView.-stacked .prompt { max-height: 3; margin-bottom: 0; }
    PairView.-whole-prompt .prompt { max-height: 80%; color: $foreground; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.pair: Pair | None = None

    def compose(self) -> ComposeResult:
        """The prompt, then the two texts."""
        with VerticalScroll(classes="prompt", can_focus=False):
            yield Live(self._prompt)
        with Container(classes="texts"):
            with VerticalScroll(classes="text first", can_focus=False):
                yield Live(lambda: self._text(self.pair.left if self.pair else ""))
            with VerticalScroll(classes="text second", can_focus=False):
                yield Live(lambda: self._text(self.pair.right if self.pair else ""))

    def _prompt(self) -> Content:
        if self.pair is None:
            return Content("")
        text = self.pair.prompt
        if self.has_class("-stacked") and not self.has_class("-whole-prompt"):
            # Where rows are few, the outline runs on in one paragraph.
            rows = [row.strip().removeprefix("- ") for row in text.splitlines() if row.strip()]
            return one_line(f" {sign('·')} ".join(rows).replace(f"： {sign('·')} ", "："))
        return safe(text)

    def _text(self, text: str) -> Content:
        return safe(text) if text.strip() else Content.styled(_("(empty)"), "$quiet")

    def show(self, pair: Pair | None) -> None:
        """Show another pair, from its beginning."""
        if pair is not None and self.pair is not None and pair.id == self.pair.id:
            return
        self.pair = pair
        self.remove_class("-whole-prompt")
        for area in self.query(VerticalScroll):
            area.scroll_home(animate=False)
        for text in self.query(Live):
            text.refresh(layout=True)
        self.call_after_refresh(self.relabel)

    def relabel(self) -> None:
        """Titles, and whether there is more below."""
        for name, key, arrow, word in (
            (".first", "1", "←", _("first")),
            (".second", "2", "→", _("second")),
        ):
            area = self.query_one(name, VerticalScroll)
            area.border_title = Content(f"{key} {sign(arrow)} {word}")
            more = area.max_scroll_y > 0 and area.scroll_offset.y < area.max_scroll_y
            area.border_subtitle = Content(f"{_('more: PgDn')} {sign('↓')}") if more else ""

    def scroll_texts(self, direction: int) -> None:
        """Both texts a screenful on or back, so that they stay side by side."""
        for area in self.query(".text").results(VerticalScroll):
            area.scroll_relative(y=direction * max(1, area.size.height - 1), animate=False)
        self.call_after_refresh(self.relabel)

    def toggle_prompt(self) -> None:
        """The whole prompt, or its first lines."""
        self.toggle_class("-whole-prompt")
        for text in self.query(Live):
            text.refresh(layout=True)
        self.call_after_refresh(self.relabel)
