"""Trains models/mini-dit: a class-conditional DiT on latents of the autoencoder of models/mini.

    python experiments/mini/train_dit.py --iterations 4000

28 blocks, so that the paper's cut behind block 18 is one here; noise and variance are learned as
the original DiT does it: squared error of the noise, and the variational bound for the variance
alone. Resumes by itself; export_dit.py writes out the moving average of the weights.
"""

import argparse
import copy
import time
from pathlib import Path

import torch
from class_scenes import CLASSES, rendered_classes
from common import CHECKPOINTS, HERE, Curve, rate, save, set_rate, to_tensor
from diffusers import AutoencoderKL, DDIMScheduler, DiTTransformer2DModel

DIT, LATENTS = CHECKPOINTS / "dit.pt", CHECKPOINTS / "dit_latents.pt"
MODEL = Path(__file__).resolve().parents[2] / "models" / "mini"
TRAINING_SEED = 90_000_000
EMPTY_CLASS, MIN_SNR, BOUND_WEIGHT = 0.1, 5.0, 1e-3
HEADS, HEAD_DIM, BLOCKS = 5, 16, 28


def new_scheduler() -> DDIMScheduler:
    """The original's: linear betas, noise predicted."""
    return DDIMScheduler(
        beta_start=0.0001,
        beta_end=0.02,
        beta_schedule="linear",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=0,
    )


def new_dit() -> DiTTransformer2DModel:
    """The blocks of DiT-XL/2, a fourteenth as wide. One embedder serves all blocks."""
    model = DiTTransformer2DModel(
        num_attention_heads=HEADS,
        attention_head_dim=HEAD_DIM,
        in_channels=4,
        out_channels=8,
        num_layers=BLOCKS,
        sample_size=16,
        patch_size=2,
        num_embeds_ada_norm=len(CLASSES),
    )
    for block in model.transformer_blocks[1:]:
        block.norm1.emb = model.transformer_blocks[0].norm1.emb
    for block in model.transformer_blocks:
        torch.nn.init.zeros_(block.norm1.linear.weight)
        torch.nn.init.zeros_(block.norm1.linear.bias)
    for last in (model.proj_out_1, model.proj_out_2):
        torch.nn.init.zeros_(last.weight)
        torch.nn.init.zeros_(last.bias)
    torch.nn.init.normal_(
        model.transformer_blocks[0].norm1.emb.class_embedder.embedding_table.weight, std=0.02
    )
    return model


@torch.no_grad()
def encoded_classes(count: int) -> dict:
    """`latents` [count, 4, 16, 16] times the scaling factor, and `labels` [count]."""
    if LATENTS.exists():
        return torch.load(LATENTS)
    vae = AutoencoderKL.from_pretrained(MODEL / "vae", torch_dtype=torch.float32).eval()
    labels, pictures = rendered_classes(count, TRAINING_SEED)
    latents = torch.empty(count, 4, 16, 16, dtype=torch.float16)
    for i in range(0, count, 64):
        batch = to_tensor(pictures[i : i + 64])
        latents[i : i + 64] = vae.encode(batch).latent_dist.mode().half()
    data = {
        "latents": (latents.float() * vae.config.scaling_factor).half(),
        "labels": torch.from_numpy(labels),
    }
    print(f"encoded {count} pictures of {len(CLASSES)} classes", flush=True)
    save(data, LATENTS)
    return data


class Process:
    """What the loss needs of the diffusion process of 1000 steps."""

    def __init__(self):
        self.alphas_cumprod = new_scheduler().alphas_cumprod.double()
        before = torch.cat([torch.ones(1).double(), self.alphas_cumprod[:-1]])
        betas = 1 - self.alphas_cumprod / before
        variance = betas * (1 - before) / (1 - self.alphas_cumprod)
        variance[0] = variance[1]
        self.largest, self.least = betas.log().float(), variance.log().float()
        # Of the difference of two means by the difference of their noises.
        self.mean_factor = (betas.square() / ((1 - betas) * (1 - self.alphas_cumprod))).float()
        snr = self.alphas_cumprod / (1 - self.alphas_cumprod)
        weight = (MIN_SNR / snr).clamp(max=1.0)
        self.weight = (weight / weight.mean()).float()
        self.alphas_cumprod = self.alphas_cumprod.float()

    def bound(self, share: torch.Tensor, error: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """KL divergence of the true step from the predicted one; the error's gradient is stopped.

        share: [n, 4, h, w], -1 for the posterior's variance to 1 for beta.
        """
        column = (-1, 1, 1, 1)
        least, largest = self.least[t].view(column), self.largest[t].view(column)
        part = (share + 1) / 2
        log_variance = part * largest + (1 - part) * least
        distance = self.mean_factor[t].view(column) * error.detach().square()
        return 0.5 * (
            log_variance - least + (least - log_variance).exp() - 1
            + distance * (-log_variance).exp()
        )  # fmt: skip


def losses(model, data: dict, batch: int, process: Process) -> tuple:
    """The loss and the plain squared error of the noise. Timesteps are stratified."""
    chosen = torch.randint(0, len(data["latents"]), (batch,))
    latents, labels = data["latents"][chosen].float(), data["labels"][chosen].clone()
    labels[torch.rand(batch) < EMPTY_CLASS] = len(CLASSES)
    t = ((torch.arange(batch) + torch.rand(batch)) * 1000 / batch).long().clamp(max=999)
    noise = torch.randn_like(latents)
    alpha = process.alphas_cumprod[t].view(-1, 1, 1, 1)
    noisy = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
    epsilon, share = model(noisy, t, labels).sample.chunk(2, 1)
    squared = (epsilon - noise).square().mean(dim=(1, 2, 3))
    bound = process.bound(share, epsilon - noise, t).mean()
    return (squared * process.weight[t]).mean() + BOUND_WEIGHT * bound, squared.detach().mean()


def train(args: argparse.Namespace) -> None:
    """State: model, average, optimizer, iteration."""
    data, process = encoded_classes(args.pictures), Process()
    torch.manual_seed(args.seed)
    model = new_dit().train()
    # Dropout of labels is the loss's.
    model.transformer_blocks[0].norm1.emb.class_embedder.dropout_prob = 0.0
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, betas=(0.9, 0.98), weight_decay=0)
    start = 0
    if DIT.exists():
        state = torch.load(DIT)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["iteration"]
    curve, saved = Curve(HERE / "loss_dit.csv", 50, start), time.time()
    for iteration in range(start, args.iterations):
        torch.manual_seed(args.seed + 1_000_000 + iteration)
        set_rate(optimizer, rate(iteration, args.iterations, args.lr, args.warm_up, floor=0.01))
        loss, plain = losses(model, data, args.batch, process)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        decay = min(args.average, (1 + iteration) / (10 + iteration))
        with torch.no_grad():
            for mean, value in zip(average.parameters(), model.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)
        curve.add(iteration + 1, loss=loss.item(), epsilon_mse=plain.item())
        if time.time() - saved > 120 or iteration + 1 == args.iterations:
            parts = {"model": model, "average": average, "optimizer": optimizer}
            state = {key: part.state_dict() for key, part in parts.items()}
            save(state | {"iteration": iteration + 1}, DIT)
            saved = time.time()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--warm-up", type=int, default=100)
    parser.add_argument("--average", type=float, default=0.995, help="decay of the moving average")
    parser.add_argument("--pictures", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    CHECKPOINTS.mkdir(exist_ok=True)
    torch.set_num_threads(args.threads)
    train(args)


if __name__ == "__main__":
    main()
