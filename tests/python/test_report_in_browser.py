"""The report page in a real browser, at desktop and phone width."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.report import main
from tests.conftest import ROOT
from tests.python.synthetic_results import write

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
# Says what a person would see: how far the page reaches sideways, and where the advice ends.
PROBE = """<script>
window.addEventListener("load", () => {
  const advice = document.querySelector("#advice").getBoundingClientRect();
  const small = [...document.querySelectorAll("p, dd, dt, td, th, li")]
    .filter(e => e.innerText && parseFloat(getComputedStyle(e).fontSize) < 11).length;
  window.parent.postMessage("probe " + [document.documentElement.scrollWidth, innerWidth,
    Math.round(advice.top), Math.round(advice.bottom), document.querySelectorAll("table").length,
    small].join(" "), "*");
});
</script>"""
# A window is never as narrow as a phone, a frame is.
FRAME = """<!DOCTYPE html><title></title><body style="margin: 0">
<script>window.addEventListener("message", event => {{ document.title = event.data; }});</script>
<iframe src="{source}" style="border: 0; width: {width}px; height: {height}px"></iframe></body>"""


@pytest.fixture(scope="module")
def browser() -> str:
    """Chromium of Debian; what is missing is installed."""
    packages = ROOT / "setup/debian-packages-browser.txt"
    done = subprocess.run(
        [ROOT / "setup/install_debian.sh", packages], capture_output=True, text=True
    )
    assert done.returncode == 0, f"chromium cannot be installed here: {done.stderr}"
    return "/usr/bin/chromium"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write(tmp_path_factory.mktemp("browser") / "ablation.h5")
    assert main([str(path)]) == 0
    return path.with_suffix("") / "index.html"


def framed(page: Path, size: tuple[int, int], folder: Path) -> Path:
    """A page that shows another one in a frame of this size."""
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(source=page.as_uri(), width=size[0], height=size[1]))
    return frame


def visit(browser: str, page: Path, *options: str) -> tuple[str, str]:
    """What the browser prints, and what the page's console says."""
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += ["--enable-logging=stderr", "--window-size=1280,900", *options]
    done = subprocess.run(
        [*command, page.as_uri()], capture_output=True, text=True, timeout=300, check=True
    )
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return done.stdout, "\n".join(console)


@pytest.mark.parametrize("size", SIZES)
def test_a_screenshot_shows_the_page(browser: str, page: Path, size: str, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    _, console = visit(browser, framed(page, SIZES[size], tmp_path), f"--screenshot={picture}")
    width, height = SIZES[size]
    pixels = np.asarray(Image.open(picture).convert("L"))[:height, :width]
    assert console == ""
    assert pixels.shape == (height, width)
    dark = (pixels < 128).mean()
    assert 0.005 < dark < 0.3, "text on a light page"


@pytest.mark.parametrize("size", SIZES)
def test_the_answer_is_on_the_first_screen(
    browser: str, page: Path, size: str, tmp_path: Path
) -> None:
    probed = tmp_path / "page.html"
    probed.write_text(page.read_text().replace("</body>", PROBE + "</body>"))
    document, console = visit(browser, framed(probed, SIZES[size], tmp_path), "--dump-dom")
    assert console == ""
    title = document.split("<title>")[1].split("</title>")[0]
    assert title.startswith("probe "), title
    reach, width, top, bottom, tables, small = map(int, title.split()[1:])
    assert width == SIZES[size][0]
    assert reach <= width, "nobody has to scroll sideways"
    assert 0 < top < bottom <= SIZES[size][1], "which strategy should I use"
    assert tables >= 3
    assert small == 0, "text below 11 pixels"


def test_a_script_that_fails_would_be_seen(browser: str, page: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text(page.read_text().replace("</body>", "<script>no_such()</script></body>"))
    _, console = visit(browser, broken, "--dump-dom")
    assert "no_such" in console
