"""Writes the seed inputs of the fuzz targets from nothing: tests/fuzz/corpus/<target>/.

usage: .venv/bin/python -m tests.fuzz.make_corpus
The files that fuzzing found (their names begin with "found_") are left alone.
"""

import io
import json
import struct
import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

CORPUS = Path(__file__).parent / "corpus"
VOCABULARY = {"a": 0, "b": 1, "a</w>": 2, "b</w>": 3, "ab</w>": 4, "!</w>": 5}
VOCABULARY |= {"<|startoftext|>": 6, "<|endoftext|>": 7}


def write(target: str, name: str, content: bytes) -> None:
    """Writes one seed."""
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def safetensors(header: dict, data: bytes = b"") -> bytes:
    """A safetensors file with just this header."""
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype: str, shape: list[int], begin: int, end: int) -> dict:
    """One tensor of a safetensors header."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def write_safetensors() -> None:
    """Tensors of all dtypes, metadata, empty tensors."""
    kinds = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1}
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, size in (kinds | {"U8": 1, "BOOL": 1}).items():
        header[name] = entry(name, [2, 3], end, end + 6 * size)
        end += 6 * size
    write("safetensors", "all_dtypes", safetensors(header, bytes(end)))
    write("safetensors", "empty", safetensors({"a": entry("F32", [0, 4], 0, 0)}))
    two = {"a": entry("U8", [1], 0, 1), "b": entry("F32", [], 1, 5)}
    write("safetensors", "unaligned", safetensors(two, bytes(5)))
    write("safetensors", "without_tensors", safetensors({}))


def floats(tensors: dict[str, list[int]], metadata: dict | None = None) -> bytes:
    """A file of tensors of ones with these shapes."""
    header, data = {} if metadata is None else {"__metadata__": metadata}, b""
    for name, shape in tensors.items():
        ones = np.ones(shape, np.float32).tobytes()
        header[name] = entry("F32", shape, len(data), len(data) + len(ones))
        data += ones
    return safetensors(header, data)


def write_additions() -> None:
    """LoRAs in each style, Custom Diffusion's weights, learned words."""
    flat = "lora_unet_conv_in"
    kohya = {f"{flat}.lora_down.weight": [2, 3, 1, 1], f"{flat}.lora_up.weight": [4, 2, 1, 1]}
    write("additions", "kohya", floats({**kohya, f"{flat}.alpha": []}))
    write("additions", "mid", floats({**kohya, f"{flat}.lora_mid.weight": [2, 2, 3, 3]}))
    peft = {"unet.a.to_q.lora_A.weight": [2, 3], "unet.a.to_q.lora_B.weight": [4, 2]}
    config = {"unet.lora_alpha": 3, "unet.alpha_pattern": {"^a.to_q": 1}, "unet.use_rslora": True}
    metadata = {"lora_adapter_metadata": json.dumps(config)}
    write("additions", "peft", floats(peft, metadata))
    old = "text_encoder.text_model.a.to_out_lora"
    write("additions", "old", floats({f"{old}.down.weight": [1, 2], f"{old}.up.weight": [2, 1]}))
    attention = "mid_block.attn2.processor.to_"
    custom = {f"{attention}{name}_custom_diffusion.weight": [2, 3] for name in "kv"}
    write("additions", "custom_diffusion", floats(custom))
    write("additions", "word", floats({"<cat>": [2, 3]}))
    write("additions", "words", floats({"clip_l": [2, 3], "clip_g": [2, 4]}))
    write("additions", "without_rank", floats({k: [0, 3] for k in peft}))


