"""The frame of a page: its title is text, its own rules come last, its folder need not exist."""

from acts_jax.report.html import document, write


def test_a_page_is_written_into_a_new_folder(tmp_path):
    page = document("A <b> & c", "<p>x</p>", css="p { color: red }")
    assert "<title>A &lt;b&gt; &amp; c</title>" in page and "<main><p>x</p></main>" in page
    assert page.index("body {") < page.index("p { color: red }") < page.index("</style>")
    path = write(tmp_path / "new" / "page.html", page)
    assert path.read_text() == page
    assert [file.name for file in path.parent.iterdir()] == ["page.html"]
