"""Trains the UNet on the latents of captioned scenes, with the text encoder of train_text.py.

    python experiments/mini/train_unet.py --iterations 4000

Encodes all scenes once with the encoder of train_vae.py, then never renders again. Resumes by
itself; every checkpoint also holds the moving average of the weights, which export.py writes out.
"""

import argparse
import copy
import os
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from common import CHECKPOINTS, HERE, Curve, rate, rendered, save, set_rate, to_tensor
from parts import (
    encode_text,
    load_tokenizer,
    new_scheduler,
    new_text_encoder,
    new_unet,
    new_vae,
)

UNET, LATENTS = CHECKPOINTS / "unet.pt", CHECKPOINTS / "latents.pt"
EMPTY_CAPTION, MIN_SNR = 0.1, 5.0


@torch.no_grad()
def encoded_scenes(count: int) -> dict:
    """Means of the latents [count, 4, 16, 16] times the scaling factor, and the token ids."""
    if LATENTS.exists():
        return torch.load(LATENTS)
    vae = new_vae().eval()
    vae.load_state_dict(torch.load(CHECKPOINTS / "vae.pt")["model"])
    vae = vae.to(memory_format=torch.channels_last)
    captions, pictures = rendered(count)
    latents = torch.empty(count, 4, 16, 16, dtype=torch.float16)
    for i in range(0, count, 64):
        batch = to_tensor(pictures[i : i + 64])
        latents[i : i + 64] = vae.encode(batch).latent_dist.mode().half()
    factor = round(1.0 / latents[:8192].float().std().item(), 5)
    tokenizer = load_tokenizer(CHECKPOINTS / "tokenizer")
    data = {
        "latents": (latents.float() * factor).half(),
        "scaling_factor": factor,
        "tokens": encode_text(tokenizer, captions),
        "empty": encode_text(tokenizer, [""])[0],
    }
    print(f"encoded {count} scenes, scaling factor {factor}", flush=True)
    save(data, LATENTS)
    return data


class Denoiser(torch.nn.Module):
    """The UNet and the frozen text encoder."""

    def __init__(self):
        super().__init__()
        self.unet = new_unet()
        self.text_encoder = new_text_encoder(load_tokenizer(CHECKPOINTS / "tokenizer"))
        self.text_encoder.requires_grad_(False)

    def forward(self, noisy, timesteps, tokens):
        with torch.no_grad():
            states = self.text_encoder(tokens).last_hidden_state
        return self.unet(noisy, timesteps, states).sample


def noised(latents: torch.Tensor, alphas_cumprod: torch.Tensor) -> tuple:
    """Noisy latents, noise and timesteps. Timesteps are stratified over the batch."""
    batch, steps = len(latents), len(alphas_cumprod)
    timesteps = ((torch.arange(batch) + torch.rand(batch)) * steps / batch).long()
    timesteps = timesteps.clamp(max=steps - 1)
    noise = torch.randn_like(latents)
    alpha = alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    noisy = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
    return noisy.to(memory_format=torch.channels_last), noise, timesteps


def sample_batch(data: dict, batch: int, alphas_cumprod: torch.Tensor) -> tuple:
    """Noisy latents, noise, timesteps and tokens."""
    chosen = torch.randint(0, len(data["latents"]), (batch,))
    tokens = data["tokens"][chosen].clone()
    tokens[torch.rand(batch) < EMPTY_CAPTION] = data["empty"]
    return *noised(data["latents"][chosen].float(), alphas_cumprod), tokens


def weights(alphas_cumprod: torch.Tensor, limit: float) -> torch.Tensor:
    """Weight of the squared error of each timestep's noise, mean one.

    Low noise as with min-SNR-5 (Hang et al. 2023). High noise counts more, up to `limit` times:
    what the caption decides first, background and layout, is decided there, where it changes the
    noise to be predicted only little. Colours are decided in between.
    """
    snr = alphas_cumprod / (1 - alphas_cumprod)
    weight = (MIN_SNR / snr).clamp(max=1.0) * ((1 + snr) / snr).sqrt().clamp(max=limit)
    return weight / weight.mean()


