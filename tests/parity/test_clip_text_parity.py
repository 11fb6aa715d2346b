"""CLIPTextModel against transformers."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from tests.parity.reference import TOLERANCE, randomize, scaled_difference


def make_text_encoder(kind: type = CLIPTextModel, **config) -> torch.nn.Module:
    small = {
        "vocab_size": 600,
        "hidden_size": 48,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "max_position_embeddings": 77,
        "bos_token_id": 598,
        "eos_token_id": 599,
    }
    torch.manual_seed(5)
    return randomize(kind(CLIPTextConfig(**{**small, **config})), 5)


def token_ids(model: CLIPTextModel, batch: int = 2, length: int = 77) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randint(0, model.config.vocab_size, (batch, length), generator=generator)


def check_parity(parity_runner, folder, model: CLIPTextModel, ids: torch.Tensor) -> None:
    result = parity_runner("text-encode", folder, {"input_ids": ids})
    assert result.returncode == 0, result.stderr
    with torch.inference_mode():
        reference = model(ids).last_hidden_state
    assert scaled_difference(result.tensors["last_hidden_state"], reference) < TOLERANCE / 10


@pytest.mark.parametrize("hidden_act", ["quick_gelu", "gelu"])
@pytest.mark.parametrize("length", [77, 5, 1])
def test_equals_transformers(parity_runner, tmp_path, hidden_act, length):
    model = make_text_encoder(hidden_act=hidden_act)
    model.save_pretrained(tmp_path / "text_encoder")
    check_parity(parity_runner, tmp_path, model, token_ids(model, length=length))


@pytest.mark.parametrize("eos_token_id", [2, 599, 300])
@pytest.mark.parametrize("num_hidden_layers", [1, 3])
def test_what_sdxl_takes(parity_runner, tmp_path, eos_token_id, num_hidden_layers):
    """hidden_states[-2], and the projected state of the end token: by 2, that of the highest id."""
    model = make_text_encoder(
        CLIPTextModelWithProjection,
        eos_token_id=eos_token_id,
        num_hidden_layers=num_hidden_layers,
        projection_dim=20,
    )
    model.save_pretrained(tmp_path / "text_encoder")
    ids = torch.tensor([[598, 7, 300, 9, 599, 0, 300], [598, 300, 300, 8, 8, 599, 599]])
    result = parity_runner("text-encode", tmp_path, {"input_ids": ids})
    assert result.returncode == 0, result.stderr
    with torch.inference_mode():
        reference = model(ids, output_hidden_states=True)
    for name, expected in [
        ("penultimate_hidden_state", reference.hidden_states[-2]),
        ("last_hidden_state", reference.last_hidden_state),
        ("text_embeds", reference.text_embeds),
    ]:
        assert scaled_difference(result.tensors[name], expected) < TOLERANCE / 10, name


def test_other_norm_eps(parity_runner, tmp_path):
    model = make_text_encoder(layer_norm_eps=1e-2)
    model.save_pretrained(tmp_path / "text_encoder")
    check_parity(parity_runner, tmp_path, model, token_ids(model, batch=3))


def test_keys_with_prefix_and_position_ids(parity_runner, tmp_path):
    """Files of older transformers: a prefix on every key and a buffer that is no parameter."""
    model = make_text_encoder()
    model.save_pretrained(tmp_path / "text_encoder")
    path = tmp_path / "text_encoder" / "model.safetensors"
    tensors = {"text_model." + name: tensor for name, tensor in load_file(path).items()}
    tensors["text_model.embeddings.position_ids"] = torch.arange(77).unsqueeze(0)
    save_file(tensors, path)
    check_parity(parity_runner, tmp_path, model, token_ids(model))


def test_half_precision_weights(parity_runner, tmp_path):
    model = make_text_encoder().half()
    model.save_pretrained(tmp_path / "text_encoder")
    check_parity(parity_runner, tmp_path, model.float(), token_ids(model))


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (torch.tensor([[1, 600]]), "token id 600 is outside the text encoder's vocabulary of 600"),
        (torch.tensor([[-1, 2]]), "token id -1 is outside"),
        (torch.zeros(1, 78, dtype=torch.long), "takes 77 tokens at most, not 78"),
        (torch.zeros(1, 4), "needs input_ids [n, l] of int64"),
    ],
)
def test_ids_that_do_not_fit_are_named(parity_runner, tmp_path, ids, message):
    make_text_encoder().save_pretrained(tmp_path / "text_encoder")
    result = parity_runner("text-encode", tmp_path, {"input_ids": ids})
    assert result.returncode == 2
    assert message in result.stderr


def test_the_embedded_model(parity_runner, root):
    folder = root / "models" / "mini"
    model = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32).eval()
    check_parity(parity_runner, folder, model, token_ids(model, length=32))
