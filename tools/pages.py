"""The pages of a built site beside `_toc.yml`: asserted before publishing."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.chapters import ROOT, in_toc

# Sphinx adds these; what folders with `_` and vendor/ hold are no pages
ADDED = {"genindex", "search"}


def built(html: Path) -> set[str]:
    """Documents that a site has a page for, without suffix."""
    paths = {path.relative_to(html) for path in html.rglob("*.html")}
    return {
        path.with_suffix("").as_posix()
        for path in paths
        if not path.parts[0].startswith(("_", "vendor"))
    } - ADDED


def difference(html: Path, root: Path = ROOT) -> str:
    """Which pages a site lacks or has beyond `_toc.yml`; empty if none."""
    toc, site = set(in_toc(root)), built(html)
    lines = [f"not built: {name}" for name in sorted(toc - site)]
    lines += [f"not in _toc.yml: {name}" for name in sorted(site - toc)]
    return "\n".join(lines)


def main(root: Path = ROOT) -> None:
    """`python -m tools.pages`: of the site in `_build/html`."""
    wrong = difference(root / "_build" / "html", root)
    if wrong:
        raise SystemExit(wrong)
    print(f"{len(in_toc(root))} pages, as _toc.yml has them")


if __name__ == "__main__":
    sys.exit(main())
