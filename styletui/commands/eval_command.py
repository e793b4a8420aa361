"""`styletui eval`: bits per character and plain style indicators, base against adapter."""

from __future__ import annotations

import argparse
from typing import Any

from styletui import service
from styletui.commands import common
from styletui.i18n import gettext as _
from styletui.project import Run


def add(subparsers: Any) -> list[argparse.ArgumentParser]:
    """Declare the command."""
    parser = subparsers.add_parser("eval", help=_("measure base and adapter on held-out texts"))
    parser.add_argument("run_path", metavar="RUN", help=_("a run folder"))
    parser.add_argument(
        "--max-documents",
        type=common.at_least_one,
        metavar="N",
        help=_("no more than so many held-out documents"),
    )
    common.add_json(parser)
    parser.set_defaults(run=run)
    return [parser]


def run(args: argparse.Namespace) -> int:
    """Evaluate in a worker and print the report."""
    training = Run(common.absolute(args.run_path))
    training.info()
    more = {"max_documents": args.max_documents} if args.max_documents else {}
    job = service.start_eval(training, **more)
    from styletui.commands.report_words import print_report

    return common.conclude(job, args.json, lambda _result: print_report(training.path))
