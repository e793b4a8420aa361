"""`styletui scan`: what is recognised, before anything is done to it."""

from __future__ import annotations

import argparse
import shutil
from typing import Any

from styletui import messages, service
from styletui.commands import common
from styletui.i18n import gettext as _
from styletui.visible import plain_line


def add(subparsers: Any) -> list[argparse.ArgumentParser]:
    """Declare the command."""
    parser = subparsers.add_parser("scan", help=_("say what is recognised in a backup"))
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help=_("a folder or file"))
    parser.add_argument("--kind", help=_("take this reader instead of detecting one"))
    parser.add_argument("--author", metavar="NAME", help=_("keep only this author's texts"))
    common.add_json(parser)
    parser.set_defaults(run=run)
    return [parser]


def run(args: argparse.Namespace) -> int:
    """Scan in a worker and print."""
    sources = [common.absolute(s) for s in args.sources]
    job = service.start_scan(sources, kind=args.kind, author=args.author)
    code, state = common.finish(job, "styletui scan …")
    if code or state is None:
        return code
    found = state.result | job.private()
    shutil.rmtree(job.path, ignore_errors=True)  # a scan is nothing to come back to
    if args.json:
        common.print_json(found)
    else:
        _print(found)
    return 0


def _print(result: dict[str, Any]) -> None:
    print(_("recognised: {}").format(messages.label("kind", str(result.get("kind") or ""))))
    print(_("documents:  {}").format(result.get("documents")))
    print(_("characters: {}").format(result.get("chars")))
    print(_("dates:      {} – {}").format(result.get("first_date") or "?", result.get("last_date") or "?"))
    for name, count in (result.get("authors") or {}).items():
        print(_("author:     {} ({})").format(plain_line(str(name)), count))
    for reason, count in (result.get("skipped") or {}).items():
        print(_("skipped:    {} × {}").format(count, messages.label("skip", reason)))