def npz(arrays: dict[str, np.ndarray], packed: bool = False) -> bytes:
    """An archive of arrays; numpy would give it the time of day."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, array in arrays.items():
            info = zipfile.ZipInfo(name + ".npy")
            info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            with archive.open(info, "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=True)
    return target.getvalue()


def write_npz() -> None:
    """Stored and deflated archives, single arrays in each order, and one of Python objects."""
    arrays = {"mu": np.arange(3.0), "sigma": np.eye(3, dtype=np.float32)}
    arrays["arr_0"] = np.asfortranarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    write("npz", "stored", npz(arrays))
    target = io.BytesIO()
    np.savez_compressed(target, zeros=np.zeros(4000), half=np.ones(3, np.float16))
    write("npz", "deflated", target.getvalue())
    write("npz", "objects", npz({"a": np.array([{"b": 1}], dtype=object)}))
    numbers = np.asfortranarray(np.arange(6, dtype=">f8").reshape(3, 2))
    write("npz", "big_endian_arr_0", npz({"arr_0": numbers}, packed=True))
    alone = {"single": np.zeros((2, 0, 3), np.int64), "big_endian_fortran": numbers}
    alone["big_endian"] = np.arange(6, dtype=">u4").reshape(3, 2)
    for name, array in alone.items():
        target = io.BytesIO()
        np.save(target, array)
        write("npz", name, target.getvalue())


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as Pillow writes it."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def write_pictures() -> None:
    """Pictures of every kind that Pillow writes and fdbench reads, a few pixels each."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 18, 4), dtype=np.uint8)
    whole = Image.fromarray(pixels, "RGBA")
    coloured = whole.convert("RGB")
    for mode in ("RGBA", "RGB", "LA", "L", "P", "1"):
        write("picture", f"png_{mode}", saved(whole.convert(mode), "PNG"))
    kinds = {"baseline": {}, "progressive": {"progressive": True}, "444": {"subsampling": 0}}
    for name, options in kinds.items():
        write("picture", f"jpeg_{name}", saved(coloured, "JPEG", **options))
    for mode in ("L", "CMYK"):
        write("picture", f"jpeg_{mode}", saved(whole.convert(mode), "JPEG"))
    for name, options in {"lossy": {}, "lossless": {"lossless": True}}.items():
        write("picture", f"webp_{name}", saved(whole, "WebP", **options))
    wide = Image.fromarray(pixels[..., 0].astype(np.uint16) * 9)
    write("picture", "png_wide", saved(wide, "PNG"))
    write("picture", "tiff_wide", saved(wide, "TIFF"))
    for mode in ("RGBA", "RGB", "L", "P", "1", "CMYK"):
        packing = "raw" if mode == "P" else "tiff_lzw"
        write("picture", f"tiff_{mode}", saved(whole.convert(mode), "TIFF", compression=packing))
    for kind in ("tiff_deflate", "packbits", "jpeg"):
        write("picture", f"tiff_{kind.split('_')[-1]}", saved(coloured, "TIFF", compression=kind))
    write("picture", "tiff_group4", saved(whole.convert("1"), "TIFF", compression="group4"))
    write("picture", "tiff_big_endian", saved(coloured.convert("I;16B"), "TIFF"))
    write_patched_tiffs(saved(coloured.resize((16, 16)), "TIFF"))


def write_patched_tiffs(plain: bytes) -> None:
    """RGB of 16 bits and a tile, which Pillow does not write: its file of 16 x 16, other tags."""
    width, bits = struct.pack("<HHI", 256, 4, 1), struct.pack("<3H", 8, 8, 8)
    half = plain.replace(width + b"\x10", width + b"\x08")
    write("picture", "tiff_wide_RGB", half.replace(bits, struct.pack("<3H", 16, 16, 16)))
    tile = plain.replace(width + b"\x10", width + b"\x0d")
    for (strip, kind), ours in {(273, 4): 324, (278, 4): 322, (279, 4): 325, (284, 3): 323}.items():
        tile = tile.replace(struct.pack("<2H", strip, kind), struct.pack("<2H", ours, kind))
    length = struct.pack("<HHI", 323, 3, 1)
    write("picture", "tiff_tile", tile.replace(length + b"\x01", length + b"\x10"))


def tokenizer(*files: object, text: str) -> bytes:
    """The order of tokenizer_fuzz.cpp; None: no such file."""
    parts = [
        b"" if file is None else (file if isinstance(file, str) else json.dumps(file)).encode()
        for file in files
    ]
    return b"\0".join([*parts, text.encode()])


