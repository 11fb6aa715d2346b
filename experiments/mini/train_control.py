"""Trains the control network of models/mini on the edges of drawn scenes, the UNet being frozen.

    python experiments/mini/train_control.py --iterations 1000

Encodes the scenes once with the autoencoder of models/mini. Resumes by itself; at the end it writes
the moving average of the weights to `--output`, float16. A smaller number of iterations than the
checkpoint has writes the checkpoint as it is.
"""

import argparse
import copy
import json
import time
from pathlib import Path

import numpy as np
import torch
from common import CHECKPOINTS, HERE, Curve, rate, rendered, save, set_rate, to_tensor
from diffusers import ControlNetModel, StableDiffusionPipeline, UNet2DConditionModel
from edges import canny
from parts import encode_text
from train_unet import noised, update_average, weights

CONTROL, SCENES = CHECKPOINTS / "control.pt", CHECKPOINTS / "control_scenes.pt"
ROOT = Path(__file__).resolve().parents[2]
LIMIT = 4_000_000  # bytes of the folder's weights
EMBEDDING = (16, 32, 64)  # two halvings, from 64x64 pixels to 16x16 latents


def new_control(unet: UNet2DConditionModel) -> ControlNetModel:
    """The UNet's down path and middle without attention, initialised from the UNet.

    With attention (as `ControlNetModel.from_unet` has it) it had 3.3 M parameters instead of 1.9 M.
    What it adds is zero before training.
    """
    same = ("block_out_channels", "layers_per_block", "norm_num_groups", "attention_head_dim",
            "cross_attention_dim", "in_channels", "flip_sin_to_cos", "freq_shift")  # fmt: skip
    control = ControlNetModel(
        down_block_types=("DownBlock2D",) * len(unet.config.block_out_channels),
        mid_block_type="UNetMidBlock2D",
        conditioning_embedding_out_channels=EMBEDDING,
        **{key: unet.config[key] for key in same},
    )
    own = control.state_dict()
    shared = {key: value for key, value in unet.state_dict().items() if key in own}
    control.load_state_dict(own | shared)
    return control


@torch.no_grad()
def encoded_scenes(pipeline: StableDiffusionPipeline, count: int) -> dict:
    """Scaled latents [count, 4, 16, 16], edges [count, 64, 64] and token ids of training scenes."""
    if SCENES.exists():
        return torch.load(SCENES)
    captions, pictures = rendered(count)
    latents = torch.empty(count, 4, 16, 16, dtype=torch.float16)
    for i in range(0, count, 64):
        batch = to_tensor(pictures[i : i + 64])
        latents[i : i + 64] = pipeline.vae.encode(batch).latent_dist.mode().half()
    data = {
        "latents": (latents.float() * pipeline.vae.config.scaling_factor).half(),
        "edges": torch.from_numpy(np.stack([canny(picture) for picture in pictures])),
        "tokens": encode_text(pipeline.tokenizer, captions),
        "empty": encode_text(pipeline.tokenizer, [""])[0],
    }
    print(f"encoded {count} scenes", flush=True)
    save(data, SCENES)
    return data


class Controlled:
    """The frozen UNet and text encoder of models/mini, with a control network beside them."""

    def __init__(self, pipeline: StableDiffusionPipeline, data: dict, args: argparse.Namespace):
        self.unet, self.text_encoder = pipeline.unet, pipeline.text_encoder
        for part in (self.unet, self.text_encoder):
            part.requires_grad_(False).to(memory_format=torch.channels_last)
        self.data, self.batch, self.empty = data, args.batch, args.empty
        self.alphas_cumprod = pipeline.scheduler.alphas_cumprod
        self.weight = weights(self.alphas_cumprod, args.weight_limit)

    def losses(self, control: ControlNetModel) -> tuple[torch.Tensor, torch.Tensor]:
        """The weighted loss and the plain one, of one random batch."""
        chosen = torch.randint(0, len(self.data["latents"]), (self.batch,))
        tokens = self.data["tokens"][chosen].clone()
        tokens[torch.rand(self.batch) < self.empty] = self.data["empty"]
        edges = self.data["edges"][chosen].float()[:, None].expand(-1, 3, -1, -1)
        noisy, noise, timesteps = noised(self.data["latents"][chosen].float(), self.alphas_cumprod)
        with torch.no_grad():
            states = self.text_encoder(tokens).last_hidden_state
        skips, middle = control(
            noisy, timesteps, states, edges.to(memory_format=torch.channels_last), return_dict=False
        )
        made = self.unet(
            noisy,
            timesteps,
            states,
            down_block_additional_residuals=skips,
            mid_block_additional_residual=middle,
        ).sample
        error = (made - noise).square().mean(dim=(1, 2, 3))
        return (error * self.weight[timesteps]).mean(), error.detach().mean()


def export(control: ControlNetModel, folder: Path) -> int:
    """Writes the folder that diffusers loads, float16, and returns the bytes of its weights."""
    half = copy.deepcopy(control).half().to(memory_format=torch.contiguous_format)
    half.save_pretrained(folder, safe_serialization=True)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config.pop("_name_or_path", None)
    path.write_text(json.dumps(config, indent=2) + "\n")
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def train(args: argparse.Namespace) -> ControlNetModel:
    """The loop; returns the moving average. State: model, average, optimizer, iteration."""
    pipeline = StableDiffusionPipeline.from_pretrained(args.model, torch_dtype=torch.float32)
    torch.manual_seed(args.seed)
    setting = Controlled(pipeline, encoded_scenes(pipeline, args.scenes), args)
    model = new_control(pipeline.unet).to(memory_format=torch.channels_last)
    average = copy.deepcopy(model).requires_grad_(False)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=args.lr, betas=(0.9, 0.98), weight_decay=1e-3)
    parts = {"model": model, "average": average, "optimizer": optimizer}
    start = 0
    if CONTROL.exists():
        state = torch.load(CONTROL)
        for key, part in parts.items():
            part.load_state_dict(state[key])
        start = state["iteration"]
    if start >= args.iterations:
        return average
    curve, saved = Curve(HERE / "loss_control.csv", 50, start), time.time()
    for iteration in range(start, args.iterations):
        torch.manual_seed(args.seed + 1_000_000 + iteration)
        set_rate(optimizer, rate(iteration, args.iterations, args.lr, args.warm_up, floor=0.005))
        loss, plain = setting.losses(model)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        update_average(average, model, iteration, args.average)
        curve.add(iteration + 1, loss=loss.item(), epsilon_mse=plain.item())
        if time.time() - saved > 120 or iteration + 1 == args.iterations:
            state = {key: part.state_dict() for key, part in parts.items()}
            save(state | {"iteration": iteration + 1}, CONTROL)
            saved = time.time()
    return average


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "mini")
    parser.add_argument("--output", type=Path, default=ROOT / "models" / "mini-control")
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--warm-up", type=int, default=100)
    parser.add_argument("--average", type=float, default=0.99, help="decay of the moving average")
    parser.add_argument("--scenes", type=int, default=12000)
    parser.add_argument("--empty", type=float, default=0.3, help="share of captions left out")
    parser.add_argument("--weight-limit", type=float, default=2.0, help="of high noise")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    CHECKPOINTS.mkdir(exist_ok=True)
    size = export(train(args), args.output)
    print(f"{args.output}: {size / 1e6:.2f} MB of weights")
    if size > LIMIT:
        raise SystemExit(f"{size} bytes of weights are more than the {LIMIT} allowed")


if __name__ == "__main__":
    main()
