"""`styletui [PATH]`: the full-screen program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from styletui.commands.common import say, usage_error
from styletui.i18n import gettext as _
from styletui.project import Project


def open_screen(path: str | None, lang: str | None) -> int:
    """Open on the backup at `path`, else on the last project at its first unfinished step."""
    if path is not None and os.sep not in path and not Path(path).expanduser().exists():
        usage_error("no_such_command", name=path)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        usage_error("no_terminal")
    source = Path(path).expanduser().absolute() if path else None
    from styletui.app import StyleApp

    project = None if source is not None else Project.last()
    if source is not None and source.exists():
        known = [p for p in Project.all() if p.source == source.resolve()]
        project = known[0] if known else None
    app = StyleApp(project=project, source=source, lang=lang)
    app.run()
    if app.return_code:
        say(_("styletui ended on an error; what was running goes on. Type `styletui` to return."))
    return app.return_code or 0