def losses(model: Denoiser, data: dict, batch: int, alphas_cumprod, weight) -> tuple:
    """The weighted loss and the plain one."""
    noisy, noise, timesteps, tokens = sample_batch(data, batch, alphas_cumprod)
    error = (model(noisy, timesteps, tokens) - noise).square().mean(dim=(1, 2, 3))
    return (error * weight[timesteps]).mean(), error.detach().mean()


def join(rank: int, workers: int) -> None:
    """Makes this process one of `workers` on this machine that average their gradients."""
    if workers > 1:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
        meeting = (CHECKPOINTS / "meeting").resolve().as_uri()
        dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=workers)


@torch.no_grad()
def average_gradients(parameters: list[torch.nn.Parameter], workers: int) -> None:
    """Replaces each gradient by the mean over the workers, as one message."""
    if workers > 1:
        gradients = [parameter.grad for parameter in parameters]
        flat = torch.cat([gradient.flatten() for gradient in gradients]) / workers
        dist.all_reduce(flat)
        parts = flat.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))


@torch.no_grad()
def update_average(average: Denoiser, model: Denoiser, iteration: int, limit: float) -> None:
    """Exponential moving average with a horizon that grows with the training."""
    decay = min(limit, (1 + iteration) / (10 + iteration))
    pairs = zip(average.parameters(), model.parameters(), strict=True)
    for mean, value in pairs:
        mean.lerp_(value, 1 - decay)


def train(rank: int, args: argparse.Namespace) -> None:
    """The loop of one worker; the first one writes. State: model, average, optimizer, iteration."""
    torch.set_num_threads(args.threads)
    join(rank, args.workers)
    data = encoded_scenes(args.scenes)
    torch.manual_seed(args.seed)
    model = Denoiser().to(memory_format=torch.channels_last)
    model.text_encoder.load_state_dict(torch.load(CHECKPOINTS / "text.pt")["model"])
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.AdamW(
        model.unet.parameters(), lr=args.lr, betas=(0.9, 0.98), weight_decay=1e-3
    )
    start = 0
    if UNET.exists():
        state = torch.load(UNET)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["iteration"]
    alphas_cumprod = new_scheduler().alphas_cumprod
    weight = weights(alphas_cumprod, args.weight_limit)
    parameters = list(model.unet.parameters())
    curve = Curve(HERE / "loss_unet.csv", 50, start) if rank == 0 else None
    saved = time.time()
    for iteration in range(start, args.iterations):
        torch.manual_seed(args.seed + 1_000_000 * (rank + 1) + iteration)
        set_rate(optimizer, rate(iteration, args.iterations, args.lr, args.warm_up, floor=0.005))
        loss, plain = losses(model, data, args.batch // args.workers, alphas_cumprod, weight)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        average_gradients(parameters, args.workers)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if rank > 0:
            continue
        update_average(average, model, iteration, args.average)
        curve.add(iteration + 1, loss=loss.item(), epsilon_mse=plain.item())
        if time.time() - saved > 120 or iteration + 1 == args.iterations:
            parts = {"model": model, "average": average, "optimizer": optimizer}
            state = {key: part.state_dict() for key, part in parts.items()}
            state["scaling_factor"] = data["scaling_factor"]
            save(state | {"iteration": iteration + 1}, UNET)
            saved = time.time()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--warm-up", type=int, default=100)
    parser.add_argument("--average", type=float, default=0.997, help="decay of the moving average")
    parser.add_argument("--scenes", type=int, default=60000)
    parser.add_argument("--weight-limit", type=float, default=4.0, help="of high noise")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2, help="processes that share a batch")
    parser.add_argument("--threads", type=int, default=1, help="of each worker")
    args = parser.parse_args()
    CHECKPOINTS.mkdir(exist_ok=True)
    torch.set_num_threads(args.threads * args.workers)
    encoded_scenes(args.scenes)
    (CHECKPOINTS / "meeting").unlink(missing_ok=True)
    for rank in range(1, args.workers):
        mp.get_context("spawn").Process(target=train, args=(rank, args), daemon=True).start()
    train(0, args)


if __name__ == "__main__":
    main()
