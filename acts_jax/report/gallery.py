"""The gallery: one page of activation cards, grouped by family."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from acts_jax.report import formula
from acts_jax.report.card import Card, text
from acts_jax.report.card_figure import figure
from acts_jax.report.html import definitions, document, plate, write


def gallery(cards: Sequence[Card], path: str | Path, *, title: str = "Activations") -> Path:
    """Write all cards, by family, to one page that loads nothing; it is replaced atomically."""
    families: dict[str, list[Card]] = {}
    for card in cards:
        families.setdefault(card.activation.family or "user", []).append(card)
    sections = "".join(
        f"<section class=family><h2>{escape(name.replace('_', ' '))}</h2><div class=cards>"
        + "".join(_article(card) for card in sorted(mine, key=lambda c: c.activation.name))
        + "</div></section>"
        for name, mine in sorted(families.items())
    )
    index = " ".join(
        f"<a href='#{_anchor(name)}'>{escape(name)}</a>"
        for name in sorted(card.activation.name for card in cards)
    )
    body = (
        f"<h1>{escape(title)}</h1><p class=note>{NOTE}</p>"
        "<p><input id=filter type=search placeholder='Filter: a name, a family, C⁰, odd …' "
        "aria-label=Filter autocomplete=off> <span id=count class=note></span></p>"
        f"<nav class=index>{index}</nav>{sections}<script>{SCRIPT}</script>"
    )
    return write(path, document(title, body, CSS))


def _anchor(name: str) -> str:
    return escape(name, quote=True).replace(" ", "-")


def _article(card: Card) -> str:
    lines, latex = text(card), card.activation.formula
    lines.pop("formula", None)
    name = card.activation.name
    return (
        f"<article id='{_anchor(name)}'><h3>{escape(name)}</h3>"
        f"<p class=formula title='{escape(formula.as_text(latex), quote=True)}'>"
        f"{formula.svg(latex)}</p>{plate(figure(card, heading=False), f'{name}: f, f′ and f″')}"
        f"{definitions(lines)}</article>"
    )


NOTE = (
    "Each card: f beside the diagonal y = x, f′ and f″. Shaded: where |f′| exceeds 0.25, the most "
    "that the slope of a sigmoid can be. Full dots on the diagonal are fixed points that attract, "
    "open ones repel, a broad band is a line of fixed points; a diamond marks the largest slope; "
    "dotted lines are kinks, with a dot at the value that the derivative is given there; dashed "
    "lines are asymptotes. Everything was found numerically from the function itself, in float64."
)
CSS = """
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 33rem), 1fr));
  gap: 2.2rem 2.5rem; }
article { border-top: 1px solid var(--ink); padding-top: .3rem; min-width: 0; }
article h3 { margin: 0; font-size: 1.15rem; overflow-wrap: anywhere; }
article figure { margin: .3rem 0 .4rem; } article figure svg { min-width: 0; }
p.formula { margin: .4rem 0; min-height: 2.9rem; display: flex; align-items: center;
  overflow-x: auto; }
p.formula svg { max-width: 100%; height: auto; }
article dl { gap: .1rem .9rem; font-size: .82rem; line-height: 1.4; }
#count { white-space: nowrap; }
#filter { font: inherit; width: min(100%, 26rem); padding: .35rem .6rem; color: inherit;
  background: transparent; border: 1px solid var(--faint); border-radius: 4px; }
.index { font-size: .875rem; columns: 10rem; } .index a { display: block; color: inherit;
  text-decoration-color: var(--rule); overflow-wrap: anywhere; }
[hidden] { display: none !important; }
@media print { #filter, .index { display: none; } article { break-inside: avoid; } }
"""
SCRIPT = """
const box = document.getElementById('filter'), count = document.getElementById('count');
const cards = [...document.querySelectorAll('article')];
const texts = cards.map(card => (card.querySelector('h3').textContent + ' ' +
  card.querySelector('dl').textContent + ' ' +
  card.querySelector('p.formula').title).toLowerCase());
function show() {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  cards.forEach((card, i) => { card.hidden = !words.every(word => texts[i].includes(word)); });
  document.querySelectorAll('section.family').forEach(section => {
    section.hidden = !section.querySelector('article:not([hidden])'); });
  document.querySelectorAll('.index a').forEach(link => {
    const card = document.getElementById(link.getAttribute('href').slice(1));
    link.hidden = !card || card.hidden; });
  count.textContent = cards.filter(card => !card.hidden).length + ' of ' + cards.length;
}
box.addEventListener('input', show); show();
"""
