"""`styletui config init`: the commented training config, to be copied and edited."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from styletui_prep.errors import EXIT_USAGE, UserError
from styletui_prep.files import write_whole

from styletui.commands import common
from styletui.i18n import gettext as _


def default_config() -> Path:
    """train/lora_sft.yaml, inside the wheel or beside the checkout."""
    here = Path(__file__).resolve().parents[1]
    for path in (here / "data" / "lora_sft.yaml", here.parent / "train" / "lora_sft.yaml"):
        if path.is_file():
            return path
    raise UserError("missing_config", exit_code=1, path="lora_sft.yaml")


def add(subparsers: Any) -> list[argparse.ArgumentParser]:
    """Declare the command."""
    parser = subparsers.add_parser("config", help=_("the commented training config"))
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    init = actions.add_parser("init", help=_("write the commented training config to a file"))
    init.add_argument("file", nargs="?", default="lora_sft.yaml")
    init.set_defaults(run=run_init)
    return [parser, init]


def run_init(args: argparse.Namespace) -> int:
    """Copy it; never over an existing file."""
    target = common.absolute(args.file)
    if target.exists():
        raise UserError("file_exists", exit_code=EXIT_USAGE, path=str(target))
    write_whole(target, default_config().read_bytes())
    print(str(target))
    return 0
