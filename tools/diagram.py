"""Draw the diagrams: chapters/*/diagrams/<name>.yml -> <name>.svg.

    python -m tools.diagram           # draw what changed
    python -m tools.diagram --check   # say what is out of date, exit 1

A source lists `boxes` on a grid of columns and rows, `arrows` between them
and `groups` around them; chapters/cases/diagrams shows all there is. Colours
are the theme's CSS variables, so a drawing put inline follows light and dark.
Text that does not fit its box, an arrow through a box, or a label on top of
something is an error here, not a surprise on the page.
"""

from __future__ import annotations

import sys
from html import escape
from itertools import pairwise
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
MARGIN = 14
PAD = 9  # between a box's border and its text
LABEL, NOTE, SMALL = 14, 12, 11.5  # font sizes, px
STYLE = """
.diagram { font-family: Helvetica, Arial, "Liberation Sans", sans-serif; }
.diagram text { fill: var(--pst-color-text-base, #333); }
.diagram .dg-box { fill: var(--pst-color-surface, #f4f4f4);
  stroke: var(--pst-color-text-muted, #666); }
.diagram .dg-store { fill: var(--pst-color-background, #fff);
  stroke-dasharray: 5 3; }
.diagram .dg-accent { stroke: var(--pst-color-primary, #0b6);
  stroke-width: 2; }
.diagram .dg-label { font-size: 14px; font-weight: 700; }
.diagram .dg-note { font-size: 12px; }
.diagram .dg-small { font-size: 11.5px; stroke-linejoin: round;
  stroke: var(--pst-color-background, #fff); stroke-width: 5px;
  paint-order: stroke; }
.diagram .dg-line { fill: none; stroke: var(--pst-color-text-muted, #666);
  stroke-width: 1.5; }
.diagram .dg-dashed { stroke-dasharray: 5 4; }
.diagram .dg-head { fill: var(--pst-color-text-muted, #666); }
.diagram .dg-group { fill: none; stroke: var(--pst-color-border, #bbb);
  stroke-dasharray: 2 4; stroke-width: 1.5; }
.diagram .dg-step { fill: var(--pst-color-primary, #0b6); }
.diagram .dg-digit { font-size: 12px; font-weight: 700;
  fill: var(--pst-color-background, #fff) !important; }
""".strip()

# Advance widths of Helvetica and Arial, in thousandths of the font size.
_WIDTHS = {
    222: "ijl'",
    278: " Ift.,:;/!|[]\\·",
    333: "r-()`*",
    500: "cksvxyzJ",
    556: "abdeghnopquL0123456789#$?_–",
    584: "+<>=~≥≤×",
    611: "FTZ",
    667: "ABEKPSVXY&",
    722: "CDHNRUw",
    778: "GOQ",
    833: "mM",
    944: "W",
    1000: "%—@→…",
}
_WIDTH = {char: width for width, chars in _WIDTHS.items() for char in chars}


class DiagramError(ValueError):
    """A drawing that would not be legible, with the reason."""


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """Width in px, with room for other sans-serif fonts.

    >>> round(text_width("two", 10), 1)  # (278 + 722 + 556) / 100 * 1.07
    16.6
    """
    thousandths = sum(_WIDTH.get(char, 1000) for char in words)
    return thousandths / 1000 * size * (1.13 if bold else 1.07)


class Box:
    """A rectangle with a name; sides are where arrows meet it."""

    def __init__(self, x, y, width, height, name=""):
        self.x, self.y, self.width, self.height = x, y, width, height
        self.name = name

    @property
    def right(self):
        return self.x + self.width

    @property
    def bottom(self):
        return self.y + self.height

    def point(self, side: str, share: float = 0.5) -> tuple[float, float]:
        """The point at `share` of a side's length."""
        across = self.x + share * self.width
        down = self.y + share * self.height
        return {
            "top": (across, self.y),
            "bottom": (across, self.bottom),
            "left": (self.x, down),
            "right": (self.right, down),
        }[side]

    def overlaps(self, other: Box, room: float = 0.0) -> bool:
        """Whether the interiors, or the space `room` around, meet."""
        return (
            self.x < other.right + room
            and other.x < self.right + room
            and self.y < other.bottom + room
            and other.y < self.bottom + room
        )


