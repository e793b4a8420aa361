"""`styletui paths`: where things are kept."""

from __future__ import annotations

import argparse
from typing import Any

from styletui.commands import common
from styletui.i18n import gettext as _
from styletui.project import Project, home, loose_jobs_dir, models_dir, sample_corpus


def add(subparsers: Any) -> list[argparse.ArgumentParser]:
    """Declare the command."""
    parser = subparsers.add_parser("paths", help=_("where things are kept"))
    common.add_json(parser)
    parser.set_defaults(run=run)
    return [parser]


def run(args: argparse.Namespace) -> int:
    """Print the folders."""
    corpus = sample_corpus()
    paths = {
        "home": str(home()),
        "models": str(models_dir()),
        "projects": str(home() / "projects"),
        "jobs": str(loose_jobs_dir()),
        "settings": str(home() / "settings.json"),
        "sample_corpus": str(corpus) if corpus else None,
    }
    if args.json:
        common.print_json({**paths, "known_projects": [str(p.path) for p in Project.all()]})
        return 0
    for name, path in paths.items():
        print(f"{name:14} {path or '-'}")
    return 0
