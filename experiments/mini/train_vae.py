"""Trains the autoencoder; later, with `--decoder-only`, its decoder alone for sharper pictures.

    python experiments/mini/train_vae.py --iterations 4000
    python experiments/mini/train_vae.py --decoder-only --iterations 1500

The encoder must not change once train_unet.py has encoded its scenes. Resumes by itself.
"""

import argparse

import torch
from common import CHECKPOINTS, HERE, Curve, rate, rendered, save, set_rate, to_tensor
from parts import new_vae
from torch.nn.functional import l1_loss, mse_loss

VAE, DECODER = CHECKPOINTS / "vae.pt", CHECKPOINTS / "decoder.pt"
KL_WEIGHT, EDGE_WEIGHT = 1e-3, 1.0


def edges(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Differences of neighbouring pixels down and to the right."""
    return pictures.diff(dim=2), pictures.diff(dim=3)


def reconstruction_loss(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """L1 + L2 of the pixels, and L1 of the edges, which blur costs most."""
    loss = l1_loss(made, wanted) + mse_loss(made, wanted)
    pairs = zip(edges(made), edges(wanted), strict=True)
    return loss + EDGE_WEIGHT * sum(l1_loss(a, b) for a, b in pairs)


def forward(vae, pictures: torch.Tensor, decoder_only: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Reconstruction loss and KL per latent number."""
    with torch.set_grad_enabled(not decoder_only):
        posterior = vae.encode(pictures).latent_dist
        latents = posterior.mode() if decoder_only else posterior.sample()
    if decoder_only:  # what the UNet leaves is never exactly a mean
        latents = latents + 0.03 * latents.std() * torch.randn_like(latents)
    loss = reconstruction_loss(vae.decode(latents).sample, pictures)
    kl = posterior.kl().mean() / latents[0].numel()
    return loss, kl


def train(args: argparse.Namespace) -> None:
    """The loop. State: model, optimizer, iteration."""
    path = DECODER if args.decoder_only else VAE
    vae = new_vae()
    parameters = [*vae.parameters()]
    if args.decoder_only:
        vae.load_state_dict(torch.load(VAE)["model"])
        vae.requires_grad_(False)
        parameters = [*vae.decoder.parameters(), *vae.post_quant_conv.parameters()]
        for parameter in parameters:
            parameter.requires_grad_(True)
    vae = vae.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(parameters, lr=args.lr, betas=(0.9, 0.98), weight_decay=1e-4)
    start = 0
    if path.exists():
        state = torch.load(path)
        vae.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["iteration"]
    _, pictures = rendered(args.scenes)
    curve = Curve(HERE / ("loss_decoder.csv" if args.decoder_only else "loss_vae.csv"), 100, start)
    for iteration in range(start, args.iterations):
        torch.manual_seed(iteration)
        chosen = torch.randint(0, len(pictures), (args.batch,)).numpy()
        set_rate(optimizer, rate(iteration, args.iterations, args.lr, 50, floor=0.01))
        loss, kl = forward(vae, to_tensor(pictures[chosen]), args.decoder_only)
        optimizer.zero_grad()
        (loss + KL_WEIGHT * kl * (not args.decoder_only)).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        curve.add(iteration + 1, reconstruction=loss.item(), kl=kl.item())
        if (iteration + 1) % 500 == 0 or iteration + 1 == args.iterations:
            state = {"model": vae.state_dict(), "optimizer": optimizer.state_dict()}
            save(state | {"iteration": iteration + 1}, path)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=3600)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--scenes", type=int, default=20000, help="pictures to train on")
    parser.add_argument("--decoder-only", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    train(args)


if __name__ == "__main__":
    main()
