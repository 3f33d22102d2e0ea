"""Photograph pages of the built book at two widths, light and dark.

    python -m tools.screenshots [page ...] [--site _build/html] [--tall 4000]

Writes _build/screens/<page>-<width>-<theme>.png, from the top of the page
down to --tall pixels. Needs Chromium and Playwright's Python package.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
PAGES = [
    f"{name}.html"
    for name in [
        TOC["root"],
        *(c["file"] for part in TOC["parts"] for c in part["chapters"]),
    ]
]
# So that Chromium neither needs a sandbox nor asks the network for updates.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {1280: 900, 390: 844}  # width, height of the window


def chromium() -> str | None:
    """Path of an installed Chromium or Chrome, or None."""
    names = ["chromium", "chromium-browser", "google-chrome", "chrome"]
    return next((p for p in map(shutil.which, names) if p), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", default=PAGES)
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html")
    parser.add_argument("--out", type=Path, default=ROOT / "_build/screens")
    parser.add_argument("--tall", type=int, default=12_000)
    chosen = parser.parse_args()
    browser_path = chromium()
    if browser_path is None:
        parser.error("no Chromium found on the PATH")
    from playwright.sync_api import sync_playwright

    chosen.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=FLAGS
        )
        for page_name in chosen.pages:
            url = (chosen.site / page_name).resolve().as_uri()
            stem = Path(page_name).stem
            for width, height in SIZES.items():
                for theme in ("light", "dark"):
                    page = browser.new_page(
                        viewport={"width": width, "height": height},
                        color_scheme=theme,
                    )
                    page.goto(url)
                    page.wait_for_timeout(400)  # formulas are set late
                    whole = page.evaluate("document.body.scrollHeight")
                    page.set_viewport_size(
                        {
                            "width": width,
                            "height": max(height, min(whole, chosen.tall)),
                        }
                    )
                    target = chosen.out / f"{stem}-{width}-{theme}.png"
                    page.screenshot(path=target)
                    page.close()
                    print(target)
        browser.close()


if __name__ == "__main__":
    main()