def route(start, end, exit_, enter, *, bend=18, mid=0.5):
    """Corners of an arrow along the grid, from side to side.

    Args:
        start, end: (x, y) of its ends.
        exit_, enter: the sides it leaves and meets: top, bottom, left, right.
        bend: how far it swings out when it returns to the same side, px.
        mid: where between the ends it turns, 0 to 1.

    Returns:
        Points from start to end, each straight above or beside the next.
    """
    (x0, y0), (x1, y1) = start, end
    upright = {"top", "bottom"}
    if exit_ == enter:
        out = bend if exit_ in {"right", "bottom"} else -bend
        pick = max if out > 0 else min
        if exit_ in upright:
            y = pick(y0, y1) + out
            points = [start, (x0, y), (x1, y), end]
        else:
            x = pick(x0, x1) + out
            points = [start, (x, y0), (x, y1), end]
    elif exit_ in upright and enter in upright:
        y = y0 + mid * (y1 - y0)
        points = [start, (x0, y), (x1, y), end]
    elif exit_ in upright:
        points = [start, (x0, y1), end]
    elif enter in upright:
        points = [start, (x1, y0), end]
    else:
        x = x0 + mid * (x1 - x0)
        points = [start, (x, y0), (x, y1), end]
    kept = points[:1]
    for i, point in enumerate(points[1:], 1):
        after = points[i + 1] if i + 1 < len(points) else None
        if after and _in_line(kept[-1], point, after):
            continue
        kept.append(point)
    return kept


def _in_line(a, b, c) -> bool:
    """Whether b adds no corner; half a pixel is none."""
    return any(
        max(p[i] for p in (a, b, c)) - min(p[i] for p in (a, b, c)) < 0.5
        for i in (0, 1)
    )


def _sides(a: Box, b: Box) -> tuple[str, str]:
    """The natural sides: down or up between rows, else sideways."""
    if a.bottom <= b.y:
        return "bottom", "top"
    if b.bottom <= a.y:
        return "top", "bottom"
    return ("right", "left") if a.right <= b.x else ("left", "right")


def _fmt(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def render(source: dict, name: str) -> str:
    """The drawing of one source.

    Args:
        source: title, desc, grid, boxes, and perhaps arrows and groups.
        name: used for the ids of title and description.

    Returns:
        SVG text, ending in a newline.

    Raises:
        DiagramError: a text too wide for its box; boxes, labels or arrows on
            top of each other; an unknown box or key.
    """
    _known(source, {"title", "desc", "grid", "boxes", "arrows", "groups"})
    boxes: dict[str, Box] = {}
    parts: list[str] = []
    for item in source["boxes"]:
        box, drawn = _draw_box(item, source["grid"])
        for other in boxes.values():
            if box.overlaps(other):
                raise DiagramError(f"box '{box.name}' overlaps '{other.name}'")
        if box.name in boxes:
            raise DiagramError(f"two boxes have the id '{box.name}'")
        boxes[box.name] = box
        parts += drawn
    groups, group_labels, behind = _draw_groups(source, boxes)
    lines, labels, label_parts, lanes = _draw_arrows(source, boxes)
    everything = [*boxes.values(), *groups, *labels, *lanes]
    for label in labels:
        for other in [*boxes.values(), *labels, *group_labels]:
            if other is not label and label.overlaps(other):
                raise DiagramError(
                    f"label '{label.name}' overlaps '{other.name}'"
                )
    for label in group_labels:
        for lane in lanes:
            if label.overlaps(lane):
                raise DiagramError(f"{lane.name} runs through '{label.name}'")
    left = min(box.x for box in everything) - MARGIN
    top = min(box.y for box in everything) - MARGIN
    width = max(box.right for box in everything) + MARGIN - left
    height = max(box.bottom for box in everything) + MARGIN - top
    view = " ".join(_fmt(value) for value in (left, top, width, height))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram"'
            f' viewBox="{view}" width="{_fmt(width)}"'
            f' height="{_fmt(height)}" role="img"'
            f' aria-labelledby="{name}-title {name}-desc">',
            f'<title id="{name}-title">{escape(source["title"])}</title>',
            f'<desc id="{name}-desc">{escape(source["desc"])}</desc>',
            f"<style>\n{STYLE}\n</style>",
            *behind,
            *lines,
            *parts,
            *label_parts,
            "</svg>\n",
        ]
    )


