"""The textbook: the studies of its claims, and one self-contained page with all verdicts."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import ClassVar

import pandas as pd

from acts_jax.report import tables
from acts_jax.report.html import definitions, document, plate, write
from acts_jax.studies import (
    claims,
    dying_relu,
    iterate,
    kinks,
    learn_prelu,
    linear_collapse,
    saha_bora,
    sigmoid_family,
    softmax_readout,
    speed_of_training,
    vanishing_gradients,
)
from acts_jax.studies.claims import Claim

# The studies by name, in the order of the page.
STUDIES: Mapping[str, Callable[..., Claim]] = {
    "vanishing_gradients": vanishing_gradients.study,
    "sigmoid_family": sigmoid_family.study,
    "speed_of_training": speed_of_training.study,
    "dying_relu": dying_relu.study,
    "kinks": kinks.study,
    "learn_prelu": learn_prelu.study,
    "linear_collapse": linear_collapse.study,
    "iterate": iterate.study,
    "softmax_readout": softmax_readout.study,
    "saha_bora": saha_bora.study,
}
UNTRAINED = ("iterate",)  # they have no config, and take activations in place of options
ERROR = "ended with an error"


@dataclasses.dataclass(frozen=True)
class Broken:
    """A study that ended with an error instead of a claim."""

    name: str
    error: str
    verdict: ClassVar[str] = ERROR


def build(
    outcomes: Sequence[Claim | Broken],
    path: Path,
    *,
    facts: Mapping[str, str],
    seconds: Mapping[str, float],
) -> Path:
    """Write the page to `path`, replaced atomically; it loads nothing from elsewhere.

    Args:
        outcomes: What the studies gave, in the order of the page.
        path: Of the page.
        facts: How the results came about (command, machine, versions).
        seconds: How long studies took, by name.
    """
    title = "The textbook put to the test"
    sections = "".join(
        _error(outcome) if isinstance(outcome, Broken) else _section(outcome, seconds)
        for outcome in outcomes
    )
    body = (
        f"<h1>{title}</h1><p class=lead>{escape(_headline(outcomes))}</p>"
        f"<p class=note>{NOTE}</p>{_contents(outcomes)}{sections}"
        f"<h2>How these results came about</h2>{definitions(facts)}"
    )
    return write(path, document(title, body, CSS))


def _headline(outcomes: Sequence[Claim | Broken]) -> str:
    verdicts = [outcome.verdict for outcome in outcomes]
    said = {
        claims.HOLDS: ("holds", "hold"),
        claims.PARTLY: ("holds partly", "hold partly"),
        claims.FAILS: ("does not hold here", "do not hold here"),
        claims.UNDECIDED: ("is undecided", "are undecided"),
        ERROR: ("ended with an error", "ended with an error"),
    }
    counts = [(verdicts.count(v), words) for v, words in said.items() if v in verdicts]
    parts = [f"{count} {words[count > 1]}" for count, words in counts]
    noun = "claim" if len(outcomes) == 1 else "claims"
    return f"{len(outcomes)} {noun} of introductory texts: {', '.join(parts)}."


def _badge(verdict: str) -> str:
    return f"<span class='verdict {CLASSES[verdict]}'>{escape(verdict)}</span>"


def _contents(outcomes: Sequence[Claim | Broken]) -> str:
    rows = []
    for outcome in outcomes:
        broken = isinstance(outcome, Broken)
        title = outcome.name if broken else outcome.title
        counted = () if broken else outcome.decisive
        held = f"{sum(c.holds is True for c in counted)} of {len(counted)}" if counted else "–"
        rows.append(
            f"<tr><td><a href='#{escape(outcome.name)}'>{escape(title)}</a></td>"
            f"<td>{_badge(outcome.verdict)}</td><td>{held}</td></tr>"
        )
    return (
        "<table class=contents><thead><tr><th>claim</th><th>verdict</th>"
        f"<th>checks that hold, but for theorems</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _section(claim: Claim, seconds: Mapping[str, float]) -> str:
    took = f" ({seconds[claim.name]:.0f} s)" if claim.name in seconds else ""
    table = "" if claim.table is None else f"<div class=scroll>{_table(claim.table)}</div>"
    pictures = "".join(plate(picture, name) for name, picture in claim.figures.items())
    return (
        f"<section id='{escape(claim.name)}'><h2>{escape(claim.title)}</h2>"
        f"<blockquote>{escape(claim.text)}</blockquote>"
        f"<p class=summary>{_badge(claim.verdict)} {escape(claim.summary)}</p>"
        f"{pictures}{_checks(claim)}{table}"
        f"<p class=note><code>python -m experiments.{escape(claim.name)}</code>{took}</p></section>"
    )


def _checks(claim: Claim) -> str:
    rows = "".join(
        f"<tr><td>{escape(check.statement + ' (a theorem)' * check.theorem)}</td>"
        f"<td data-is=claimed>{escape(check.claimed)}</td>"
        f"<td data-is=found>{escape(check.found)}</td><td data-is=rule>{escape(check.threshold)}; "
        f"fails if {escape(check.fails_if)}</td><td>{_badge(check.verdict)}</td></tr>"
        for check in claim.checks
    )
    return (
        "<table class=checks><thead><tr><th>check</th><th>claimed</th><th>found (95% interval)</th>"
        f"<th>rule</th><th>verdict</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _table(frame: pd.DataFrame) -> str:
    numeric = [pd.api.types.is_numeric_dtype(column) for _, column in frame.items()]
    kinds = ["" if n else " class=text" for n in numeric]

    def row(tag: str, cells: Iterable[str]) -> str:
        pairs = zip(kinds, cells, strict=True)
        return f"<tr>{''.join(f'<{tag}{k}>{escape(text)}</{tag}>' for k, text in pairs)}</tr>"

    body = "".join(row("td", map(tables.cell, cells)) for cells in frame.itertuples(index=False))
    return f"<table><thead>{row('th', map(str, frame))}</thead><tbody>{body}</tbody></table>"


def _error(broken: Broken) -> str:
    return (
        f"<section id='{escape(broken.name)}'><h2>{escape(broken.name)}</h2>"
        f"<p>{_badge(ERROR)}</p><pre>{escape(broken.error)}</pre></section>"
    )


CLASSES = {
    claims.HOLDS: "yes",
    claims.PARTLY: "partly",
    claims.FAILS: "no",
    claims.UNDECIDED: "partly",
    ERROR: "no",
}
NOTE = (
    "Each claim is split into checks. A check compares a number that was measured here with a rule "
    "that was fixed beforehand; where seeds make the number random, the whole of its 95% interval "
    "must lie on one side of the rule, else the check is undecided: these seeds do not tell. The "
    "intervals cover what the seeds change (initial weights, order of the examples), not the "
    "sampling of the test set: with the 320 or so test images of the digits, one standard error of "
    "an accuracy near 97% is about 1 point more. A claim holds if all its checks do, holds partly "
    "if some do and others fail or are undecided, does not hold here if all that are decided fail, "
    "and is undecided if none is decided. Theorems, which cannot come out otherwise, are shown but "
    "do not count, unless a claim consists of nothing else or one is found to fail."
)
CSS = """
:root { --yes: #00694c; --partly: #8a5a00; --no: #a3271f; }
@media (prefers-color-scheme: dark) {
  :root { --yes: #6cd0ac; --partly: #e6b45c; --no: #ff9e94; } }
.lead { font-size: 1.1rem; max-width: 46rem; }
section { border-top: 1px solid var(--ink); margin-top: 3rem; padding-top: .2rem; }
section h2 { margin-top: .8rem; }
blockquote { margin: .6rem 0; padding-left: .9rem; border-left: 3px solid var(--rule);
  color: var(--faint); font-style: italic; max-width: 46rem; }
.summary { max-width: 50rem; }
.verdict { font-weight: 600; font-size: .8rem; white-space: nowrap; padding: .1rem .5rem;
  border: 1px solid; border-radius: 1rem; }
.yes { color: var(--yes); } .partly { color: var(--partly); } .no { color: var(--no); }
.contents, .checks { width: 100%; max-width: 62rem; }
.contents th, .contents td, .checks th, .checks td { text-align: left; white-space: normal;
  vertical-align: top; padding: .35rem 1rem .35rem 0; }
.contents tr, .checks tbody tr { border-bottom: 1px solid var(--rule); }
.contents a { color: inherit; text-decoration-color: var(--faint); text-underline-offset: .2em; }
.checks td:first-child { min-width: 17rem; } .checks { margin: 1rem 0; }
th.text, td.text { text-align: left; }
.scroll { overflow-x: auto; margin: 1.2rem 0; }
.scroll th:first-child, .scroll td:first-child { padding-left: 0; }
code { font-size: .9em; }
@media (max-width: 44rem) {
  .checks thead { display: none; }
  .checks tr, .checks td { display: block; padding: 0; }
  .checks tr { padding: .6rem 0; } .checks td:first-child { font-weight: 500; min-width: 0; }
  .checks td[data-is]::before { content: attr(data-is) ": "; color: var(--faint); }
  .checks td:last-child { margin-top: .3rem; }
  .contents td:last-child, .contents th:last-child { display: none; } }
@media print { section { break-before: page; } }
"""
