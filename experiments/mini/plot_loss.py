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
    """Two panels: autoencoder, UNet."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    vae, unet = columns("loss_vae.csv"), columns("loss_unet.csv")
    left.plot(vae["iteration"], vae["reconstruction"])
    left.set(title="autoencoder", ylabel="L1 + L2 + edges")
    right.plot(unet["iteration"], unet["loss"], label="min-SNR weights")
    right.plot(unet["iteration"], unet["epsilon_mse"], label="plain")
    right.set(title="UNet and text encoder", ylabel="squared error of the noise")
    right.legend()
    for axes in (left, right):
        axes.set(xlabel="iteration", yscale="log")
        axes.grid(alpha=0.3)
    figure.savefig(HERE / "loss.png", dpi=80)


if __name__ == "__main__":
    main()
