"""Sentences and names for what blind tests and measurements can say."""

from __future__ import annotations

from styletui.i18n import N_

SENTENCES: dict[str, tuple[str, str, str]] = {
    "no_adapter": (N_("There is no adapter in {path}."), "", N_("Train first, to the end.")),
    "no_blind_test": (N_("There is no blind test called “{name}”."), "", N_("Make one: `styletui ab make`.")),
    "bad_test_name": (N_("A blind test cannot be called that."), "", N_("Take letters, digits and dashes.")),
    "bad_pair_settings": (N_("With these settings no pairs can be made."), "", N_("Leave the count and the shares as they are.")),
    "broken_seal": (
        N_("The sealed file of “{name}” does not match its seal."),
        N_("It was changed or damaged after it was sealed, so its result would mean nothing."),
        N_("Make a new blind test."),
    ),
    "broken_reveal": (N_("The recorded result of “{name}” cannot be read."), "", N_("`styletui ab verify` says what is wrong.")),
    "newer_blind_test": (N_("The blind test “{name}” was made by a newer styletui."), "", N_("Update styletui to open it.")),
    "reveal_too_early": (
        N_("There are pairs you have not judged yet ({rated} of {made} are done)."),
        N_("Looking early ends the test for good."),
        N_("Go on judging, or reveal early and leave it at that."),
    ),
    "test_revealed": (N_("The blind test “{name}” has been revealed."), N_("From then on it takes no pairs and no votes."), N_("Make a new one.")),
    "votes_closed": (N_("The blind test “{name}” has been revealed."), N_("From then on it takes no votes."), N_("Make a new one.")),
    "test_of_other_adapter": (N_("The blind test “{name}” belongs to another adapter."), "", N_("Take another name for the new test.")),
    "test_of_other_dataset": (N_("The blind test “{name}” belongs to another dataset."), "", N_("Take another name for the new test.")),
    "test_of_other_model": (N_("The blind test “{name}” belongs to another base model."), "", N_("Take another name for the new test.")),
    "test_busy": (N_("The blind test “{name}” is being made already."), N_("Another styletui writes its pairs."), N_("Wait until it is done, or stop it.")),
    "unknown_choice": (N_("That is no vote."), "", N_("Votes are: {choices}.")),
    "no_pair_left": (N_("Every pair of “{name}” that is there has been judged."), "", N_("See the result: `styletui ab reveal`.")),
    "unknown_pair": (N_("“{name}” has no such pair."), "", ""),
    "nan_score": (N_("The measurement gave no usable number."), N_("The model or the adapter computes something broken."), N_("Train again, with a smaller learning rate.")),
    "nothing_to_report": (N_("There is nothing to report yet."), "", N_("Measure first: `styletui eval`.")),
    "broken_report": (N_("report.json cannot be read."), "", N_("Measure again: `styletui eval`.")),
    "newer_report": (N_("The report was made by a newer styletui."), "", N_("Update styletui to open it.")),
    # Warnings
    "few_prompts": (N_("Only {found} different prompts for {wanted} pairs."), N_("With fewer pairs the result is less certain."), ""),
    "sealed_settings_kept": (N_("“{name}” goes on with the settings it was sealed with."), "", ""),
}  # fmt: skip

LABELS: dict[str, dict[str, str]] = {
    "stage": {
        "plan_pairs": N_("Drawing and sealing the pairs"),
        "write_pairs": N_("Writing pairs"),
        "score_documents": N_("Measuring texts it has never seen"),
        "write_samples": N_("Writing samples"),
        "measure_style": N_("Measuring the style"),
    },
}
