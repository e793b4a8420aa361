"""A dialog that asks for a model folder and says what is in it while the path is typed."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from styletui_train.catalog import ModelInfo
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from styletui import nearby, setup_plan
from styletui.i18n import gettext as _
from styletui.messages import label
from styletui.screens import setup_words as words
from styletui.text import one_line, sign
from styletui.widgets.live import Live
from styletui.widgets.path_input import PathInput


class ModelPathScreen(ModalScreen[ModelInfo | None]):
    """Answers with a usable model, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "cancel", ""), ("tab", "complete", "")]

    def __init__(self) -> None:
        super().__init__()
        self.model: ModelInfo | None = None

    def compose(self) -> ComposeResult:
        """A field and its answer."""
        with Vertical(classes="dialog"):
            yield Live(lambda: Content.styled(_("Path of a model folder"), "bold"), classes="dialog-title")
            yield PathInput(id="path", select_on_focus=False)
            yield Live(self._answer, id="answer")
            yield Live(self._keys, classes="dialog-foot")

    def _answer(self) -> Content:
        model = self.model
        if model is None:
            return Content.styled(_("A folder with config.json, *.safetensors and tokenizer.json."), "$quiet")
        if model.problem is not None:
            return one_line(f"{sign('✗')} {label('model_problem', model.problem)}", "$text-error")
        return Content.assemble(
            (f"{sign('✓')} ", "$text-success"), one_line(model.name, "bold"), "\n", words.model_words(model)
        )

    def _keys(self) -> Content:
        return Content.assemble(
            ("Tab", "bold $accent"),
            " " + _("Complete") + "   ",
            ("Enter", "bold $accent"),
            " " + _("Use it") + "   ",
            ("Esc", "bold $accent"),
            " " + _("Back"),
        )

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        text = event.value.strip()
        self.model = setup_plan.look(Path(text).expanduser().absolute()) if text else None
        self.query_one("#answer").refresh(layout=True)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if self.model is not None and self.model.problem is None:
            self.dismiss(self.model)

    def action_complete(self) -> None:
        """Tab."""
        field = self.query_one(Input)
        field.value, _offers = nearby.complete(field.value)
        field.cursor_position = len(field.value)

    def action_cancel(self) -> None:
        """Esc."""
        self.dismiss(None)
