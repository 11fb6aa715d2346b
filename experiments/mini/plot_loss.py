"""Draws the loss curves of the CSV files that the training programs write.

python experiments/mini/plot_loss.py
"""

import csv

import matplotlib
from common import HERE

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def columns(name: str) -> dict[str, list[float]]:
    """The columns of one CSV file by name."""
    head, *rows = csv.reader((HERE / name).read_text().splitlines())
    return {key: [float(row[i]) for row in rows] for i, key in enumerate(head)}


def main() -> None:
    """Three panels: autoencoder, text encoder, UNet."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.2), layout="constrained")
    vae, text, unet = (columns(f"loss_{name}.csv") for name in ("vae", "text", "unet"))
    left.plot(vae["iteration"], vae["reconstruction"])
    left.set(title="autoencoder", ylabel="L1 + L2 + edges")
    middle.plot(text["iteration"], text["loss"])
    middle.set(title="text encoder", ylabel="cross entropy of the layout")
    right.plot(unet["iteration"], unet["epsilon_mse"])
    right.set(title="UNet", ylabel="squared error of the noise")
    for axes in (left, middle, right):
        axes.set(xlabel="iteration", yscale="log")
        axes.grid(alpha=0.3)
    figure.savefig(HERE / "loss.png", dpi=80)


if __name__ == "__main__":
    main()
