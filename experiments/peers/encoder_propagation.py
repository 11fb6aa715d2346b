"""Encoder propagation on diffusers' own blocks: the second implementation that fdbench is compared
with, in results (tests/python/test_propagation_parity.py) and in speed (run.py).

Written from the paper (section 3.3, figure 4), not from anybody's code. Shapes: n batch of the
call, [unconditional; conditional] with guidance.
"""

import torch

# The paper's key set for 50 DDIM steps, {50,49,48,47,45,40,35,25,15} counted downward.
PAPER_STEPS, PAPER_ORDERS = 50, (0, 1, 2, 3, 5, 10, 15, 25, 35)


def key_orders(num_steps: int) -> frozenset[int]:
    """The paper's key steps in sampling order, scaled to another number of steps."""
    return frozenset(order * num_steps // PAPER_STEPS for order in PAPER_ORDERS)


def embedding(unet, timestep, batch: int) -> torch.Tensor:
    """The time embedding of a step, [batch, width]."""
    timesteps = torch.full((batch,), int(timestep))
    return unet.time_embedding(unet.time_proj(timesteps).to(unet.dtype))


def _conditioned(block, states) -> dict:
    """The text, for blocks that look at it."""
    return {"encoder_hidden_states": states} if hasattr(block, "attentions") else {}


def run_encoder(unet, sample, emb, states):
    """The bottleneck's output and the list of skip features."""
    hidden = unet.conv_in(sample)
    skips = [hidden]
    for block in unet.down_blocks:
        hidden, made = block(hidden_states=hidden, temb=emb, **_conditioned(block, states))
        skips.extend(made)
    return unet.mid_block(hidden, emb, encoder_hidden_states=states), skips


def run_decoder(unet, features, emb, states) -> torch.Tensor:
    """The noise prediction from (cached) features, [n, c, h, w]."""
    hidden, skips = features[0], list(features[1])
    for block in unet.up_blocks:
        count = len(block.resnets)
        taken, skips = tuple(skips[-count:]), skips[:-count]
        # Latents that are no multiple of the UNet's stride are not for this implementation.
        hidden = block(
            hidden_states=hidden,
            temb=emb,
            res_hidden_states_tuple=taken,
            **_conditioned(block, states),
        )
    return unet.conv_out(unet.conv_act(unet.conv_norm_out(hidden)))


class EncoderPropagation:
    """Predictions of one picture: encoder and bottleneck run at key steps only."""

    def __init__(self, unet, orders: frozenset[int]):
        if unet.config.addition_embed_type is not None:
            raise ValueError("encoder propagation is written for UNets without added conditions")
        self.unet, self.orders, self.features = unet, orders, None

    def predict(self, order: int, sample, timestep, states) -> torch.Tensor:
        """sample: [n, c, h, w], states: [n, l, d] -> [n, c, h, w]."""
        emb = embedding(self.unet, timestep, len(sample))
        if order in self.orders:
            self.features = run_encoder(self.unet, sample, emb, states)
        return run_decoder(self.unet, self.features, emb, states)
