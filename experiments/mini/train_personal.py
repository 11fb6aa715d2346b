"""Teaches models/mini a shape that it has never drawn, in one of three ways.

    python experiments/mini/train_personal.py --method custom_diffusion
    python experiments/mini/train_personal.py --method lora
    python experiments/mini/train_personal.py --method dreambooth --output results/mini-dreambooth

A few dozen drawn pictures of the shape make half of every batch, ordinary scenes the other half
(prior preservation). The first two write their file to models/mini-personal, float16, the third a
whole model folder. The LoRA is trained with the token that Custom Diffusion has made.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from common import HERE, Curve, rate, rendered, save, to_tensor
from diffusers import StableDiffusionPipeline
from diffusers.models.attention_processor import CustomDiffusionAttnProcessor
from diffusers.utils import convert_state_dict_to_diffusers
from evaluate import load
from new_shape import RARE_WORD, TOKEN, caption_with, new_scenes, picture_of
from parts import encode_text
from peft import LoraConfig, get_peft_model_state_dict
from safetensors.torch import save_file
from scenes import SHAPES
from train_unet import noised, weights

ROOT = Path(__file__).resolve().parents[2]
PERSONAL = ROOT / "models" / "mini-personal"
CUSTOM_FILE = "pytorch_custom_diffusion_weights.safetensors"
SEED = 40_000_000  # of the new shape's scenes
LIMIT = 1_000_000  # bytes of each file
UNET_LAYERS = ("to_q", "to_k", "to_v", "to_out.0", "conv1", "conv2")
TEXT_ATTENTION = ("q_proj", "k_proj", "v_proj", "out_proj")


@torch.no_grad()
def mean_of_shapes(pipeline: StableDiffusionPipeline) -> torch.Tensor:
    """Mean of the five shape words' rows of the text encoder, where a new word starts."""
    shapes = encode_text(pipeline.tokenizer, [" ".join(SHAPES)])[0, 1 : 1 + len(SHAPES)]
    return pipeline.text_encoder.get_input_embeddings().weight[shapes].mean(dim=0)


class Lora:
    """Low-rank additions to the UNet's attention and residual blocks and the text's attention.

    The new word is Custom Diffusion's, whose row stays as it is in models/mini-personal.
    """

    word, rates, iterations = TOKEN, (3e-3,), 400

    def __init__(self, pipeline: StableDiffusionPipeline, rank: int):
        pipeline.load_textual_inversion(PERSONAL, weight_name=f"{TOKEN}.safetensors", token=TOKEN)
        parts = {pipeline.unet: UNET_LAYERS, pipeline.text_encoder: TEXT_ATTENTION}
        for part, names in parts.items():
            part.requires_grad_(False)
            part.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=list(names)))
        self.groups = [[p for part in parts for p in part.parameters() if p.requires_grad]]

    def after_backward(self) -> None:
        """Nothing to do."""

    @staticmethod
    def write(pipeline: StableDiffusionPipeline, folder: Path) -> list[Path]:
        """`pytorch_lora_weights.safetensors`, as `load_lora_weights` takes it."""
        halves = []
        for part in (pipeline.unet, pipeline.text_encoder):
            own = get_peft_model_state_dict(part, save_embedding_layers=False)
            state = convert_state_dict_to_diffusers(own)
            # transformers 5 has no text_model in CLIPTextModel; files have it, as older ones need.
            prefix = "" if part is pipeline.unet or hasattr(part, "text_model") else "text_model."
            halves.append({prefix + key: value.half().contiguous() for key, value in state.items()})
        StableDiffusionPipeline.save_lora_weights(folder, halves[0], halves[1])
        return [folder / "pytorch_lora_weights.safetensors"]


