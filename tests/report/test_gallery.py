"""The gallery of cards."""

import re

import jax.numpy as jnp

from acts_jax.activations.catalogue import Activation
from acts_jax.report import card
from acts_jax.report.gallery import gallery

from .test_page import checked


def test_the_gallery_is_one_escaped_page(tmp_path):
    odd = Activation(
        "<img src=x onerror=alert(1)>'\" & co",
        jnp.tanh,
        formula=r"\tanh x < \unknown & <b>",
        family="<family>",
        reference="A & B <2020>",
    )
    made = [card.make(name) for name in ("relu", "softmax")] + [card.make(odd)]
    path = gallery(made, tmp_path / "cards" / "gallery.html", title="All < of them")
    page = path.read_text(encoding="utf-8")
    page_without_input = re.sub(r"<input[^>]*>", "", page)
    script = re.search(r"<script>.*</script>", page, flags=re.DOTALL)[0]
    checked(page_without_input.replace(script, ""))
    assert "<img" not in page
    assert "<family>" not in page
    assert "&lt;img src=x" in page
    assert page.count("<article ") == 3
    assert "All &lt; of them" in page
    assert [p.name for p in path.parent.iterdir()] == ["gallery.html"]