def write_tokenizers() -> None:
    """Old and new layouts of a tokenizer folder with texts of several scripts."""
    config = {"pad_token": "a", "model_max_length": 12, "unk_token": {"content": "!</w>"}}
    config["added_tokens_decoder"] = {"6": {"content": "<|startoftext|>", "special": True}}
    special = {"bos_token": "<|startoftext|>", "additional_special_tokens": ["<x>"]}
    merges = "#version: 0.2\na b</w>\n"
    text = "AB  a\n! <x> it's 12 \u0130\u0301 \u3042\u6f22 \U0001f600\u0345"
    old = tokenizer(None, VOCABULARY, merges, None, special, {"<x>": 8}, None, text=text)
    write("tokenizer", "old_layout", old)
    new = tokenizer(None, VOCABULARY, merges, config, None, None, None, text=text)
    write("tokenizer", "new_layout", new)
    added = [{"id": 6, "content": "<|startoftext|>", "normalized": False}]
    model = {"type": "BPE", "vocab": VOCABULARY, "merges": ["a b</w>"]}
    whole = {"model": model, "added_tokens": added}
    write("tokenizer", "one_file", tokenizer(whole, *[None] * 6, text="ab!"))
    pairs = {"model": model | {"merges": [["a", "b</w>"]]}}
    limits = {"model_max_length": 1e30, "padding_side": "right"}
    write(
        "tokenizer", "pairs", tokenizer(pairs, None, None, limits, None, None, None, text="ab\0c")
    )
    pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n\u6f22\n!\n"
    bert = {"do_lower_case": True, "model_max_length": 12}
    write("tokenizer", "word_piece", tokenizer(*[None] * 3, bert, None, None, pieces, text=text))
    names = pieces.split()
    bert_model = {"type": "WordPiece", "vocab": {name: id for id, name in enumerate(names)}}
    whole = {"model": bert_model, "normalizer": {"type": "BertNormalizer", "strip_accents": None}}
    whole |= {"pre_tokenizer": {"type": "BertPreTokenizer"}}
    whole |= {"added_tokens": [{"id": 4, "content": "[MASK]", "normalized": False}]}
    write("tokenizer", "word_piece_one_file", tokenizer(whole, *[None] * 6, text=text))


SETTINGS = {"dtype": "float32", "runs.full": "{}", "runs.x": '{"strategy":"x"}'}
RESULT_ATTRIBUTES = {"format": "fdbench", "schema_version": 1, "name": "a sweep"}
RESULT_ATTRIBUTES |= {"settings": json.dumps(SETTINGS), "num_threads": 1, "device": "cpu"}
RESULT_ATTRIBUTES["guidance_scale"] = 4.5


def fill_result(file: h5py.File) -> None:
    """The parts of docs/results.md that fdbench reads back, for two runs."""
    for name, value in RESULT_ATTRIBUTES.items():
        file.attrs[name] = value
    kinds = [("name", "S8"), ("strategy", "S8"), ("compared_with", "S8"), ("baseline", "?")]
    kinds += [("num_steps", "i8"), ("unet_s", "f8"), ("multiply_adds_ratio", "f8")]
    rows = [("full", "full", "full", True, 50, 0.5, 1), ("x", "x", "full", False, 50, 0.2, 1.5)]
    file["runs"] = np.array(rows, kinds)
    file["blocks"] = np.array([("mid",), ("up",)], [("name", "S4")])
    file["layers"] = np.array([("encoder",), ("decoder",)], [("role", "S8")])
    seconds = np.array([[0.5, 0.5, 0.4, 0.5, 0.6]])
    for name in ("unet_s", "denoise_cpu_s", "layer_s"):
        file[f"timing/{name}"] = np.repeat(seconds, 2, 0)
    file["pictures/psnr_to_full"] = np.array([[np.inf], [20.0]])
    file.create_dataset("features/mse", data=np.ones((2, 1, 3, 2)), chunks=True, compression=4)


def write_results() -> None:
    """The same file in HDF5's old and new layout, and one that is not fdbench's."""
    kinds = {"old_format": ("earliest", fill_result), "new_format": ("latest", fill_result)}
    kinds["another"] = ("latest", lambda file: file.create_dataset("a", data=np.arange(3)))
    for name, (version, fill) in kinds.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "result.h5"
            with h5py.File(path, "w", libver=version) as file:
                fill(file)
            write("result", name, path.read_bytes())


CONFIG = """\
name: small
model: {architecture: sd15, weights: random, seed: 1}
device: cpu
dtype: bfloat16
threads: 2
seed: 7
prompts: {list: [a cat, "a \\u00e4 dog"], count: 1}
guidance_scale: 7.5
latent: [64, 96]
features: {enabled: true, detail: layer}
pictures: {chunk: 4, batch: 2, keep: all}
timing: {warmup: 1, rounds: 8}
steps: 50
sampler: {name: ddim, eta: 0.5, flag: true, betas: [0.1, 0.2]}
savings: {skip_hoisting: false}
reuse: linear
tome: {ratio: 0.5, sx: 2, use_rand: true}
noise_injection: {alpha: 0.003, tau: 25, placement: before_unet}
max_parallel: 4
equal_time: [encoder]
runs:
  - &full {strategy: full}
  - {name: encoder, strategy: encoder, key_steps: non_uniform_IV, execution: [sequential, parallel]}
"""
RUNS = """\
name: many
model: somewhere
prompts: [a, b]
steps: 20
runs:
  - strategy: full
  - {strategy: decoder, key_steps: [20, 10, 5], sampler: euler, steps: 20, tome: 0.3}
  - {strategy: drop, key_steps: {uniform: 5}, baseline: full}
  - {strategy: encoder, key_steps: {start: 0.1, end: 0.9, max_run: 4}, reuse: taylor2}
  - {strategy: encoder_decoder, key_steps: {mask: [1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1]}}
  - {strategy: deepcache, cache_interval: 3, skip_mode: non_uniform, center: 8, pow: 1.4}
  - {strategy: deepcache, key_steps: 'uniform:5', cache_block_id: 1, cache_layer_id: 0}
  - {strategy: first_block_cache, threshold: 0.1, cache_branch: 1, warmup: 2, max_run: 3}
  - strategy: custom
    blocks:
      encoder: {uniform: 2}
      up_blocks.0: &keys [20]
      mid_block: *keys
equal_time: true
"""


