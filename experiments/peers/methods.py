"""What is compared: each method makes a latent or one UNet call, and says how long it took."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file

from experiments.peers.encoder_propagation import EncoderPropagation, key_orders
from experiments.peers.model import Inputs
from experiments.peers.worker import Worker

CALL_TIMESTEP = 500
CACHE_INTERVAL, MERGE_RATIO = 3, 0.5  # what the DeepCache and tomesd READMEs use


@dataclass
class Made:
    """A latent [1, c, h, w] or, of a single call, a prediction [2, c, h, w], with its times."""

    tensor: torch.Tensor
    unet_s: float
    total_s: float
    unet_calls: int


class FdbenchMethod:
    """A run of the worker."""

    single_call = True

    def __init__(self, worker: Worker, name: str, folder: Path):
        self.name, self.worker, self.single_call = name, worker, name == "full"
        self.saved = folder / "fdbench.safetensors"

    def latent(self) -> Made:
        """A whole latent."""
        answer = self.worker.ask(run=self.name, save=str(self.saved))
        return self._made(answer, answer["total_s"], answer["unet_calls"])

    def call(self) -> Made:
        """One UNet call."""
        answer = self.worker.ask(call=True, timestep=CALL_TIMESTEP, save=str(self.saved))
        return self._made(answer, answer["unet_s"], 1)

    def _made(self, answer: dict, total_s: float, calls: int) -> Made:
        return Made(load_file(self.saved)["latents"], answer["unet_s"], total_s, calls)


@dataclass
class Setting:
    """What all diffusers methods share."""

    unet: UNet2DConditionModel
    make_scheduler: Callable
    inputs: Inputs
    num_steps: int
    guidance: float


class DiffusersMethod:
    """StableDiffusionPipeline's loop around a UNet: eager, unless a subclass says otherwise."""

    name = "diffusers"
    single_call = True
    record: dict = {"strategy": "full", "like": "full"}  # `like`: fdbench's run of the same layers

    def __init__(self, setting: Setting):
        self.setting, self.unet = setting, setting.unet
        self.scheduler = setting.make_scheduler()

    def begin(self) -> None:
        """Before each picture, outside of its time."""

    def predict(self, order: int, sample, timestep) -> torch.Tensor:
        """Noise prediction [2, c, h, w]."""
        inputs = self.setting.inputs
        return self.unet(
            sample,
            timestep,
            encoder_hidden_states=inputs.states,
            added_cond_kwargs=inputs.added,
            return_dict=False,
        )[0]

    @torch.no_grad()
    def latent(self) -> Made:
        """A whole latent."""
        self.scheduler.set_timesteps(self.setting.num_steps)
        self.begin()
        latents = self.setting.inputs.latents * self.scheduler.init_noise_sigma
        unet_s, start = 0.0, time.perf_counter()
        for order, timestep in enumerate(self.scheduler.timesteps):
            sample = self.scheduler.scale_model_input(torch.cat([latents] * 2), timestep)
            before = time.perf_counter()
            prediction = self.predict(order, sample, timestep)
            unet_s += time.perf_counter() - before
            negative, positive = prediction.chunk(2)
            prediction = negative + self.setting.guidance * (positive - negative)
            latents = self.scheduler.step(prediction, timestep, latents, return_dict=False)[0]
        total_s = time.perf_counter() - start
        return Made(latents.float(), unet_s, total_s, self.setting.num_steps)

    @torch.no_grad()
    def call(self) -> Made:
        """One UNet call."""
        sample = torch.cat([self.setting.inputs.latents] * 2)
        start = time.perf_counter()
        prediction = self.predict(0, sample, torch.tensor(CALL_TIMESTEP))
        seconds = time.perf_counter() - start
        return Made(prediction.float(), seconds, seconds, 1)


def sharing_copy(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """A UNet of its own on the same parameters, so that what a library does to it stays in it."""
    with torch.device("meta"):
        copy = UNet2DConditionModel.from_config(unet.config)
    copy.load_state_dict(unet.state_dict(), assign=True)
    return copy.eval()


class CompiledMethod(DiffusersMethod):
    """torch.compile with its defaults."""

    name = "diffusers/compile"

    def __init__(self, setting: Setting):
        super().__init__(setting)
        self.unet = torch.compile(sharing_copy(setting.unet))


class DeepCacheMethod(DiffusersMethod):
    """The DeepCache library: all but the shallowest blocks run at every third step."""

    name = "diffusers/deepcache"
    single_call = False
    record = {"strategy": "deepcache", "reused": True}

    def __init__(self, setting: Setting):
        from DeepCache import DeepCacheSDHelper

        super().__init__(setting)
        self.unet = sharing_copy(setting.unet)
        self.helper = DeepCacheSDHelper(pipe=self)  # it looks at `unet` and `scheduler`
        self.helper.set_params(cache_interval=CACHE_INTERVAL, cache_branch_id=0)
        self.enabled = False

    def begin(self) -> None:
        """Forgets the last picture's features."""
        if self.enabled:
            self.helper.disable()
        self.helper.enable()
        self.enabled = True


class TokenMergingMethod(DiffusersMethod):
    """The tomesd library: half of the tokens are merged in the outermost self-attentions."""

    name = "diffusers/tomesd"
    # Every layer runs, on fewer tokens: something is saved, so `reused` must not say otherwise.
    record = {"strategy": "token_merging", "reused": True}

    def __init__(self, setting: Setting):
        import tomesd

        super().__init__(setting)
        self.unet = sharing_copy(setting.unet)
        tomesd.apply_patch(self.unet, ratio=MERGE_RATIO)


class EncoderMethod(DiffusersMethod):
    """The paper's method on diffusers' blocks, sequential."""

    name = "diffusers/encoder"
    single_call = False
    record = {"strategy": "encoder", "reused": True, "like": "encoder/non_uniform_IV"}

    def __init__(self, setting: Setting):
        super().__init__(setting)
        self.begin()

    def begin(self) -> None:
        """Forgets the last picture's features."""
        self.propagation = EncoderPropagation(self.unet, key_orders(self.setting.num_steps))

    def predict(self, order: int, sample, timestep) -> torch.Tensor:
        """Noise prediction [2, c, h, w]."""
        return self.propagation.predict(order, sample, timestep, self.setting.inputs.states)


PEERS = (DiffusersMethod, CompiledMethod, DeepCacheMethod, TokenMergingMethod, EncoderMethod)
PEER_BY_NAME = {peer.name: peer for peer in PEERS}
FDBENCH_RUNS = ("full", "encoder/non_uniform_IV", "encoder/non_uniform_IV/parallel")


@dataclass
class Methods:
    """Methods that can run, and why the others cannot."""

    ready: list = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, make: Callable, unit: str, warmups: list[str]) -> None:
        """Makes a method and warms it up with latents or calls, as `warmups` says. Whatever a
        library throws is the reason it is skipped.
        """
        try:
            method = make()
            if unit == "call" and not method.single_call:
                raise ValueError("does not make single calls: it saves work between steps")
            for warmup in warmups:
                getattr(method, warmup)()
        except Exception as error:  # noqa: BLE001
            lines = str(error).strip().splitlines() or [""]
            self.skipped[name] = f"{type(error).__name__}: {lines[0]}"
        else:
            self.ready.append(method)
