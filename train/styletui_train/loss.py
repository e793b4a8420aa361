"""The loss over scored positions alone, made for devices without a fused head.

A language model's head multiplies every position with the whole vocabulary; in a 270M model with 262,144
words that is two thirds of the work. Here the scored positions are gathered first, the head's product is taken
in pieces, and the gradient of the hidden states is computed in the same pass, so that no logits are kept for the
backward pass. Values and gradients are those of `cross_entropy` (the derivative of logsumexp is softmax).
Only for a head that does not learn: its weights get no gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch

from styletui_train.prompting import IGNORED

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Positions a matrix product: enough to keep it busy, few enough that its logits stay near 70 MB at 262k words.
CHUNK: Final = 128
# On a CPU every new shape of a bf16 product makes oneDNN compile kernels that it never gives back: 20 to 40 MB
# a new row length (measured), so lengths are rounded up and few shapes occur. Padding stands right of the text,
# where a causal model's real positions never see it.
LENGTH_STEP: Final = 64
# The name under which a model keeps what the probe of its logits found.
_PROBED: Final = "_styletui_plain_logits"
# Numbers an elementwise pass: 8 MB in fp32 stays in a CPU's cache, which made the passes 7 times as fast.
_CACHED: Final = 1 << 21


class _SummedNll(torch.autograd.Function):
    """hidden [N, H], weight [V, H], targets [N] -> sum of nats (fp32). Gradient for `hidden` only."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        targets: torch.Tensor,
        softcap: float | None,
        chunk: int,
    ) -> torch.Tensor:
        count, words = hidden.shape[0], weight.shape[0]
        states = _padded(hidden.detach().to(weight.dtype))
        gradient = torch.empty_like(states)
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        # One buffer for all pieces: fresh pages cost more than the arithmetic on them.
        buffer = torch.empty(min(chunk, len(states)), words, dtype=weight.dtype, device=hidden.device)
        rows = max(1, _CACHED // words) if hidden.device.type == "cpu" else chunk
        for start in range(0, count, chunk):
            logits = buffer[: min(chunk, len(states) - start)]
            torch.mm(states[start : start + chunk], weight.t(), out=logits)
            if bias is not None:
                logits += bias
            real = min(len(logits), count - start)
            for row in range(0, real, rows):
                piece = logits[row : min(row + rows, real)]
                nats, slopes = _nats_and_slopes(piece, targets[start + row :][: len(piece)], softcap)
                total += nats.sum()
                piece.copy_(slopes)
            torch.mm(logits, weight, out=gradient[start : start + chunk])
        ctx.save_for_backward(gradient[:count].to(hidden.dtype))
        return total

    @staticmethod
    def backward(ctx: Any, *grad_outputs: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return (gradient * grad_outputs[0].to(gradient.dtype), None, None, None, None, None)


def _padded(states: torch.Tensor) -> torch.Tensor:
    """states [N, H] with zero rows up to a multiple of `LENGTH_STEP` on a CPU (see there)."""
    if states.device.type != "cpu":
        return states
    return torch.nn.functional.pad(states, (0, 0, 0, -len(states) % LENGTH_STEP))


def _nats_and_slopes(
    logits: torch.Tensor, targets: torch.Tensor, softcap: float | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Nats [N] of the targets, and the derivative of their sum by the raw logits [N, V], both in fp32.

    d nats / d logit = softmax - one_hot; through a cap c tanh(x / c) it is multiplied by 1 - tanh(x / c)^2.
    """
    work = logits.float() if logits.dtype != torch.float32 else logits.clone()
    bend = None
    if softcap is not None:
        work.div_(softcap).tanh_()
        bend = 1 - work**2
        work.mul_(softcap)
    wanted = targets[:, None]
    highest = work.amax(-1, keepdim=True)
    chosen = work.gather(1, wanted) - highest
    work.sub_(highest).exp_()
    mass = work.sum(-1, keepdim=True)
    nats = (mass.log() - chosen).squeeze(1)
    work.div_(mass).scatter_add_(1, wanted, torch.full_like(mass, -1.0))
    return nats, work if bend is None else work.mul_(bend)


def _logits(
    hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, softcap: float | None
) -> torch.Tensor:
    """fp32 logits [N, V] of hidden [N, H]; the product itself in the head's own precision."""
    logits = torch.nn.functional.linear(hidden.to(weight.dtype), weight, bias).float()
    return logits if softcap is None else softcap * torch.tanh(logits / softcap)


def gathered_loss(
    hidden: torch.Tensor,
    labels: torch.Tensor,
    head: torch.nn.Linear,
    *,
    softcap: float | None = None,
    chunk: int = CHUNK,
) -> torch.Tensor:
    """Sum of nats over the scored tokens of a batch, differentiable in `hidden`.

    hidden [B, T, H] are the model's last hidden states, labels [B, T] the token ids with -100 where nothing is
    scored; position t predicts label t+1. Returns an fp32 scalar; divide by the number of scored tokens.
    """
    states, targets = gather_scored(hidden, labels)
    with torch.autocast(device_type=hidden.device.type, enabled=False):
        return torch.as_tensor(
            _SummedNll.apply(states, head.weight.detach(), _bias(head), targets, softcap, chunk)  # type: ignore[no-untyped-call]
        )


def gather_scored(hidden: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The states [N, H] that predict a scored token, and those tokens [N], in reading order."""
    shifted = labels[:, 1:]
    chosen = shifted != IGNORED
    return hidden[:, :-1][chosen], shifted[chosen]


@torch.no_grad()
def token_nats(
    hidden: torch.Tensor,
    labels: torch.Tensor,
    head: torch.nn.Linear,
    *,
    softcap: float | None = None,
    chunk: int = CHUNK,
) -> torch.Tensor:
    """Nats of each scored token [N] (fp32), in reading order over the batch; no gradient."""
    states, targets = gather_scored(hidden, labels)
    pieces = []
    for start in range(0, states.shape[0], chunk):
        logits = _logits(states[start : start + chunk], head.weight, _bias(head), softcap)
        wanted = targets[start : start + chunk, None]
        pieces.append((torch.logsumexp(logits, -1, keepdim=True) - logits.gather(1, wanted)).squeeze(1))
    return torch.cat(pieces) if pieces else torch.zeros(0, device=hidden.device)


def _bias(head: torch.nn.Linear) -> torch.Tensor | None:
    return None if head.bias is None else head.bias.detach()


def parts(model: Any) -> tuple[PreTrainedModel, Any, torch.nn.Linear, float | None]:
    """(causal model, its body, its head, its logit softcap) of a model with or without a PEFT adapter.

    Raises TypeError when the model is not a body and one plain frozen linear head.
    """
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    head = causal.get_output_embeddings()
    body = getattr(causal, causal.base_model_prefix, None)
    if type(head) is not torch.nn.Linear or body is None or body is causal:
        raise TypeError(type(head).__name__)
    return causal, body, head, getattr(causal.config, "final_logit_softcapping", None)


def last_hidden(model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor | None) -> torch.Tensor:
    """Last hidden states [B, T, H]; never with a cache (with one, padding is not masked as in training)."""
    _, body, _, _ = parts(model)
    states = body(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).last_hidden_state
    return torch.as_tensor(states)


def usable(model: Any) -> bool:
    """Whether the gathered loss trains this model rightly: its logits are plain and its head does not learn."""
    return plain_logits(model) and not parts(model)[2].weight.requires_grad


def plain_logits(model: Any) -> bool:
    """Whether this model's own logits are body, then head, then softcap, and nothing else; probed once a model.

    Some architectures scale or shift in between; a short probe of eight tokens finds them all.
    """
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    known = getattr(causal, _PROBED, None)
    if known is None:
        known = _probe(model)
        setattr(causal, _PROBED, known)
    return bool(known)


@torch.no_grad()
def _probe(model: Any) -> bool:
    try:
        causal, _, head, softcap = parts(model)
    except (TypeError, AttributeError):
        return False
    ids = torch.arange(8, device=head.weight.device)[None] % head.weight.shape[0]
    training = model.training
    model.eval()
    try:
        own = causal(input_ids=ids, use_cache=False).logits.float()
        states = last_hidden(model, ids, None)[0]
        ours = _logits(states, head.weight, _bias(head), softcap)[None]
    finally:
        model.train(training)
    return own.shape == ours.shape and torch.allclose(
        own, ours, rtol=0.02, atol=0.02 * float(own.abs().max())
    )
