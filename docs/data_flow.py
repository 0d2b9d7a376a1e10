"""Draws docs/data_flow.svg: python docs/data_flow.py."""

from __future__ import annotations

from pathlib import Path

BOXES = {  # name: x, y, width, height, title, line, line
    "cell": (20, 150, 150, 84, "cell", "arm + cameras", "(or the MuJoCo twin)"),
    "actor": (260, 40, 170, 84, "actor", "frozen base (torch)", "+ residual (jax)"),
    "teleop": (260, 260, 170, 84, "teleop", "SpaceMouse, or the", "simulated operator"),
    "arbiter": (520, 150, 150, 84, "arbiter", "policy or human,", "bumpless"),
    "recorder": (520, 20, 150, 74, "recorder", "zarr v3 on disk,", "every step first"),
    "learner": (760, 40, 150, 84, "learner", "tails the store,", "off-policy RL"),
}
ARROWS = [  # points, label, label x, label y, anchor
    ("170,175 215,175 215,95 256,95", "state, images,", 150, 132, "middle"),
    ("170,215 215,215 215,290 256,290", "truth (twin)", 212, 262, "end"),
    ("430,95 475,95 475,180 516,180", "proposed", 470, 140, "end"),
    ("430,300 475,300 475,205 516,205", "nudge", 470, 258, "end"),
    ("595,234 595,385 95,385 95,238", "command, executed in the next control step", 345, 378, "middle"),
    ("430,60 516,60", "steps", 473, 53, "middle"),
    ("670,57 756,57", "episodes", 713, 50, "middle"),
    ("835,124 835,145 455,145 455,112 434,112", "weights: version, fingerprint, sha256", 700, 140, "middle"),
]


def main() -> None:
    """Write the picture."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 930 400"',
        ' font-family="sans-serif" font-size="13"><defs><marker id="a" viewBox="0 0 8 8"',
        ' refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">',
        '<path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>',
        '<rect width="930" height="400" fill="white"/>',
    ]
    for points, label, x, y, anchor in ARROWS:
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="#555" stroke-width="1.5" marker-end="url(#a)"/>'
            f'<text x="{x}" y="{y}" fill="#555" text-anchor="{anchor}" font-size="12">{label}</text>'
        )
    for x, y, w, h, title, *lines in BOXES.values():
        box = f'x="{x}" y="{y}" width="{w}" height="{h}" rx="8"'
        parts.append(f'<rect {box} fill="#eef3fa" stroke="#3a6ea5"/>')
        middle = f'x="{x + w / 2}" text-anchor="middle"'
        parts.append(f'<text {middle} y="{y + 24}" font-weight="bold" fill="#1d3b5c">{title}</text>')
        parts += [
            f'<text {middle} y="{y + 44 + 18 * i}" fill="#333">{line}</text>' for i, line in enumerate(lines)
        ]
    Path(__file__).with_name("data_flow.svg").write_text("\n".join([*parts, "</svg>\n"]))


if __name__ == "__main__":
    main()
