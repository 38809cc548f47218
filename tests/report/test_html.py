"""The frame of a page: its title is text, its own rules come last, its folder need not exist.

And what is written beside a page: whole or not there, one sentence where it cannot be.
"""

import contextlib
import json
import resource

import pytest
from matplotlib.figure import Figure

from acts_jax.errors import StoreError
from acts_jax.files import write_text
from acts_jax.report import figures
from acts_jax.report.html import document, plate, table, write


def test_a_page_is_written_into_a_new_folder(tmp_path):
    page = document("A <b> & c", "<p>x</p>", css="p { color: red }")
    assert "<title>A &lt;b&gt; &amp; c</title>" in page and "<main><p>x</p></main>" in page
    assert page.index("body {") < page.index("p { color: red }") < page.index("</style>")
    path = write(tmp_path / "new" / "page.html", page)
    assert path.read_text() == page
    assert [file.name for file in path.parent.iterdir()] == ["page.html"]


def test_a_table_escapes_its_heads_and_begins_groups_where_told():
    page = table(["a < b", "c"], [("1", "<b>2</b>"), ("3", "4")], "ranks", new=[1])
    assert page.startswith("<div class=wide><table class=ranks><thead><tr><th>a &lt; b</th>")
    assert "<tr><td>1</td><td><b>2</b></td></tr><tr class=new><td>3</td>" in page


def test_a_plate_has_the_width_that_its_figure_was_drawn_in():
    page = plate(Figure(figsize=(5, 2)), "a_'b'", "x < y")
    assert "aria-label='a &#x27;b&#x27;' style='--drawn:360pt'><svg" in page
    assert page.endswith("</svg>\n<figcaption>x &lt; y</figcaption></figure>")


@contextlib.contextmanager
def full_disk():
    """No file grows beyond 100 bytes, as if there were no room for more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


WRITERS = {
    "page.html": write,
    "numbers.json": lambda path, text: write_text(path, json.dumps([text])),
    "picture.png": lambda path, text: figures.save({"picture": Figure()}, path.parent),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_one_sentence_and_takes_nothing_away(name, tmp_path):
    path, fill = tmp_path / "new" / name, WRITERS[name]
    fill(path, "x" * 1000)
    before = path.read_bytes()
    with (
        pytest.raises(StoreError, match=r"cannot write to .*: File too large") as error,
        full_disk(),
    ):
        fill(path, "y" * 1000)
    assert "\n" not in str(error.value)
    assert path.read_bytes() == before
    assert [other.name for other in path.parent.iterdir()] == [name]


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_in_the_place_of_a_folder_is_one_sentence(name, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write to .*: (File exists|Not a directory)"):
        WRITERS[name](tmp_path / "file" / name, "x")
