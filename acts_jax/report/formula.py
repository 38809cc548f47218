"""LaTeX formulas of the catalogue as outlines, for figures and pages, and as plain text."""

from __future__ import annotations

import functools
import re

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextToPath

from acts_jax.report.style import house_style

# What LaTeX has and matplotlib's mathtext lacks.
_TO_MATHTEXT = (
    (r"\\[td]frac\b", r"\\frac"),
    (r"\\(?:lvert|rvert|vert)\b", "|"),
    (r"\\(?:lVert|rVert|Vert)\b", r"\\Vert "),
    (r"\\(?:big|Big|bigg|Bigg)[lrm]?\b", ""),
    (r"\\(?:textstyle|displaystyle|limits|nolimits|mathopen|mathclose|mathbin|mathrel)\b", ""),
    (r"\\operatorname\*", r"\\operatorname"),
    (r"\\(?:le|leqslant)(?![a-z])", r"\\leq "),
    (r"\\(?:ge|geqslant)(?![a-z])", r"\\geq "),
    (r"\\(?:mathbb)\{1\}", "1"),
    (r"~", r"\\ "),
)
_TO_TEXT = {
    "frac": "/", "cdot": "·", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠",
    "infty": "∞", "sum": "∑", "int": "∫", "in": "∈", "odot": "⊙", "otimes": "⊗", "times": "×",
    "pm": "±", "sim": "∼", "to": "→", "mapsto": "↦", "ldots": "…", "dots": "…", "cdots": "…",
    "sqrt": "√",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "theta": "θ", "lambda": "λ", "mu": "μ", "pi": "π", "sigma": "σ", "tau": "τ", "phi": "φ",
    "varphi": "φ", "omega": "ω", "eta": "η", "kappa": "κ", "rho": "ρ", "nu": "ν", "xi": "ξ",
    "Phi": "Φ", "Sigma": "Σ", "Delta": "Δ", "Gamma": "Γ", "Omega": "Ω", "Lambda": "Λ",
    "lfloor": "⌊", "rfloor": "⌋", "langle": "⟨", "rangle": "⟩", "partial": "∂",
    "qquad": "  ", "quad": " ", ",": "", ";": " ", ":": " ", "!": "", " ": " ", "left": "",
    "right": "", "lvert": "|", "rvert": "|", "vert": "|", "displaystyle": "", "{": "{", "}": "}",
}  # fmt: skip
_OPERATORS = "dfrac|max|min|log|ln|exp|tanh|sinh|cosh|sin|cos|tan|arctan|operatorname"
_SUPERSCRIPT = dict(zip("0123456789+-nkx", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵏˣ", strict=True))
_SUBSCRIPT = dict(zip("0123456789+-ijkx", "₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼₖₓ", strict=True))
_CASES = re.compile(r"\\begin\{cases\}(.*?)\\end\{cases\}", re.DOTALL)


@functools.lru_cache(maxsize=512)
def outline(formula: str, size: float = 12.0) -> Path:
    """The formula drawn by matplotlib's mathtext, as one path in points, baseline at y = 0.

    It is LaTeX without dollar signs; the letters are `size` points tall. A `cases` environment
    becomes rows behind a brace. What mathtext cannot set is drawn `as_text`.
    """
    with house_style():
        try:
            return _row(formula, size)
        except ValueError:
            return _letters(as_text(formula), size, ismath=False)


def svg(formula: str, size: float = 16.0) -> str:
    """The formula as an `<svg>` element in the colour of the text around it."""
    path = outline(formula, size)
    if not len(path.vertices):
        return ""
    box = path.get_extents()
    x, y, width, height = box.x0 - 1, -box.y1 - 1, box.width + 2, box.height + 2
    return (
        f'<svg class=formula role=img width="{width:.1f}" height="{height:.1f}" '
        f'viewBox="{x:.1f} {y:.1f} {width:.1f} {height:.1f}">'
        f'<path fill="currentColor" d="{_commands(path)}"/></svg>'
    )


def as_text(formula: str) -> str:
    """The formula as a line of text: `1 / (1 + e^(−x))`, the rows of cases after semicolons."""
    text = _CASES.sub(lambda match: f"{{{{ {_cases_as_text(match[1])} }}}}", formula)
    text = re.sub(r"\\(?:operatorname\*?|mathrm|text|mathbf|mathit)\s*\{([^{}]*)\}", r" \1 ", text)
    for _ in range(8):
        text = re.sub(
            r"\\[td]?frac\s*(\{(?:[^{}]|\{[^{}]*\})*\})\s*(\{(?:[^{}]|\{[^{}]*\})*\})",
            lambda m: f"{_group(m[1])}/{_group(m[2])}",
            text,
        )
        text = re.sub(r"\\sqrt\s*\{([^{}]*)\}", r"√(\1)", text)
        text = re.sub(r"\^\{([^{}]*)\}", lambda m: _script(m[1], _SUPERSCRIPT, "^"), text)
        text = re.sub(r"_\{([^{}]*)\}", lambda m: _script(m[1], _SUBSCRIPT, "_"), text)
        text = re.sub(r"(?<!\{)\{([^{}]*)\}(?!\})", r"(\1)", text)
    text = re.sub(r"\^(\w)", lambda m: _script(m[1], _SUPERSCRIPT, "^"), text)
    text = re.sub(r"_(\w)", lambda m: _script(m[1], _SUBSCRIPT, "_"), text)
    text = re.sub(r"\\([A-Za-z]+|[^A-Za-z])", lambda m: _TO_TEXT.get(m[1], f" {m[1]}"), text)
    text = text.replace("{{", "{").replace("}}", "}").replace("-", "−")
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"([(√]) ", r"\1", re.sub(r" ([,;)])", r"\1", text))
    return re.sub(r"(^|[(,;=/{] ?)− ", r"\1−", text)


def _cases_as_text(body: str) -> str:
    rows = [row.replace("&", " ").strip() for row in re.split(r"\\\\", body)]
    return "; ".join(row.rstrip(",. ") for row in rows if row)


def _group(braced: str) -> str:
    inner = braced[1:-1].strip()
    if re.fullmatch(r"\w+|\\[a-z]+|\\sqrt ?\w|√?\([^()]*\)", inner):
        return inner
    return f"({inner})"


def _script(text: str, table: dict[str, str], mark: str) -> str:
    text = text.strip()
    if text and all(letter in table for letter in text):
        return "".join(table[letter] for letter in text)
    return f"{mark}{text}" if re.fullmatch(r"\w|\\[a-z]+", text) else f"{mark}({text})"


def _row(formula: str, size: float) -> Path:
    """Set pieces beside each other; a piece is mathtext or the body of a cases environment."""
    pieces, x = [], 0.0
    for index, part in enumerate(_CASES.split(formula)):
        if not part.strip():
            continue
        path, width = _cases(part, size) if index % 2 else _set(part, size)
        pieces.append(_moved(path, x, 0.0))
        x += width + 0.2 * size
    return _joined(pieces)


def _cases(body: str, size: float) -> tuple[Path, float]:
    """Rows of two columns behind a brace, centred on the mathematical axis."""
    rows = [row.split("&", 1) for row in re.split(r"\\\\(?:\[[^\]]*\])?", body) if row.strip()]
    cells = [[_set(cell, size) for cell in row] for row in rows]
    first = max(row[0][1] for row in cells)
    second = max((row[1][1] for row in cells if len(row) > 1), default=0.0)
    baselines, y = [], 0.0
    for row in cells:
        boxes = [path.get_extents() for path, _ in row if len(path.vertices)]
        top = max([box.y1 for box in boxes] + [0.75 * size])
        bottom = min([box.y0 for box in boxes] + [-0.25 * size])
        baselines.append(y - top)
        y += bottom - top - 0.35 * size
    height = -(y + 0.35 * size)
    lift = height / 2 + 0.3 * size
    left = 0.75 * size
    pieces = [_brace(0.1 * size, lift - height, height, size)]
    for row, baseline in zip(cells, baselines, strict=True):
        pieces.append(_moved(row[0][0], left, baseline + lift))
        if len(row) > 1:
            pieces.append(_moved(row[1][0], left + first + 1.1 * size, baseline + lift))
    return _joined(pieces), left + first + (1.1 * size + second if second else 0.0)


def _set(text: str, size: float) -> tuple[Path, float]:
    """One line of mathtext and its width."""
    for pattern, replacement in _TO_MATHTEXT:
        text = re.sub(pattern, replacement, text)
    text = _display_fractions(text)
    text = re.sub(rf"(?<![A-Za-z\\])([A-Za-z0-9]|[)}}])\s*(\\(?:{_OPERATORS})\b)", r"\1\\,\2", text)
    text = re.sub(r"\\sqrt\s*(\\[A-Za-z]+|\w)(?![A-Za-z{\[])", r"\\sqrt{\1}", text)
    if not text.strip():
        return Path(np.zeros((0, 2))), 0.0
    text = text.replace(r"\lt", "<").replace(r"\gt", ">").strip()
    font = FontProperties(family="DejaVu Sans", size=size)
    width, _, _ = _SETTER.get_text_width_height_descent(f"${text}$", font, ismath=True)
    return _letters(f"${text}$", size, ismath=True), width


def _display_fractions(text: str) -> str:
    """Fractions outside all braces in full size."""
    pieces, depth = [], 0
    for piece in re.split(r"(\\frac|[{}])", text):
        depth += (piece == "{") - (piece == "}")
        pieces.append(r"\dfrac" if piece == r"\frac" and depth == 0 else piece)
    return "".join(pieces)


def _letters(text: str, size: float, ismath: bool) -> Path:
    font = FontProperties(family="DejaVu Sans", size=size)
    vertices, codes = _SETTER.get_text_path(font, text, ismath=ismath)
    return Path(np.asarray(vertices).reshape(-1, 2) * (size / _SETTER.FONT_SCALE), codes)


_SETTER = TextToPath()


def _brace(x: float, bottom: float, height: float, size: float) -> Path:
    """A left brace as a closed outline: its middle stroke is thicker than its ends."""
    width, steps = 0.4 * size, np.linspace(-1, 1, 81)
    # The spine: hooks at both tips and the nose in the middle, sharper the taller it is.
    hook = np.abs(2 * np.abs(steps) - 1) ** (height / (1.2 * size) + 2)
    spine = x + width * (0.5 + 0.5 * np.where(np.abs(steps) > 0.5, hook, -hook))
    y = bottom + height * (1 - steps) / 2
    half = size * (0.01 + 0.045 * np.sqrt(np.sin(np.pi * np.abs(steps))))
    left, right = (np.column_stack([spine + side * half, y]) for side in (-1, 1))
    ring = np.vstack([left, right[::-1], left[:1]])
    return Path(ring, [Path.MOVETO, *[Path.LINETO] * (len(ring) - 2), Path.CLOSEPOLY])


def _moved(path: Path, x: float, y: float) -> Path:
    return Path(path.vertices + np.array([x, y]), path.codes) if len(path.vertices) else path


def _joined(paths: list[Path]) -> Path:
    paths = [path for path in paths if len(path.vertices)]
    return Path.make_compound_path(*paths) if paths else Path(np.zeros((0, 2)))


def _commands(path: Path) -> str:
    """The path in SVG's words, y downwards."""
    letter = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
    words = []
    for vertices, code in path.iter_segments(curves=True, simplify=False):
        if code == Path.CLOSEPOLY:
            words.append("Z")
        elif code in letter:
            pairs = " ".join(f"{px:.2f} {-py:.2f}" for px, py in vertices.reshape(-1, 2))
            words.append(letter[code] + pairs)
    return "".join(words)
