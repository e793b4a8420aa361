"""How a sample becomes tokens: through a model's chat template, or as plain text for a base model to continue.

In both, the score mask covers the author's words and the end token after them, and nothing else. Control tokens come
from the template alone: what only looks like one in a person's text, prompt or answer, stays ordinary characters.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from styletui_prep.errors import EXIT_UNKNOWN, UserError

from styletui_train.rows import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED: Final = -100


@dataclass(frozen=True, slots=True)
class Encoded:
    """One sample as tokens. `labels` has -100 where nothing is scored; `ends` are the positions of end tokens.

    `characters` counts the scored text.
    """

    ids: list[int]
    labels: list[int]
    ends: list[int]
    characters: int

    @property
    def scored(self) -> int:
        """Scored tokens, the end tokens among them."""
        return sum(label != IGNORED for label in self.labels)


def encode(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], base: bool) -> Encoded:
    """Tokens and score mask of one sample. `base`: plain text and `<eos>`; else the chat template.

    Raises UserError `template_unusable`.
    """
    parts = _plain_parts(tokenizer, messages) if base else _chat_parts(tokenizer, messages)
    ids: list[int] = []
    labels: list[int] = []
    ends: list[int] = []
    for tokens, kind in parts:
        if kind == "end":
            ends += range(len(ids), len(ids) + len(tokens))
        ids += tokens
        labels += [IGNORED] * len(tokens) if kind == "context" else tokens
    characters = sum(len(m["content"].strip()) for m in messages if m["role"] == "assistant")
    return Encoded(ids, labels, ends, characters)


def prompt_ids(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], base: bool) -> list[int]:
    """The tokens before the author's last turn: what generation starts from.

    Messages after the last assistant turn, or that turn itself, are left out when it closes the list.
    """
    asked = list(messages)
    if asked and asked[-1]["role"] == "assistant":
        asked.pop()
    if base:
        return _beginning(tokenizer) + _literal(tokenizer, _plain_context(asked))
    masked, hidden = _mask(tokenizer, asked)
    return _template_ids(tokenizer, _render(tokenizer, masked, True), hidden)


def end_ids(tokenizer: PreTrainedTokenizerBase, base: bool) -> list[int]:
    """The tokens at which generation stops."""
    eos = tokenizer.eos_token_id
    ends = {eos} if isinstance(eos, int) else set(eos or [])
    if not base:
        closing = _closing(tokenizer)
        ends |= {closing} if closing is not None else set()
    return sorted(ends)


def _literal(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Tokens of a person's text: what looks like a special token in it stays ordinary characters."""
    return list(tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True))


def _mask(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]
) -> tuple[list[Message], dict[str, str]]:
    """Messages in which every content that holds the spelling of a control token is a placeholder, and what for.

    White space around the content stays, since templates differ in whether they keep it. Nobody who writes a text
    can guess a placeholder. Other contents are left alone, so that their tokens are those of the template's whole text.
    """
    nonce = secrets.token_hex(8)
    masked: list[Message] = []
    hidden: dict[str, str] = {}
    for index, message in enumerate(messages):
        content = message["content"]
        if list(tokenizer.encode(content, add_special_tokens=False)) == _literal(tokenizer, content):
            masked.append(message)
            continue
        placeholder, core = f"\ue000{nonce}.{index}\ue000", content.strip()
        hidden[placeholder] = core
        masked.append({**message, "content": content.replace(core, placeholder, 1)})
    return masked, hidden


def _template_ids(tokenizer: PreTrainedTokenizerBase, text: str, hidden: Mapping[str, str]) -> list[int]:
    """Tokens of the template's `text`, with the contents behind its placeholders taken literally."""
    if not hidden:
        return list(tokenizer.encode(text, add_special_tokens=False))
    ids: list[int] = []
    for piece in re.split("(" + "|".join(map(re.escape, hidden)) + ")", text):
        if piece in hidden:
            ids += _literal(tokenizer, hidden[piece])
        elif piece:
            ids += tokenizer.encode(piece, add_special_tokens=False)
    return ids