def _known(item: dict, keys: set[str]) -> None:
    unknown = set(item) - keys
    if unknown:
        raise DiagramError(f"unknown key '{min(unknown)}' in {item}")


def _draw_box(item, grid):
    _known(item, {"id", "at", "span", "label", "note", "step", "kind"})
    column, row = item["at"]
    span = item.get("span", 1)
    step_x = grid["column"] + grid["gap"][0]
    step_y = grid["row"] + grid["gap"][1]
    box = Box(
        column * step_x,
        row * step_y,
        span * step_x - grid["gap"][0],
        grid["row"],
        item["id"],
    )
    notes = item.get("note", [])
    notes = [notes] if isinstance(notes, str) else notes
    rows = [(item["label"], "dg-label", LABEL, True)]
    rows += [(note, "dg-note", NOTE, False) for note in notes]
    kind = item.get("kind", "box")
    if kind not in {"box", "store", "accent"}:
        raise DiagramError(f"box '{box.name}': unknown kind '{kind}'")
    drawn = [
        f'<rect class="dg-box dg-{kind}" x="{_fmt(box.x)}" y="{_fmt(box.y)}"'
        f' width="{_fmt(box.width)}" height="{_fmt(box.height)}" rx="6"/>'
    ]
    leading = 1.3
    tall = sum(size * leading for *_, size, _ in rows)
    if tall > box.height - PAD:
        raise DiagramError(f"box '{box.name}': {len(rows)} lines are too many")
    y = box.y + (box.height - tall) / 2
    for words, style, size, bold in rows:
        wide = text_width(words, size, bold=bold)
        if wide > box.width - 2 * PAD:
            raise DiagramError(
                f"box '{box.name}': '{words}' needs {wide:.0f} px, "
                f"has {box.width - 2 * PAD:.0f}"
            )
        y += size * leading
        drawn.append(
            f'<text class="{style}" x="{_fmt(box.x + box.width / 2)}"'
            f' y="{_fmt(y - 0.3 * size)}" text-anchor="middle">'
            f"{escape(words)}</text>"
        )
    if "step" in item:
        drawn += [
            f'<circle class="dg-step" cx="{_fmt(box.x)}"'
            f' cy="{_fmt(box.y)}" r="9.5"/>',
            f'<text class="dg-digit" x="{_fmt(box.x)}"'
            f' y="{_fmt(box.y + 4.2)}" text-anchor="middle">'
            f"{item['step']}</text>",
        ]
    return box, drawn


def _draw_groups(source, boxes):
    groups, labels, parts = [], [], []
    for item in source.get("groups", []):
        _known(item, {"label", "around"})
        inside = [_named(boxes, name) for name in item["around"]]
        room = 17
        x = min(box.x for box in inside) - room
        y = min(box.y for box in inside) - room
        group = Box(
            x,
            y,
            max(box.right for box in inside) + room - x,
            max(box.bottom for box in inside) + room - y,
            item["label"],
        )
        wide = text_width(item["label"], SMALL)
        x, y = group.right - wide - 12, group.bottom - 7
        label = Box(x, y, wide, 14, item["label"])
        parts += [
            f'<rect class="dg-group" x="{_fmt(group.x)}" y="{_fmt(group.y)}"'
            f' width="{_fmt(group.width)}" height="{_fmt(group.height)}"'
            ' rx="10"/>',
            f'<text class="dg-small" x="{_fmt(label.right)}"'
            f' y="{_fmt(group.bottom + 4)}" text-anchor="end">'
            f"{escape(item['label'])}</text>",
        ]
        groups.append(group)
        labels.append(label)
    return groups, labels, parts


