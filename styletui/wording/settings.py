"""Names and plain sentences of the settings on the Setup screen, and why a value is recommended."""

from __future__ import annotations

from styletui.i18n import N_

LABELS: dict[str, dict[str, str]] = {
    "setting": {
        "model": N_("Model"),
        "preset": N_("Thoroughness"),
        "time_budget_s": N_("Time limit"),
        "num_train_epochs": N_("Passes"),
        "learning_rate": N_("Learning rate"),
        "lora_r": N_("Rank"),
        "gradient_accumulation_steps": N_("Samples a step"),
        "max_seq_length": N_("Longest sample"),
        "sample_tokens": N_("Trial writing"),
        "seed": N_("Seed"),
    },
    "setting_help": {
        "model": N_("The model that will learn your habits; it stays as it is, and what it learns is kept beside it."),
        "preset": N_("A quick look stops when its time is up; standard takes the full recipe and as long as it needs."),
        "time_budget_s": N_("Training stops after this time and keeps what it has learned."),
        "num_train_epochs": N_("How often every sample is seen; more than three times, and it begins to recite."),
        "learning_rate": N_("How big each step is: too big and it forgets the language, too small and it learns nothing."),
        "lora_r": N_("How much room the adapter has: more room needs more text."),
        "gradient_accumulation_steps": N_("How many samples decide together about one step: more is calmer, fewer is quicker."),
        "max_seq_length": N_("Samples longer than this are cut; longer needs more memory."),
        "sample_tokens": N_("How long the piece is that it writes for you to read at each check (0: none)."),
        "seed": N_("The same seed with the same texts on the same machine gives the same result."),
    },
    "preset": {"quick": N_("Quick look"), "standard": N_("Standard")},
    "advice": {
        "small_data": N_("Recommended for little text."),
        "middle_data": N_("Recommended for this much text."),
        "large_data": N_("Recommended for plenty of text."),
        "twice_the_rank": N_("Twice the rank, as usual."),
        "fits_small_memory": N_("Fits into small memory."),
        "exposures": N_("So that each piece is seen three or four times in all its views, not more."),
        "preset_quick": N_("A first look within minutes."),
        "preset_standard": N_("The full recipe."),
        "few_steps_big_steps": N_("There is time for few steps only, so they are big ones."),
        "seen_once": N_("Hardly anything is seen twice."),
    },
    "model_problem": {
        "not_found": N_("There is no folder at this path."),
        "no_config": N_("The folder has no config.json, so it is not a model."),
        "broken_config": N_("Its config.json cannot be read."),
        "not_a_language_model": N_("It is a model, but not one that writes text."),
        "no_weights": N_("The folder has no weights (*.safetensors)."),
        "pickled_weights": N_("Its weights are in a pickle file, which could run code; convert them to safetensors."),
        "broken_weights": N_("Its weights are damaged or not complete."),
        "no_tokenizer": N_("It has no tokenizer (tokenizer.json)."),
    },
}  # fmt: skip
