import pytest

from muster.connectors.scim.paging import Reads, Slice
from muster.kit.contract import Cursor, Page
from muster.model import ACCOUNT, Garbled, RemoteId, RemoteObject


def slice_of(*ids: str, total: int | None) -> Slice:
    """Give a page with these objects on it."""
    return Slice(items=[RemoteObject(kind=ACCOUNT, id=RemoteId(each)) for each in ids], total=total)


def read(reads: Reads, *slices: Slice) -> list[Page]:
    """Give the pages that the slices make in one read, until it ends."""
    pages: list[Page] = []
    after: Cursor | None = None
    for each in slices:
        number, start = reads.start(after)
        pages.append(reads.page(number, start, each))
        after = pages[-1].next
        if after is None:
            break
    return pages


def test_all_there_is_is_complete() -> None:
    """When as many different objects came as are announced, the last page says so, and only it."""
    pages = read(Reads(), slice_of("a", "b", total=3), slice_of("c", total=3))

    assert [(False, False), (True, True)] == [(page.complete, page.next is None) for page in pages]


def test_nothing_at_all_is_complete() -> None:
    """An application that says it holds nothing is read to the end with its one empty page."""
    assert [True] == [page.complete for page in read(Reads(), slice_of(total=0))]


@pytest.mark.parametrize(
    "slices",
    [
        pytest.param([slice_of("a", "b", total=3), slice_of(total=3)], id="a page is empty too early"),
        pytest.param([slice_of("a", total=2), slice_of("a", total=2)], id="one came twice"),
        pytest.param([slice_of("a", "b", total=3), slice_of("b", "c", total=3)], id="pages overlap"),
        pytest.param([slice_of("a", "a", total=2)], id="one came twice on one page"),
        pytest.param([slice_of("a", total=2), slice_of("b", total=3), slice_of("c", total=3)], id="one more"),
        pytest.param([slice_of("a", "b", total=4), slice_of("c", total=3)], id="one fewer"),
        pytest.param([slice_of("a", "b", total=1)], id="more than announced"),
        pytest.param([slice_of("a", total=None), slice_of(total=None)], id="no total"),
        pytest.param([slice_of("a", total=2), slice_of("b", total=None), slice_of(total=2)], id="total lost"),
    ],
)
def test_any_doubt_takes_the_certificate(slices: list[Slice]) -> None:
    """A read that does not add up ends, and ends incomplete."""
    pages = read(Reads(), *slices)

    assert pages[-1].next is None
    assert not any(page.complete for page in pages)


def test_an_application_that_repeats_itself_is_left() -> None:
    """A page on which nothing is new ends the read, whatever total is announced."""
    pages = read(Reads(), *[slice_of("a", "b", total=1000)] * 5)

    assert 2 == len(pages)


def test_a_page_asked_for_again_keeps_the_certificate() -> None:
    """A page read twice, because its first answer was lost on our side, counts once."""
    reads = Reads()
    first = read(reads, slice_of("a", total=2))[0]
    pages = []
    for _ in range(2):
        number, start = reads.start(first.next)
        pages.append(reads.page(number, start, slice_of("b", total=2)))

    assert [True, True] == [page.complete for page in pages]


def test_a_cursor_from_before_a_restart_leads_on_but_proves_nothing() -> None:
    """What another connector has read is not known here, so its read can be finished but not certified."""
    first = read(Reads(), slice_of("a", total=2))[0]
    reads = Reads()
    number, start = reads.start(first.next)
    page = reads.page(number, start, slice_of("b", total=2))

    assert 2 == start
    assert (None, False) == (page.next, page.complete)


def test_reads_side_by_side_do_not_mix() -> None:
    """Two reads that take turns are both certified."""
    reads = Reads()
    starts = [reads.start(None), reads.start(None)]
    firsts = [reads.page(number, start, slice_of("a", total=2)) for number, start in starts]
    seconds = [reads.start(page.next) for page in firsts]
    pages = [reads.page(number, start, slice_of("b", total=2)) for number, start in seconds]

    assert [True, True] == [page.complete for page in pages]


def test_abandoned_reads_are_forgotten() -> None:
    """The memory for reads is bounded: the oldest of many loses its certificate, not its place."""
    reads = Reads()
    first = read(reads, slice_of("a", total=2))[0]
    for _ in range(20):
        read(reads, slice_of("a", total=2))
    number, start = reads.start(first.next)
    page = reads.page(number, start, slice_of("b", total=2))

    assert (None, False) == (page.next, page.complete)


@pytest.mark.parametrize("cursor", ["", "x", "1", "1:", ":1", "1:-1", "1:²", "1:" + "9" * 400])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    """A text that no read of this connector gave does not lead anywhere."""
    with pytest.raises(Garbled):
        Reads().start(Cursor(cursor))
