"""One registry of everything a key can do.

Bindings, footer, help and the command palette are made from it, and read it when they paint, so that a
change of language is live and no list is kept twice. `id` is the Textual action: `forward` runs
`action_forward` of the screen, `app.help` that of the app.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding

from styletui.i18n import N_
from styletui.i18n import gettext as _
from styletui.text import ascii_only

STEPS: Final = ("source", "preview", "setup", "train", "rate", "report")
EVERYWHERE: Final = ()


@dataclass(frozen=True)
class Action:
    """What a key does. `keys` in order of preference, `screens` empty = everywhere.

    One without a help sentence is the other half of a pair and stays out of help and palette.
    Without `keys` it only tells of keys that a widget handles itself (`show_key` names them).

    `order` sorts the footer (low first); an action with `order` 0 is left out of it.
    `show_key` names the key on screen where its Textual name is not what stands on the keyboard.
    """

    id: str
    keys: tuple[str, ...]
    label_id: str
    help_id: str
    screens: tuple[str, ...] = EVERYWHERE
    order: int = 50
    show_key: str = ""

    def label(self) -> str:
        """One or two words for the footer, in the current language."""
        return _(self.label_id)

    def help(self) -> str:
        """One plain sentence for help and palette, in the current language."""
        return _(self.help_id)

    def key_name(self, typing: bool = False) -> str:
        """The key to show; while `typing` into a field, printable keys are passed over."""
        keys = [key for key in self.keys if not (typing and is_printable(key))]
        if self.show_key and (keys or not self.keys):
            return _signs(self.show_key)
        if not keys:
            return ""
        return display_key(keys[0])


_KEY_NAMES: Final = {
    "enter": "Enter", "escape": "Esc", "question_mark": "?", "up": "↑", "down": "↓", "left": "←", "right": "→",
    "space": N_("Space"), "tab": "Tab", "backspace": N_("Backspace"), "pageup": "PgUp", "pagedown": "PgDn",
    "home": "Home", "end": "End", "slash": "/", "shift+tab": "Shift+Tab", "delete": "Del",
}  # fmt: skip


def is_printable(key: str) -> bool:
    """Whether pressing `key` would type something into a field."""
    return len(key) == 1 or key in ("question_mark", "space", "slash")


def display_key(key: str) -> str:
    """The name of a Textual key as it stands on a keyboard."""
    if key.startswith("ctrl+"):
        return "^" + key[5:].upper()
    if key.startswith("f") and key[1:].isdigit():
        return key.upper()
    return _signs(_(_KEY_NAMES.get(key, key)))


def _signs(keys: str) -> str:
    """Arrows drawn in the terminal's own way."""
    if not ascii_only():
        return keys
    return {"↑": "Up", "↓": "Down", "←": "Left", "→": "Right", "↑↓": "Up/Down", "←→": "Left/Right"}.get(
        keys, keys
    )


_registry: dict[tuple[str, tuple[str, ...]], Action] = {}


def register(*actions: Action) -> None:
    """Add actions; a screen module calls this once, when it is imported."""
    for action in actions:
        _registry[(action.id, action.screens)] = action


def for_screen(name: str) -> list[Action]:
    """The actions of screen `name`, its own first, in footer order."""
    found = [a for a in _registry.values() if not a.screens or name in a.screens]
    return sorted(found, key=lambda a: (a.order == 0, a.order))


def bindings(name: str) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Textual bindings of one screen (only what belongs to it, not what is everywhere)."""
    return [_binding(a) for a in for_screen(name) if a.screens and a.keys]


def app_bindings() -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Textual bindings of the app: what works everywhere."""
    return [_binding(a) for a in _registry.values() if not a.screens]


def _binding(action: Action) -> Binding:
    return Binding(",".join(action.keys), action.id, action.help_id, show=False, id=action.id)


register(
    Action(
        "forward",
        ("enter",),
        N_("Next"),
        N_("Take the sensible default and go on to the next step."),
        STEPS,
        1,
    ),
    Action("back", ("escape",), N_("Back"), N_("Go back one step; nothing is lost."), STEPS, 80),
    Action(
        "app.help", ("f1", "question_mark"), N_("Help"), N_("Every key of this screen, in words."), order=90
    ),
    Action(
        "app.language",
        ("f2",),
        N_("中文"),
        N_("Switch between Chinese and English, keeping everything."),
        order=92,
    ),
    Action("app.command_palette", ("ctrl+p",), N_("Commands"), N_("Search every command by name."), order=94),
    Action(
        "app.leave",
        ("q", "ctrl+q"),
        N_("Quit"),
        N_("Leave; work that is going on goes on without you."),
        order=96,
    ),
)