class CustomDiffusion:
    """The matrices of the text attention, and one new row of the vocabulary.

    Kumari et al. (2023) train keys and values alone; queries and outputs, too, are what diffusers'
    script calls `freeze_model=crossattn`.
    """

    word, rates, iterations = TOKEN, (2e-3, 1e-2), 800

    def __init__(self, pipeline: StableDiffusionPipeline, rank: int):
        pipeline.unet.requires_grad_(False)
        pipeline.text_encoder.requires_grad_(False)
        pipeline.unet.set_attn_processor(
            {name: self.processor(pipeline.unet, name) for name in pipeline.unet.attn_processors}
        )
        start = mean_of_shapes(pipeline)
        pipeline.tokenizer.add_tokens(TOKEN)
        pipeline.text_encoder.resize_token_embeddings(len(pipeline.tokenizer), mean_resizing=False)
        self.rows = pipeline.text_encoder.get_input_embeddings().weight
        with torch.no_grad():
            self.rows[-1] = start
        self.rows.requires_grad_(True)
        own = [p for p in pipeline.unet.parameters() if p.requires_grad]
        self.groups = [own, [self.rows]]

    @staticmethod
    def processor(unet: torch.nn.Module, name: str) -> CustomDiffusionAttnProcessor:
        """Of one attention; that of the text starts as the UNet has it."""
        attention = unet.get_submodule(name.removesuffix(".processor"))
        is_text = name.endswith("attn2.processor")
        made = CustomDiffusionAttnProcessor(
            train_kv=is_text,
            train_q_out=is_text,
            hidden_size=attention.to_k.out_features,
            cross_attention_dim=attention.to_k.in_features,
        )
        if is_text:
            for key in ("to_q", "to_k", "to_v"):
                own = getattr(made, f"{key}_custom_diffusion")
                own.load_state_dict(getattr(attention, key).state_dict())
            made.to_out_custom_diffusion[0].load_state_dict(attention.to_out[0].state_dict())
        return made

    def after_backward(self) -> None:
        """No row but the new one moves."""
        self.rows.grad[:-1] = 0

    @staticmethod
    def write(pipeline: StableDiffusionPipeline, folder: Path) -> list[Path]:
        """The matrices as `save_attn_procs` writes them, the row as textual inversion has it."""
        state = {
            f"{name}.{key}": value.half().contiguous()
            for name, processor in pipeline.unet.attn_processors.items()
            for key, value in processor.state_dict().items()
        }
        row = pipeline.text_encoder.get_input_embeddings().weight[-1].detach().half()
        files = {folder / CUSTOM_FILE: state, folder / f"{TOKEN}.safetensors": {TOKEN: row.clone()}}
        for path, tensors in files.items():
            save_file(tensors, path, metadata={"format": "pt"})
        return list(files)


class DreamBooth:
    """The whole UNet and text encoder, the rare word's row starting as the mean of the shapes'."""

    word, rates, iterations = RARE_WORD, (5e-4,), 400

    def __init__(self, pipeline: StableDiffusionPipeline, rank: int):
        rare = encode_text(pipeline.tokenizer, [RARE_WORD])[0, 1]
        start = mean_of_shapes(pipeline)
        with torch.no_grad():
            pipeline.text_encoder.get_input_embeddings().weight[rare] = start
        parts = (pipeline.unet, pipeline.text_encoder)
        self.groups = [[p for part in parts for p in part.parameters()]]

    def after_backward(self) -> None:
        """Nothing to do."""

    @staticmethod
    def write(pipeline: StableDiffusionPipeline, folder: Path) -> list[Path]:
        """A model folder, float32."""
        pipeline.unet.to(memory_format=torch.contiguous_format)
        pipeline.save_pretrained(folder)
        return []


METHODS = {"lora": Lora, "custom_diffusion": CustomDiffusion, "dreambooth": DreamBooth}


@torch.no_grad()
def encoded(pipeline: StableDiffusionPipeline, captions: list[str], pictures: np.ndarray) -> dict:
    """Scaled latents [n, 4, 16, 16] and token ids of captioned pictures."""
    batches = [to_tensor(pictures[i : i + 64]) for i in range(0, len(pictures), 64)]
    latents = [pipeline.vae.encode(batch).latent_dist.mode() for batch in batches]
    return {
        "latents": torch.cat(latents) * pipeline.vae.config.scaling_factor,
        "tokens": encode_text(pipeline.tokenizer, captions),
    }


def new_pictures(pipeline: StableDiffusionPipeline, count: int, word: str) -> dict:
    """The few pictures of the new shape, encoded."""
    source, rng = new_scenes(SEED, want_held_out=False), np.random.default_rng(SEED)
    chosen = [next(source) for _ in range(count)]
    pictures = np.stack([picture_of(scene, rng) for scene in chosen])
    return encoded(pipeline, [caption_with(scene, word) for scene in chosen], pictures)


