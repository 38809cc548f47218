"""An HTML page in the house style: its frame, its rules, and writing it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

from acts_jax.files import write_text
from acts_jax.report.figures import svg


def write(path: str | Path, page: str) -> Path:
    """Replace the page at `path` atomically; its folder is made if need be.

    Raises:
        StoreError: it cannot be written.
    """
    write_text(Path(path), page)
    return Path(path)


def definitions(entries: Mapping[str, str]) -> str:
    """A list of names and what is to say of each, as HTML."""
    listed = (f"<dt>{escape(str(k))}</dt><dd>{escape(str(v))}</dd>" for k, v in entries.items())
    return f"<dl>{''.join(listed)}</dl>"


def table(
    heads: Iterable[str], rows: Iterable[Sequence[str]], name: str = "", new: Collection[int] = ()
) -> str:
    """A table that scrolls sideways where the page is narrow.

    Args:
        heads: Of the columns, plain texts.
        rows: Entries as HTML.
        name: A class with rules of its own.
        new: The numbers of those rows with which a group of rows begins.
    """
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(
        f"<tr{' class=new' if i in new else ''}><td>{'</td><td>'.join(row)}</td></tr>"
        for i, row in enumerate(rows)
    )
    named = f" class={name}" if name else ""
    return (
        f"<div class=wide><table{named}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        "</div>"
    )


def plate(figure: Figure, name: str, caption: str = "") -> str:
    """A figure in the page, no narrower than it can be read; name and caption are plain texts."""
    label, drawn = escape(name.replace("_", " "), quote=True), 72 * figure.get_figwidth()
    legend = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        f"<figure role=group aria-label='{label}' style='--drawn:{drawn:.0f}pt'>"
        f"{svg(figure)}{legend}</figure>"
    )


def document(title: str, body: str, css: str = "") -> str:
    """A page in the house style: a plain title, a body of escaped HTML, rules that it adds."""
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{CSS}{css}</style></head><body><main>"
        f"{body}</main></body></html>\n"
    )


CSS = """
:root { color-scheme: light dark; --ink: #1d1d1f; --faint: #62626a; --rule: #d9d9dd;
  --ground: #fdfdfc; --alarm: #a3271f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e9e9ea; --faint: #a2a2aa; --rule: #3a3a40; --ground: #131316; --alarm: #ff9e94; }
  figure svg { filter: invert(1) hue-rotate(180deg); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1rem 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.8rem 0 .5rem; }
ul.headline { padding-left: 1.1rem; max-width: 50rem; } ul.headline li { margin: .3rem 0; }
.note, figcaption, .methods { font-size: .875rem; max-width: 50rem; } .note { color: var(--faint); }
.wide, .matrices, pre { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
thead th { font-weight: 600; text-align: right; vertical-align: bottom;
  border-bottom: 1px solid var(--ink); }
th, td { padding: .16rem .6rem; text-align: right; white-space: nowrap; }
.wide thead th, .wide td:nth-child(2) { white-space: normal; }
.wide th:nth-child(2), .wide td:nth-child(2) { text-align: left; }
.wide .ranks :is(th, td):nth-child(2) { text-align: right; }
.wide :is(.ranks, .verdicts) :is(th, td):first-child { text-align: left; }
.wide .verdicts :is(th, td):last-child { text-align: left; white-space: normal; }
.wide tbody tr { border-top: 1px solid var(--rule); }
.wide tbody tr.new { border-top-color: var(--faint); }
em { color: var(--alarm); font-style: normal; }
figure { margin: 2rem 0; overflow-x: auto; }
figure svg { max-width: 100%;
  min-width: min(var(--drawn, 40rem), 100% + 16rem); height: auto; display: block; }
figcaption { margin-top: .4rem; }
.matrices { display: flex; flex-wrap: wrap; gap: 1.5rem 2.5rem; }
.matrix { font-size: .78rem; } .matrix th, .matrix td { padding: .1rem .35rem; }
.matrix caption { text-align: left; font-weight: 600; padding-bottom: .2rem; }
.matrix tbody th { font-weight: 400; } .matrix td { color: var(--faint); }
.matrix td b { color: var(--ink); }
th.up span { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: 400; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; font-size: .875rem; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
pre { font-size: .8rem; background: color-mix(in srgb, var(--ink) 6%, transparent);
  padding: .8rem 1rem; border-radius: 4px; }
@media print { body { font-size: 10pt; } main { max-width: none; padding: 0; }
  figure, .matrix, tr { break-inside: avoid; } pre { white-space: pre-wrap; } }
"""
