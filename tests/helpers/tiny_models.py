"""Real models, a few hundred thousand random weights each, made in the test in about a second.

The tokenizer is a byte-level BPE that learned a few sentences, so any text (Chinese too) goes in and out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Kind = Literal["llama", "qwen2", "gemma3"]

_SENTENCES = (
    "The kettle was on before anyone had said good morning, and it stayed on all day.",
    "I walked down to the river; nothing had changed there but the colour of the boats.",
    "早上起来先烧一壶水，然后坐在窗边等它开。今天的云走得很慢。",
    "题目：旧书店的下午\n要点：\n- 老板认得每一本书\n关键词：书店，下午\n\n正文：\n",
    "后来我才明白，所谓的远方不过是另一个人的门口。雨停了，街上的人慢慢多了起来。",
)
CHAT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tiny_tokenizer(folder: Path, *, chat_template: bool = False, vocabulary: int = 640) -> Path:
    """Write `tokenizer.json` and its settings into `folder` (made when missing); return the folder."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<pad>", "<eos>", "<bos>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_SENTENCES, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<|im_end|>" if chat_template else "<eos>",
        bos_token="<bos>",
    )
    if chat_template:
        fast.chat_template = CHAT_TEMPLATE
    folder.mkdir(parents=True, exist_ok=True)
    fast.save_pretrained(folder)
    return folder


def make_tiny_model(
    folder: Path, kind: Kind = "llama", chat_template: bool = False, *, seed: int = 0, tied: bool = True
) -> Path:
    """A random-weight model folder (config, safetensors, tokenizer) that transformers loads like any other."""
    import torch
    from transformers import (
        AutoModelForCausalLM,
        AutoTokenizer,
        Gemma3TextConfig,
        LlamaConfig,
        PretrainedConfig,
        Qwen2Config,
    )

    make_tiny_tokenizer(folder, chat_template=chat_template)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    shape = {
        # Rounded up as real models do; a tokenizer class may also add a token of its own.
        "vocab_size": (len(tokenizer) + 64) // 64 * 64,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
        "tie_word_embeddings": tied,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    config: PretrainedConfig
    if kind == "llama":
        config = LlamaConfig(**shape)
    elif kind == "qwen2":
        config = Qwen2Config(**shape)
    else:
        config = Gemma3TextConfig(**shape, head_dim=16, sliding_window=64, query_pre_attn_scalar=16)
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    return folder
