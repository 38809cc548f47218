"""The page of all claims: what it says, and that it is whole."""

from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.figure import Figure

from acts_jax.studies import textbook
from acts_jax.studies.claims import Claim, at_least


class Page(HTMLParser):
    """Ids, links and addresses of a page, and whether its elements are nested properly."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loads, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids += [attrs["id"]] if "id" in attrs and tag == "section" else []
        self.links += [attrs["href"]] if tag == "a" else []
        self.loads += [attrs[k] for k in ("src", "href") if k in attrs and tag not in ("a", "use")]
        if tag in ("section", "table", "tr", "figure"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ("section", "table", "tr", "figure"):
            assert self.open.pop() == tag


def claim(name, *numbers):
    figure = Figure()
    figure.add_subplot().plot([0, 1])
    checks = [at_least(f"{name} <{i}> is 1", "1", number, 1.0) for i, number in enumerate(numbers)]
    checks.append(at_least(f"{name} is proved", "1", 1.0, 1.0, theorem=True))
    table = pd.DataFrame({"who": ["a & b"], "much": [0.12345]})
    fields = {"figures": {name: figure}, "numbers": {}, "table": table}
    return Claim(name, f"Title of {name}", "A <text>.", tuple(checks), "In sum.", **fields)


@pytest.fixture
def page(tmp_path):
    outcomes = [
        claim("right", 1.0, 2.0),
        claim("half", 1.0, 0.0),
        claim("wrong", 0.0),
        textbook.Broken("broken", "ValueError: x < y"),
    ]
    return textbook.build(
        outcomes, tmp_path / "t.html", facts={"seconds": "3"}, seconds={"half": 12.3}
    ).read_text()


def test_every_claim_is_linked_from_the_table_to_its_section(page):
    found = Page(page)
    assert found.ids == ["right", "half", "wrong", "broken"]
    assert found.links == [f"#{name}" for name in found.ids]
    assert found.loads == []
    assert found.open == []


def test_verdicts_numbers_and_errors_are_told(page):
    assert (
        "4 claims of introductory texts: 1 holds, 1 holds partly, 1 does not hold here, "
        "1 ended with an error." in page
    )
    for text in (
        "Title of half",
        "<td>1 of 2</td>",
        "<td>0 of 1</td>",
        "half &lt;1&gt; is 1",
        "half is proved (a theorem)",
        "A &lt;text&gt;.",
        "at least 1; fails if it is below",
        "a &amp; b",
        "0.1235",
        "ValueError: x &lt; y",
        "<dt>seconds</dt><dd>3</dd>",
        "experiments.half</code> (12 s)",
        "these seeds do not tell",
    ):
        assert text in page, text
    assert page.count("<svg") == 3