def batch_of(new: dict, prior: dict, args: argparse.Namespace) -> tuple:
    """Latents and token ids, half of them of the new shape; some captions are empty."""
    half = args.batch // 2
    chosen = [torch.randint(0, len(data["latents"]), (half,)) for data in (new, prior)]
    pairs = list(zip((new, prior), chosen, strict=True))
    latents = torch.cat([data["latents"][index] for data, index in pairs])
    tokens = torch.cat([data["tokens"][index] for data, index in pairs])
    tokens[torch.rand(len(tokens)) < args.empty] = args.empty_tokens
    order = torch.randperm(len(tokens))  # timesteps are stratified in the order of the batch
    return latents[order], tokens[order]


def train(pipeline: StableDiffusionPipeline, method, args: argparse.Namespace) -> None:
    """The loop. Resumes from `args.checkpoint`, which holds what is trained and the optimizer."""
    new = new_pictures(pipeline, args.pictures, method.word)
    prior = encoded(pipeline, *rendered(args.prior))
    args.empty_tokens = encode_text(pipeline.tokenizer, [""])[0]
    groups = [
        {"params": part, "peak": args.lr_scale * peak}
        for part, peak in zip(method.groups, method.rates, strict=True)
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.0)
    parameters = [p for group in method.groups for p in group]
    start = 0
    if args.checkpoint.exists():
        state = torch.load(args.checkpoint)
        optimizer.load_state_dict(state["optimizer"])
        start = state["iteration"]
        with torch.no_grad():
            for parameter, value in zip(parameters, state["parameters"], strict=True):
                parameter.copy_(value)
    alphas_cumprod = pipeline.scheduler.alphas_cumprod
    weight = weights(alphas_cumprod, args.weight_limit)
    curve, saved = Curve(HERE / f"loss_personal_{args.method}.csv", 20, start), time.time()
    for iteration in range(start, args.iterations):
        torch.manual_seed(args.seed + 1_000_000 + iteration)
        for group in optimizer.param_groups:
            group["lr"] = rate(iteration, args.iterations, group["peak"], args.warm_up, floor=0.01)
        latents, tokens = batch_of(new, prior, args)
        noisy, noise, timesteps = noised(latents, alphas_cumprod)
        states = pipeline.text_encoder(tokens).last_hidden_state
        error = (pipeline.unet(noisy, timesteps, states).sample - noise).square()
        error = error.mean(dim=(1, 2, 3))
        loss = (error * weight[timesteps]).mean()
        optimizer.zero_grad()
        loss.backward()
        method.after_backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        curve.add(iteration + 1, loss=loss.item(), epsilon_mse=error.mean().item())
        if time.time() - saved > 120 or iteration + 1 == args.iterations:
            state = {"parameters": parameters, "optimizer": optimizer.state_dict()}
            save(state | {"iteration": iteration + 1}, args.checkpoint)
            saved = time.time()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", choices=METHODS, required=True)
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "mini")
    parser.add_argument("--output", type=Path, help="folder; dreambooth has no default")
    parser.add_argument("--pictures", type=int, default=48, help="of the new shape")
    parser.add_argument("--prior", type=int, default=1000, help="ordinary scenes beside them")
    parser.add_argument("--iterations", type=int, help="default: the method's own")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rank", type=int, default=4, help="of the LoRA")
    parser.add_argument("--lr-scale", type=float, default=1.0, help="times the method's own")
    parser.add_argument("--warm-up", type=int, default=20)
    parser.add_argument("--empty", type=float, default=0.1, help="share of captions left out")
    parser.add_argument("--weight-limit", type=float, default=2.0, help="of high noise")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if args.output is None and args.method == "dreambooth":
        parser.error("dreambooth writes 36 MB: name a folder with --output")
    folder = args.output or PERSONAL
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.checkpoint = HERE / "checkpoints" / f"personal_{args.method}.pt"
    pipeline = load(args.model)
    method = METHODS[args.method](pipeline, args.rank)
    pipeline.unet.to(memory_format=torch.channels_last)
    args.iterations = args.iterations or method.iterations
    train(pipeline, method, args)
    folder.mkdir(parents=True, exist_ok=True)
    for path in method.write(pipeline, folder):
        size = path.stat().st_size
        print(f"{path}: {size / 1e6:.3f} MB")
        if size > LIMIT:
            raise SystemExit(f"{size} bytes are more than the {LIMIT} allowed")


if __name__ == "__main__":
    main()
