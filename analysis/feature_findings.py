"""Do the paper's claims about block outputs (section 3.2, Figure 3) hold on the full run?"""

import numpy as np

from analysis.features import BlockFeatures
from analysis.findings import FAILS, HOLDS, OPEN, Finding
from analysis.paper import numbers


def feature_findings(features: BlockFeatures | None) -> list[Finding]:
    """The claims that the measured features can answer. Encoder: conv_in and down blocks; decoder:
    the up blocks.
    """
    if features is None:
        return []
    names = features.blocks["name"]
    encoder = np.flatnonzero(features.blocks["role"] == "encoder")
    decoder = np.flatnonzero(names.str.startswith("up_blocks"))
    if not len(encoder) or not len(decoder):
        return []
    findings = []
    if features.mse is not None and features.mse.shape[1] > 1:
        findings += _change_findings(features.mse[:, 1:], encoder, decoder, list(names))
    if features.frobenius is not None:
        heights = np.diff(np.nanquantile(features.frobenius, [0.25, 0.75], axis=1), axis=0)[0]
        findings.append(_box_heights(heights, encoder, decoder))
    if features.frobenius_std is not None:
        findings.append(_deviations(features.frobenius_std, encoder, decoder, list(names)))
    return findings


def _change_findings(
    mse: np.ndarray, encoder: np.ndarray, decoder: np.ndarray, names: list[str]
) -> list[Finding]:
    """Figure 3a: mse [P, S - 1, B]."""
    paper = numbers()["figure3"]
    mean = np.nanmean(mse, axis=0)
    highest = {"encoder": mean[:, encoder].max(), "decoder": mean[:, decoder].max()}
    variance = {
        "encoder": mean[:, encoder].var(axis=0).max(),
        "decoder": mean[:, decoder].var(axis=0).max(),
    }
    more = mse[:, :, decoder].max(axis=(1, 2)) > mse[:, :, encoder].max(axis=(1, 2))
    last, others = mean[:, decoder[-1]].mean(), mean[:, decoder[:-1]].mean(axis=0)
    still = bool(len(others)) and last < others.min()
    return [
        Finding(
            "Encoder outputs hardly change between adjacent steps",
            f"greatest MSE below {paper['encoder_max_mse']}",
            f"greatest MSE {highest['encoder']:.3g} (depends on the scale of the model's features)",
            HOLDS if highest["encoder"] < paper["encoder_max_mse"] else FAILS,
        ),
        Finding(
            "Decoder outputs change far more than encoder outputs",
            f"greatest MSE about {paper['decoder_max_mse']} against {paper['encoder_max_mse']}",
            f"{highest['decoder']:.3g} against {highest['encoder']:.3g} "
            f"({highest['decoder'] / highest['encoder']:.2g} times), {_share(more)}",
            _vote(more),
        ),
        Finding(
            "The change of encoder outputs varies less over the steps than the decoder's",
            f"variance below {paper['encoder_mse_variance']}, decoder about "
            f"{paper['decoder_mse_variance']}",
            f"greatest variance {variance['encoder']:.2g}, decoder {variance['decoder']:.2g}",
            HOLDS
            if variance["encoder"] < min(paper["encoder_mse_variance"], variance["decoder"])
            else FAILS,
        ),
        Finding(
            f"The last up block ({names[decoder[-1]]}, the paper's D(.)64) hardly changes",
            "MSE close to zero, since the noise prediction hardly changes",
            f"mean MSE {last:.3g}; the other up blocks {', '.join(f'{v:.3g}' for v in others)}",
            HOLDS if still else FAILS,
        ),
    ]


def _box_heights(heights: np.ndarray, encoder: np.ndarray, decoder: np.ndarray) -> Finding:
    """Figure 3b: heights [P, B] of the boxes (quartile to quartile over steps) of each picture."""
    paper = numbers()["figure3"]
    widest = heights[:, decoder[-1]] > heights[:, [*encoder, *decoder[:-1]]].max(axis=1)
    mean = heights.mean(axis=0)
    return Finding(
        "Norms of the last up block spread most over the steps (box height)",
        f"encoder below {paper['encoder_box_height']}, last up block over "
        f"{paper['last_up_block_box_height']}",
        f"encoder at most {mean[encoder].max():.3g}, last up block {mean[decoder[-1]]:.3g}, "
        "other up "
        f"blocks at most {mean[decoder[:-1]].max(initial=0):.3g}, {_share(widest)}",
        _vote(widest),
    )


def _deviations(
    deviations: np.ndarray, encoder: np.ndarray, decoder: np.ndarray, names: list[str]
) -> Finding:
    """Figure 3c: deviations [P, B]."""
    largest = deviations[:, decoder].max(axis=1) > deviations[:, encoder].max(axis=1)
    mean = np.nanmean(deviations, axis=0)
    top = [*encoder, *decoder][int(np.argmax(mean[[*encoder, *decoder]]))]
    return Finding(
        "Standard deviations of the norms are far larger in the decoder",
        "small in the encoder, largest in the last up block",
        f"encoder {mean[encoder].min():.2g} to {mean[encoder].max():.2g}, decoder "
        f"{mean[decoder].min():.2g} to {mean[decoder].max():.2g}, largest in {names[top]}; "
        f"{_share(largest)}",
        _vote(largest),
    )


def _share(votes: np.ndarray) -> str:
    return f"so in {int(votes.sum())} of {len(votes)} pictures"


def _vote(votes: np.ndarray) -> str:
    """Holds in 95% of the pictures or more, fails in at most half; else (or with one) undecided."""
    if len(votes) < 2:
        return OPEN
    share = votes.mean()
    return HOLDS if share >= 0.95 else FAILS if share <= 0.5 else OPEN