def write_configs() -> None:
    """Every key once."""
    write("config", "every_key", CONFIG.encode())
    write("config", "every_strategy", RUNS.encode())
    quoted = "name: >-\n  folded\n   text\nmodel: |+\n  block\n\n'runs' : !!str \"\\x41\\u263a\"\n"
    write("config", "styles", quoted.encode())
    write("config", "shared", b"a: &a [1, 2]\nb: &b [*a, *a]\nc: {<<: *b, ? [x] : y}\n")


def write_prompts() -> None:
    """Every kind of prompt file, and the encodings that are refused."""
    texts = ["a cat", "un caf\u00e9", ""]
    images = [{"id": 1, "file_name": "1.jpg"}]
    coco = {"images": images, "annotations": [{"image_id": 1, "caption": text} for text in texts]}
    entries = [{"file_name": f"{i}.png", "text": text} for i, text in enumerate(texts)]
    write("prompts", "coco", json.dumps(coco).encode())
    listed = {"prompts": [*texts, {"caption": "x", "scene": {}}]}
    write("prompts", "list", json.dumps(listed).encode())
    write("prompts", "by_file", json.dumps({"a.png": "x", "b.png": {"prompt": "y"}}).encode())
    write("prompts", "json_lines", "\n".join(json.dumps(entry) for entry in entries).encode())
    write("prompts", "lines", b"\xef\xbb\xbfa\r\nb\r\n\r\n")
    write("prompts", "csv", b'file_name,caption\n0.png,"a, b"\n1.png,"say ""x""\ny"\n')
    write("prompts", "tsv", b'Prompt\tNote\n"A" b\tx\n"c\td"\ty\n')
    marked = "\ufeff" + json.dumps(coco, indent=1)
    write("prompts", "coco_bom", marked.replace("\n", "\r\n").encode())
    lines = [json.dumps(entry | {"id": 1}) + "\r\n" for entry in entries]
    write("prompts", "json_lines_crlf", "".join(lines).encode())
    write("prompts", "csv_bom_crlf", '\ufefftext;id\r\n"a\r\nb";1\r\nc;2\r\n'.encode())
    write("prompts", "latin1", "un caf\u00e9".encode("latin-1"))
    write("prompts", "utf16", "a\nb".encode("utf-16"))


def write_baselines() -> None:
    """A baseline of a plain run and one beside it, whole and with a fault."""
    gates = {"speed": {"tolerance": 0.05, "confidence": 0.99}, "psnr": {"tolerance": 0.5}}
    run = {"identity": {"strategy": "x"}, "unet_speedup": 1.5, "round_ratios": [1.5] * 5}
    run |= {"psnr_to_full": "inf", "latent_mse_to_full": 0.0, "features": {"mse/mid": 1.0}}
    plain = {"identity": {"strategy": "full"}, "baseline": True, "features": {"mse/mid": 1.0}}
    whole = {"format": "fdbench-baseline", "version": 1, "gates": gates}
    whole |= {"provenance": {"cpu": "x"}, "settings": {"seed": "0"}, "processes": [0, 0, 1, 1, 1]}
    whole |= {"decoder_speedup": 0.5, "decoder_ratios": [0.5] * 5}
    whole["runs"] = {"full": plain, "x": run}
    write("baseline", "whole", json.dumps(whole).encode())
    write("baseline", "nan", json.dumps(whole | {"decoder_speedup": float("nan")}).encode())
    write("baseline", "without_runs", json.dumps(whole | {"runs": {}}).encode())


if __name__ == "__main__":
    write_safetensors()
    write_additions()
    write_npz()
    write_pictures()
    write_tokenizers()
    write_results()
    write_configs()
    write_prompts()
    write_baselines()
