"""Prompts reach the text encoder as in diffusers, and what does not is said."""

import json
import re
import shutil
from functools import cache
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from transformers import CLIPTokenizer

from tests.field.conftest import MODELS, edit

LONG = "a red circle and " * 12 + "a blue square"
LEARNED = ["a <cat> on a red circle", "a <cat>", "A Dog and dog, <CAT>", "<cat><cat> x",
           "in blue_style, Blue_Style", "  <cat>  and   Dog.", "no such word"]  # fmt: skip


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """models/mini with learned words of three vectors, of one, and of a [1, d] tensor."""
    pipeline = StableDiffusionPipeline.from_pretrained(MODELS / "mini")
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(5, 128, generator=generator)
    pipeline.load_textual_inversion({"<cat>": vectors[:3]})
    pipeline.load_textual_inversion({"Dog": vectors[3]})
    pipeline.load_textual_inversion(vectors[4:], token="blue_style")
    folder = tmp_path_factory.mktemp("learned") / "model"
    pipeline.save_pretrained(folder)
    return folder


def as_older(folder: Path, form: str) -> None:
    """The files as transformers 4 wrote them: the added tokens beside the vocabulary, in
    added_tokens.json or as added_tokens_decoder.
    """
    added = json.loads((folder / "tokenizer/tokenizer.json").read_text())["added_tokens"]
    shutil.rmtree(folder / "tokenizer")
    shutil.copytree(MODELS / "mini/tokenizer", folder / "tokenizer")
    learned = {token["content"]: token["id"] for token in added if token["id"] > 632}
    if form == "added_tokens.json":
        (folder / "tokenizer/added_tokens.json").write_text(json.dumps(learned))
    else:
        decoder = {token["id"]: {k: v for k, v in token.items() if k != "id"} for token in added}
        edit(folder / "tokenizer/tokenizer_config.json", added_tokens_decoder=decoder)


@pytest.mark.parametrize("form", ["tokenizer.json", "added_tokens.json", "added_tokens_decoder"])
def test_ids_of_learned_words(learned, fdbench, tmp_path, form):
    folder = Path(shutil.copytree(learned, tmp_path / "model"))
    if form != "tokenizer.json":
        as_older(folder, form)
    pipeline = StableDiffusionPipeline.from_pretrained(folder)
    tokenizer = pipeline.tokenizer
    wanted = tokenizer(
        pipeline.maybe_convert_prompt(LEARNED, tokenizer), padding="max_length", truncation=True
    ).input_ids
    (tmp_path / "texts.json").write_text(json.dumps(LEARNED))
    done = fdbench("tokenize", folder, "--texts-file", tmp_path / "texts.json", "--format", "json")
    assert json.loads(done.stdout)["input_ids"] == wanted


def test_latents_of_learned_words(learned, latents_of, diffusers_latents):
    prompt = LEARNED[0]
    torch.testing.assert_close(
        latents_of(learned, prompt=prompt, steps=1),
        diffusers_latents(learned, prompt=prompt, steps=1), rtol=1e-4, atol=1e-4,
    )  # fmt: skip


@cache
def embedded_tokenizer() -> CLIPTokenizer:
    return CLIPTokenizer.from_pretrained(MODELS / "mini/tokenizer")


def lost(prompt: str) -> tuple[int, int, str]:
    """Tokens, tokens cut, and the words cut, by transformers."""
    tokenizer = embedded_tokenizer()
    ids, limit = tokenizer(prompt).input_ids, tokenizer.model_max_length
    return len(ids), max(len(ids) - limit, 0), tokenizer.decode(ids[limit - 1 : -1])


def test_a_cut_prompt_is_said(latents_of):
    tokens, cut, words = lost(LONG)
    assert (tokens, cut) == (77, 45)
    latents_of(MODELS / "mini", prompt=LONG, steps=1)
    assert latents_of.said.count("warning: ") == 1
    assert f"{tokens} tokens: {cut} of them, beyond the limit of 32, are cut" in latents_of.said
    shown = re.search(r"from '(.*?)(\.\.\.)?' on", latents_of.said)
    assert shown and words.startswith(shown[1]) and len(shown[1]) > 20
    for text in ("a red circle", LONG[: LONG.index("and", 60)]):
        latents_of(MODELS / "mini", prompt=text, steps=1)
        assert latents_of.said == ""


def test_a_prompt_at_the_limit(latents_of):
    words = "a red circle and a blue square " * 10
    at_limit = next(words[:end] for end in range(len(words), 0, -1) if lost(words[:end])[0] == 32)
    over = next(words[:end] for end in range(len(words)) if lost(words[:end])[0] == 33)
    latents_of(MODELS / "mini", prompt=at_limit, steps=1)
    assert latents_of.said == ""
    latents_of(MODELS / "mini", prompt=over, steps=1)
    assert "33 tokens: 1 of them" in latents_of.said


def test_the_negative_prompt_too(latents_of):
    latents_of(MODELS / "mini", "--negative-prompt", LONG, steps=1)
    assert "77 tokens: 45 of them" in latents_of.said


@pytest.mark.parametrize("more", [("--dry-run",), ()])
def test_a_sweep_says_it_once(fdbench, tmp_path, more):
    prompts = json.dumps(["a red circle", LONG, "a ring " * 40])
    (tmp_path / "c.yaml").write_text(
        f"name: a\nmodel: {MODELS / 'mini'}\nsteps: 1\nprompts: {prompts}\nfeatures: false\n"
        "timing: {warmup: 0, rounds: 2, rounds_per_process: 1}\nruns: [{strategy: full}]\n"
    )
    done = fdbench("run", tmp_path / "c.yaml", "--out", tmp_path / "a.h5", *more)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("are too long for the text encoder") == 1
    tokens, cut, _ = lost("a ring " * 40)
    assert "2 of 3 prompts" in done.stderr
    assert "prompt 3, 'a ring a ring" in done.stderr
    assert f"has {tokens} tokens: {cut} of them" in done.stderr


def test_a_judge_says_it(fdbench, tmp_path):
    from PIL import Image

    (tmp_path / "p").mkdir()
    for i in range(2):
        Image.new("RGB", (64, 64), (200, 10 * i, 0)).save(tmp_path / f"p/{i}.png")
    (tmp_path / "prompts.json").write_text(json.dumps(["a red circle", LONG]))
    clip = ("--clip", MODELS / "mini-judge", "--metrics", "clip_score")
    done = fdbench("judge", tmp_path / "p", *clip, "--prompts", tmp_path / "prompts.json")
    assert done.returncode == 0, done.stderr
    assert "1 of 2 prompts" in done.stderr
    assert "prompt 2" in done.stderr
