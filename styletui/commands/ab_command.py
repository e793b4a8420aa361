"""`styletui ab`: blind tests without a screen: make, next, vote, status, reveal, verify."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from styletui_eval.blind.protocol import check_name
from styletui_prep.errors import EXIT_GATE, UserError

from styletui import service
from styletui.commands import common
from styletui.i18n import gettext as _
from styletui.project import Run
from styletui.text import plain

CHOICES = {"1": "left", "2": "right", "0": "tie", "3": "skip"}


def add(subparsers: Any) -> list[argparse.ArgumentParser]:
    """Declare the command."""
    parser = subparsers.add_parser("ab", help=_("blind tests: make, next, vote, status, reveal, verify"))
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    make = actions.add_parser("make", help=_("write pairs from held-out prompts, sides sealed"))
    make.add_argument(
        "--count", type=common.at_least_one, default=30, metavar="N", help=_("pairs (default 30)")
    )
    vote = actions.add_parser("vote", help=_("record one vote"))
    upcoming = actions.add_parser("next", help=_("show the next pair to rate"))
    status = actions.add_parser("status", help=_("how many pairs are there, rated, left; never who leads"))
    reveal = actions.add_parser("reveal", help=_("open the seal and count; final"))
    reveal.add_argument(
        "--early", action="store_true", help=_("reveal although pairs are left; this is recorded")
    )
    verify = actions.add_parser("verify", help=_("check the seal and the chain of votes"))
    parsers = [make, upcoming, vote, status, reveal, verify]
    for sub, function in zip(
        parsers, (run_make, run_next, run_vote, run_status, run_reveal, run_verify), strict=True
    ):
        sub.add_argument("run_path", metavar="RUN", help=_("a run folder"))
        sub.add_argument("--name", default=service.BLIND_NAME, help=_("name of the blind test"))
        common.add_json(sub)
        sub.set_defaults(run=function)
    vote.add_argument("pair", metavar="PAIR", help=_("the pair's id, or `next`"))
    vote.add_argument(
        "choice", choices=[*CHOICES, *CHOICES.values(), "undo"], help=_("1 left, 2 right, 0 tie, 3 skip")
    )
    return [parser, *parsers]


def _folder(args: argparse.Namespace) -> Path:
    run = Run(common.absolute(args.run_path))
    run.info()
    check_name(str(args.name))
    return run.blind_dir / str(args.name)


def run_make(args: argparse.Namespace) -> int:
    """Make the pairs in a worker."""
    run = Run(common.absolute(args.run_path))
    run.info()
    check_name(args.name)
    job = service.start_pairs(run, name=args.name, count=args.count)
    return common.conclude(job, args.json, lambda _result: print(str(_folder(args))))


def run_next(args: argparse.Namespace) -> int:
    """The next pair without a vote: what was asked, left, right. Nothing tells which is which."""
    from styletui_eval.blind.ballot import Ballot

    pair = Ballot(_folder(args)).next_unrated()
    if args.json:
        fields = ("id", "n", "prompt", "left", "right")
        common.print_json({"pair": {f: getattr(pair, f) for f in fields} if pair else None})
    elif pair is None:
        common.say(_("Every pair that is there has been rated."))
    else:
        for title, text in ((pair.id, pair.prompt), ("1", pair.left), ("2", pair.right)):
            print(f"[{title}]\n{plain(text)}\n")
    return 0


def run_vote(args: argparse.Namespace) -> int:
    """One vote, on disk before this returns."""
    from styletui_eval.blind.ballot import Ballot

    ballot = Ballot(_folder(args))
    if args.choice == "undo":
        ballot.undo()
    else:
        pair = args.pair
        if pair == "next":
            upcoming = ballot.next_unrated()
            if upcoming is None and ballot.status().revealed:
                raise UserError("votes_closed", exit_code=EXIT_GATE, name=str(args.name))
            if upcoming is None:
                raise UserError("no_pair_left", name=str(args.name))
            pair = upcoming.id
        ballot.vote(pair, CHOICES.get(args.choice, args.choice))
    return run_status(args)


def run_status(args: argparse.Namespace) -> int:
    """Counts, and the fingerprint of the seal."""
    from styletui_eval.blind.ballot import Ballot

    status = asdict(Ballot(_folder(args)).status())
    if args.json:
        common.print_json(status)
    else:
        for key, value in status.items():
            print(f"{key}: {value}")
    return 0


def run_reveal(args: argparse.Namespace) -> int:
    """Open the seal; exit 5 when the adapter did not win beyond doubt."""
    from styletui_eval.blind.reveal import reveal

    result = reveal(_folder(args), early=args.early).to_json()
    if args.json:
        common.print_json(result)
    else:
        from styletui.commands.reveal_words import print_reveal

        print_reveal(result)
    return 0


def run_verify(args: argparse.Namespace) -> int:
    """0 when seal and votes are whole, 5 when they are not."""
    from styletui_eval.blind.verify import verify

    result = verify(_folder(args)).to_json()
    if args.json:
        common.print_json(result)
    else:
        for key, value in result.items():
            print(f"{key}: {value}")
    return 0 if result.get("ok") else 5
