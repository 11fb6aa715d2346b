"""Draws the loss curves of the CSV files that the training programs write.

python experiments/mini/plot_loss.py
"""

import csv

import matplotlib
from common import HERE

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

PERSONAL = {f"personal_{method}": "loss" for method in ("lora", "custom_diffusion", "dreambooth")}


def columns(name: str) -> dict[str, list[float]]:
    """The columns of one CSV file by name."""
    head, *rows = csv.reader((HERE / name).read_text().splitlines())
    return {key: [float(row[i]) for row in rows] for i, key in enumerate(head)}


def main() -> None:
    """Panels: autoencoder, text encoder, UNet, control network, the three ways to a new shape."""
    figure, grid = plt.subplots(2, 3, figsize=(12, 6.4), layout="constrained")
    panels = (
        ("autoencoder", "L1 + L2 + edges", {"vae": "reconstruction"}),
        ("text encoder", "cross entropy of the layout", {"text": "loss"}),
        ("UNet", "squared error of the noise", {"unet": "epsilon_mse"}),
        ("control network", "weighted squared error", {"control": "loss"}),
        ("new shape", "weighted squared error", PERSONAL),
    )
    for axes, (title, label, curves) in zip(grid.flat, panels, strict=False):
        for name, key in curves.items():
            values = columns(f"loss_{name}.csv")
            axes.plot(values["iteration"], values[key], label=name.removeprefix("personal_"))
        axes.set(title=title, xlabel="iteration", ylabel=label, yscale="log")
        axes.grid(alpha=0.3)
        if len(curves) > 1:
            axes.legend()
    grid.flat[-1].set_axis_off()
    figure.savefig(HERE / "loss.png", dpi=80)


if __name__ == "__main__":
    main()