def _beginning(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The begin token, for tokenizers that put one before a text by themselves."""
    natural = tokenizer.encode("a")
    bos = tokenizer.bos_token_id
    return [bos] if isinstance(bos, int) and natural[:1] == [bos] else []


def _plain_context(messages: Sequence[Message]) -> str:
    """Prompts (and earlier turns) one under the other, ending where the author's text begins."""
    text = ""
    for message in messages:
        text += message["content"]
        if not text.endswith("\n"):
            text += "\n\n"
    return text


def _plain_parts(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]
) -> list[tuple[list[int], str]]:
    parts: list[tuple[list[int], str]] = [(_beginning(tokenizer), "context")]
    last = max((i for i, m in enumerate(messages) if m["role"] == "assistant"), default=-1)
    for index, message in enumerate(messages[: last + 1]):
        if message["role"] != "assistant":
            parts.append((_literal(tokenizer, _plain_context([message])), "context"))
            continue
        parts.append((_literal(tokenizer, message["content"].strip()), "text"))
        if index < last:
            parts.append((_literal(tokenizer, "\n\n"), "context"))
    eos = tokenizer.eos_token_id
    if not isinstance(eos, int):
        raise UserError("template_unusable", exit_code=EXIT_UNKNOWN, detail="no_end_token")
    parts.append(([eos], "end"))
    return parts


def _chat_parts(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]
) -> list[tuple[list[int], str]]:
    """The template's text cut at the author's words, each piece tokenised by itself.

    Cut this way the same tokens precede the answer in training and in generation, whatever the answer is.
    """
    messages, hidden = _mask(tokenizer, messages)
    whole = _render(tokenizer, messages, False)
    parts: list[tuple[list[int], str]] = []
    cursor = 0
    for index, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        content = message["content"].strip()
        start = whole.find(content, max(cursor, _where_answer_may_be(tokenizer, messages[:index], whole)))
        if start < cursor:
            raise UserError("template_unusable", exit_code=EXIT_UNKNOWN, detail="answer_not_found")
        context = _template_ids(tokenizer, whole[cursor:start], hidden)
        cursor = start + len(content)
        parts += [(context, "context"), (_literal(tokenizer, hidden.get(content, content)), "text")]
        following = messages[index + 1 :]
        rest = (
            whole[cursor:]
            if not following
            else whole[cursor:].split(following[0]["content"].strip() or "\0")[0]
        )
        tokens = tokenizer.encode(rest, add_special_tokens=False)
        if not tokens:
            raise UserError("template_unusable", exit_code=EXIT_UNKNOWN, detail="no_end_token")
        closing = (
            tokens[:1] if tokens[0] in tokenizer.all_special_ids or not rest[0].isspace() else tokens[:2]
        )
        parts.append((closing, "end"))
        cursor += len(tokenizer.decode(closing, skip_special_tokens=False))
    return parts


def _where_answer_may_be(tokenizer: PreTrainedTokenizerBase, asked: list[Message], whole: str) -> int:
    """The length of what `whole` renders before an answer to `asked`: a prompt may hold the same words.

    With the generation prompt where `whole` begins with that, else without (some templates ask for an answer
    otherwise than they show one). Raises UserError `template_unusable` when it begins with neither.
    """
    if not asked:
        return 0
    for generate in (True, False):
        before = _render(tokenizer, asked, generate)
        if whole.startswith(before):
            return len(before)
    raise UserError("template_unusable", exit_code=EXIT_UNKNOWN, detail="answer_not_found")


def _closing(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """The token with which the template ends an answer."""
    pair = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    parts = [tokens for tokens, kind in _chat_parts(tokenizer, pair) if kind == "end"]
    return parts[-1][-1] if parts and parts[-1] else None


def _render(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], generate: bool) -> str:
    """The template's text. Thinking is switched off where a template knows the switch."""
    import jinja2

    options: dict[str, Any] = {"tokenize": False, "add_generation_prompt": generate, "enable_thinking": False}
    try:
        return str(tokenizer.apply_chat_template(list(messages), **options))
    except (jinja2.TemplateError, ValueError, TypeError) as error:
        raise UserError("template_unusable", exit_code=EXIT_UNKNOWN, detail=type(error).__name__) from error