def _draw_arrows(source, boxes):
    lines, labels, label_parts, lanes = [], [], [], []
    for item in source.get("arrows", []):
        _known(
            item,
            {"from", "to", "label", "dashed", "exit", "enter", "leave_at"}
            | {"meet_at", "bend", "mid", "label_on"},
        )
        a = _named(boxes, item["from"])
        b = _named(boxes, item["to"])
        natural = _sides(a, b)
        exit_ = item.get("exit", natural[0])
        enter = item.get("enter", natural[1])
        points = route(
            a.point(exit_, item.get("leave_at", 0.5)),
            b.point(enter, item.get("meet_at", 0.5)),
            exit_,
            enter,
            bend=item.get("bend", 18),
            mid=item.get("mid", 0.5),
        )
        named = f"arrow {item['from']} -> {item['to']}"
        segments = [
            Box(
                min(p[0], q[0]),
                min(p[1], q[1]),
                abs(p[0] - q[0]),
                abs(p[1] - q[1]),
                named,
            )
            for p, q in pairwise(points)
        ]
        for segment in segments:
            for box in boxes.values():
                # Its own two boxes it may touch, but not enter.
                room = -1 if box in (a, b) else 3
                if segment.overlaps(box, room):
                    raise DiagramError(f"{named} runs through '{box.name}'")
        lanes += segments
        dashed = " dg-dashed" if item.get("dashed") else ""
        path = " L".join(f"{_fmt(x)} {_fmt(y)}" for x, y in points)
        lines += [
            f'<path class="dg-line{dashed}" d="M{path}"/>',
            _head(points),
        ]
        if "label" in item:
            where = item.get("label_on")
            longest = max(segments, key=lambda s: s.width + s.height)
            on = longest if where is None else segments[where - 1]
            wide = text_width(item["label"], SMALL)
            x, y = on.x + on.width / 2, on.y + on.height / 2
            labels.append(Box(x - wide / 2, y - 8, wide, 16, item["label"]))
            label_parts.append(
                f'<text class="dg-small" x="{_fmt(x)}" y="{_fmt(y + 4)}"'
                f' text-anchor="middle">{escape(item["label"])}</text>'
            )
    return lines, labels, label_parts, lanes


def _named(boxes, name) -> Box:
    if name not in boxes:
        raise DiagramError(f"no box has the id '{name}'")
    return boxes[name]


def _head(points) -> str:
    """The tip: a small triangle at the last point, along the last line."""
    (x0, y0), (x, y) = points[-2:]
    if abs(x - x0) > abs(y - y0):
        along = (1 if x > x0 else -1, 0)
    else:
        along = (0, 1 if y > y0 else -1)
    across = (along[1], along[0])
    corners = [(x, y)]
    corners += [
        (
            x - 8 * along[0] + sign * 4.5 * across[0],
            y - 8 * along[1] + sign * 4.5 * across[1],
        )
        for sign in (1, -1)
    ]
    path = " ".join(f"{_fmt(px)},{_fmt(py)}" for px, py in corners)
    return f'<polygon class="dg-head" points="{path}"/>'


def draw(path: Path) -> str:
    """The SVG of a source file; errors name the file."""
    try:
        return render(yaml.safe_load(path.read_text("utf-8")), path.stem)
    except (DiagramError, KeyError, TypeError, yaml.YAMLError) as error:
        raise DiagramError(f"{path.name}: {error}") from error


def sources(root: Path) -> list[Path]:
    """All sources below chapters/, sorted."""
    return sorted(Path(root).glob("chapters/*/diagrams/*.yml"))


def main(arguments: list[str]) -> int:
    stale = 0
    for path in sources(ROOT):
        target = path.with_suffix(".svg")
        drawn = draw(path)
        if target.exists() and target.read_text("utf-8") == drawn:
            continue
        stale += 1
        if "--check" in arguments:
            print(f"{target.name}: not what {path.name} draws")
        else:
            target.write_text(drawn, "utf-8")
            print(f"drawn: {target.name}")
    return int("--check" in arguments and stale > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
