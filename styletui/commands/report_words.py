"""Prints the report of a run on stdout, in the sentences of the screen."""

from __future__ import annotations

from pathlib import Path

from styletui_eval.report import report_data

from styletui.screens.report_words import report

WIDTH = 100


def print_report(run: Path) -> None:
    """The whole report of the run folder. Raises UserError as `styletui_eval.report.report_data`."""
    print(report(report_data(run), run, WIDTH, whole=True).plain)
