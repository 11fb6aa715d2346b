"""Speed against quality, and where the time goes."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from analysis.figures.look import INK, MUTED, STRATEGY, Drawing
from analysis.runs import describe

PARTS = {
    "text_encoder_s": ("text encoder", "#8aa0b8"),
    "unet_s": ("UNet", "#2f6db5"),
    "vae_s": ("VAE", "#3b9a78"),
}


def draw_tradeoff(table: pd.DataFrame) -> Drawing | None:
    """UNet speedup against PSNR and latent MSE, both with 95% intervals; None without times or
    distances.
    """
    quality = np.isfinite(table["psnr"]) | (table["latent_mse"] > 0)
    table = table[np.isfinite(table["speedup"]) & quality & ~table["baseline"]]
    if table.empty:
        return None
    figure, axes = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    for axis, column in zip(axes, ("psnr", "latent_mse"), strict=True):
        _scatter(axis, table, column)
    axes[0].set(title="Pictures", ylabel="PSNR to the full run [dB], higher is closer")
    axes[1].set(title="Latents", ylabel="latent MSE to the full run, lower is closer")
    axes[1].set_yscale("log")
    axes[1].invert_yaxis()
    for way, face in (("sequential", "white"), ("parallel", MUTED)):
        axes[1].plot([], [], "o", color=MUTED, markerfacecolor=face, label=way)
    axes[1].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    figure.canvas.draw()
    for axis, column in zip(axes, ("psnr", "latent_mse"), strict=True):
        _label(axis, table, column)
    return Drawing(
        "speed_quality",
        "Speed against closeness to the full run",
        "Two scatter plots: UNet speedup against PSNR and against latent MSE, better is up and "
        "to the right.",
        "Each run with 95% intervals: of the speedup over timing rounds, of the distance over "
        "pictures. Filled: parallel; hollow: sequential; "
        "a line joins the two executions of one plan. Up and to the right is better; the dashed "
        "line joins the runs that no other beats in both speed and latent MSE (the Pareto front).",
        figure,
    )


def _scatter(axis: plt.Axes, table: pd.DataFrame, column: str) -> None:
    for _, members in table.groupby("group", sort=False):
        colour = STRATEGY.get(members["strategy"].iloc[0], MUTED)
        axis.plot(members["speedup"], members[column], color=colour, linewidth=1, alpha=0.35)
        for _, row in members.iterrows():
            axis.errorbar(
                row["speedup"],
                row[column],
                xerr=_arms(row, "speedup", "low", "high"),
                yerr=_arms(row, column, f"{column}_low", f"{column}_high"),
                fmt="o",
                markersize=6,
                color=colour,
                markerfacecolor=colour if row["execution"] == "parallel" else "white",
                elinewidth=1,
                alpha=0.9,
            )
    front = table[table["front"] & np.isfinite(table[column])].sort_values("speedup")
    if front["compared_with"].nunique() == 1:
        axis.plot(front["speedup"], front[column], "--", color=MUTED, linewidth=1, zorder=0)
    axis.axvline(1, color=MUTED, linestyle=":", linewidth=1)
    axis.set_xlabel("UNet speedup over the full run")
    low, high = min(1.0, table["speedup"].min()), table["speedup"].max()
    axis.set_xlim(low - 0.08 * (high - low), high + 0.55 * (high - low))


def _arms(row: pd.Series, value: str, low: str, high: str) -> np.ndarray | None:
    arms = np.array([[row[value] - row[low]], [row[high] - row[value]]])
    return np.clip(arms, 0, None) if np.isfinite(arms).all() else None


def _label(axis: plt.Axes, table: pd.DataFrame, column: str) -> None:
    """Names each plan right of its rightmost point, moved apart where names would overlap."""
    best = table.loc[table.groupby("group")["speedup"].idxmax()]
    best = best[np.isfinite(best[column])]
    points = axis.transData.transform(best[["speedup", column]].to_numpy(dtype=float))
    taken: list[tuple[float, float]] = []
    for index in np.argsort(-points[:, 1]):
        row, (x, y) = best.iloc[index], points[index]
        place = y
        while any(abs(place - other) < 13 and abs(x - beside) < 130 for beside, other in taken):
            place -= 2
        taken.append((x, place))
        axis.annotate(
            _short_name(row, best),
            (row["speedup"], row[column]),
            (6, (place - y) * 72 / axis.figure.dpi + 2.5),
            textcoords="offset points",
            fontsize=7.5,
            color=STRATEGY.get(row["strategy"], INK),
        )


def _short_name(row: pd.Series, others: pd.DataFrame) -> str:
    """Key set of encoder propagation; of what is there once, the strategy alone."""
    if row["strategy"] == "encoder" and row["key_set"]:
        return row["key_set"]
    return describe(row) if (others["strategy"] == row["strategy"]).sum() > 1 else row["strategy"]


def draw_times(table: pd.DataFrame) -> Drawing | None:
    """Stacked bars: seconds a picture for text encoder, UNet and VAE; None without times."""
    table = table[np.isfinite(table["unet_s"])]
    if table.empty:
        return None
    figure, axis = plt.subplots(figsize=(8.4, 0.27 * len(table) + 1.1), layout="constrained")
    places, left = np.arange(len(table))[::-1], np.zeros(len(table))
    for part, (label, colour) in PARTS.items():
        widths = table[part].fillna(0).to_numpy()
        axis.barh(places, widths, left=left, color=colour, height=0.68, label=label)
        left += widths
    for place, end, row in zip(places, left, table.itertuples(), strict=True):
        text = f"{end:.3g} s" + (
            f"   UNet {row.speedup:.2f}x" if np.isfinite(row.speedup) and not row.baseline else ""
        )
        axis.annotate(text, (end, place), (4, -3), textcoords="offset points", fontsize=7.5)
    axis.set_yticks(places, table["name"], fontsize=8, color=INK)
    axis.set_xlabel("seconds a picture, median over rounds")
    axis.margins(x=0.2, y=0.02)
    axis.grid(axis="y", visible=False)
    axis.legend(ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
    return Drawing(
        "times",
        "Where the time goes",
        "Stacked bars of seconds a picture for text encoder, UNet and VAE by run.",
        "Medians over the timing rounds, in which every run makes the same picture in shuffled "
        "order.",
        figure,
    )
