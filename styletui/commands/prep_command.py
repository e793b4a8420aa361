"""`styletui prep`: a backup becomes a dataset."""

from __future__ import annotations

import argparse
from typing import Any

from styletui import messages, service
from styletui.commands import common
from styletui.i18n import gettext as _

FORMATS = ("messages", "alpaca", "sharegpt", "prompt-completion", "founding")


def add(subparsers: Any) -> list[argparse.ArgumentParser]:
    """Declare the command."""
    parser = subparsers.add_parser("prep", help=_("make a dataset of a backup"))
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help=_("a folder or file"))
    parser.add_argument("--out", required=True, metavar="DATASET", help=_("folder for the dataset"))
    parser.add_argument("--kind", help=_("take this reader instead of detecting one"))
    parser.add_argument("--author", metavar="NAME", help=_("keep only this author's texts"))
    parser.add_argument("--model", metavar="MODEL", help=_("model folder whose tokenizer counts tokens"))
    parser.add_argument("--views", help=_("comma-separated: outline, instruct, continue"))
    parser.add_argument("--min-tokens", type=int, help=_("shortest chunk (default 300)"))
    parser.add_argument("--max-tokens", type=int, help=_("longest chunk (default 800)"))
    parser.add_argument(
        "--split", choices=("time", "random"), help=_("how documents are held out (default time)")
    )
    parser.add_argument("--train-ratio", type=float, help=_("share of documents to train on (default 0.75)"))
    parser.add_argument("--seed", type=int)
    parser.add_argument("--format", choices=FORMATS, help=_("layout of the sample files (default messages)"))
    common.add_json(parser)
    parser.set_defaults(run=run)
    return [parser]


def run(args: argparse.Namespace) -> int:
    """Prepare in a worker and print the funnel."""
    wanted = {
        "kind": args.kind,
        "author": args.author,
        "tokenizer": common.absolute(args.model) if args.model else None,
        "views": args.views.split(",") if args.views else None,
        "min_tokens": args.min_tokens,
        "max_tokens": args.max_tokens,
        "split": args.split,
        "train_ratio": args.train_ratio,
        "seed": args.seed,
        "format": args.format,
    }
    out = common.absolute(args.out)
    job = service.start_prep(
        [common.absolute(s) for s in args.sources], out, **{k: v for k, v in wanted.items() if v is not None}
    )

    def show(result: dict[str, Any]) -> None:
        print(str(out))
        for name, count in (result.get("funnel") or {}).items():
            print(f"  {messages.label('funnel', name)}: {count}")
        for reason, count in (result.get("skipped") or {}).items():
            print(
                "  "
                + _("left out: {count} × {reason}").format(count=count, reason=messages.label("skip", reason))
            )

    return common.conclude(job, args.json, show)
