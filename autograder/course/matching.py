"""Which cell of a student's notebook is which cell of the released one, whatever editors and merges have done to it.

nbgrader's marks say so while they are there. Where they are gone, and other notebook services drop them, a cell is
recognised by its id, by its text, by the names it defines, and by its place between others. Nothing depends on it but
where answers and checks stand: locked cells are the instructor's in any case.
"""

import ast
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from nbformat import NotebookNode

from autograder.course.exercise import Exercise, grade_id_of, is_answer, parsed, without_hidden_region, without_magic

STUBS = (
    'raise NotImplementedError("Write your answer here, then delete this line.")',
    "*Write your answer here.*",
    "# YOUR CODE HERE\nraise NotImplementedError()",
    "YOUR ANSWER HERE",
)
"""What stands in a released answer: this course's own words, and nbgrader's."""
_REGION = re.compile(r"^([ \t]*)### BEGIN SOLUTION.*?^[ \t]*### END SOLUTION[^\n]*", re.MULTILINE | re.DOTALL)
_KEPT_SHARE = 0.6
MAX_PARSED = 50_000
"""Characters of a student's text that are parsed as Python; longer ones are left as they are."""
_WRITTEN = re.compile(r"\s*%%(?:markdown|latex|html)\b.*\n")
"""What makes a cell of code one of words."""
_WORD_ALONE = re.compile(r"\W*[^\W\d_]+(?:[-'’/][^\W\d_]+)*\W*$")


def words_of(text: str) -> tuple[str, ...]:
    """Return a text without what editors change about it: spaces and line ends.

    Args:
        text: Of a cell.
    """
    return tuple(text.split())


def released_variants(source_cell: NotebookNode) -> tuple[str, ...]:
    """Return the texts an instructor's cell may have been released with; several if it holds an answer's region.

    Args:
        source_cell: The instructor's.
    """
    return _released(str(source_cell.source))


@lru_cache(maxsize=4_000)
def _released(source: str) -> tuple[str, ...]:
    bare = without_hidden_region(source)
    if not _REGION.search(bare):
        return (bare,)
    return tuple(
        _REGION.sub(lambda region, stub=stub: "\n".join(region[1] + line for line in stub.split("\n")), bare)  # type: ignore[misc]
        for stub in STUBS
    )


def is_stub(text: str, source_cell: NotebookNode) -> bool:
    """Tell whether an answer is as it was released: nothing has been written.

    Args:
        text: Of the student's cell.
        source_cell: The instructor's.
    """
    words = words_of(text)
    return not words or any(words == words_of(released) for released in (*_released(source_cell.source), *STUBS))


def same_text(text: str, source_cell: NotebookNode) -> bool:
    """Tell whether a cell has the released text.

    Args:
        text: Of the student's cell.
        source_cell: The instructor's.
    """
    return words_of(without_hidden_region(text)) in {words_of(released) for released in _released(source_cell.source)}


def defined_in(text: str) -> frozenset[str]:
    """Return the functions and classes that a cell defines at its outermost level.

    Args:
        text: Of a code cell; it need not be valid Python.
    """
    return frozenset(re.findall(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", text, re.MULTILINE))


def _assigned_in(text: str) -> frozenset[str]:
    plain = re.findall(r"^([A-Za-z_]\w*(?:[ \t]*,[ \t]*[A-Za-z_]\w*)*)[ \t]*=(?!=)", text, re.MULTILINE)
    entries = re.findall(r"^\w+\[[\"'](\w+)[\"']\][ \t]*=(?!=)", text, re.MULTILINE)
    return frozenset(name.strip() for names in plain for name in names.split(",")) | frozenset(entries)


class Matching:
    """The cells of a student's notebook, each with the place of its original in the instructor's.

    Args:
        cells: The student's.
        exercise: The instructor's notebook.
    """

    def __init__(self, cells: Sequence[NotebookNode], exercise: Exercise) -> None:
        self._cells = list(cells)
        self._sources = list(exercise.notebook.cells)
        self._named = {grade_id_of(cell): place for place, cell in enumerate(self._sources) if grade_id_of(cell)}
        self.original: dict[int, int] = {}
        """Place of a student's cell, to the place of its original; copies of one original are all in it."""
        self.recognised: set[int] = set()
        """Those that bear no mark."""
        for place, cell in enumerate(self._cells):
            if (found := self._named.get(grade_id_of(cell) or "")) is not None:
                self.original[place] = found
        self._by_id()
        self._by_text()
        self._by_names()
        self._by_place()

    def _open(self) -> list[int]:
        """The student's cells without an original."""
        return [place for place in range(len(self._cells)) if place not in self.original]

    def _missing(self) -> list[int]:
        """The instructor's cells that nobody has been found for."""
        there = set(self.original.values())
        return [place for place in range(len(self._sources)) if place not in there]

    def _set(self, place: int, original: int) -> None:
        self.original[place] = original
        self.recognised.add(place)

    def _fits(self, place: int, original: int) -> bool:
        return bool(self._cells[place].cell_type == self._sources[original].cell_type)

    def _by_id(self) -> None:
        ids = Counter(str(cell.get("id")) for cell in self._cells)
        missing = {str(self._sources[original].get("id")): original for original in self._missing()}
        for place in self._open():
            name = str(self._cells[place].get("id"))
            if ids[name] == 1 and name in missing and self._fits(place, missing[name]):
                self._set(place, missing[name])

    def _by_text(self) -> None:
        texts: dict[tuple[str, ...], list[int]] = {}
        for original in self._missing():
            for text in set(map(words_of, _released(self._sources[original].source))):
                texts.setdefault(text, []).append(original)
        for place in self._open():
            for original in texts.get(words_of(without_hidden_region(self._cells[place].source)), ()):
                if (
                    original not in self.original.values()
                    and self._fits(place, original)
                    and self._cells[place].source.strip()
                ):
                    self._set(place, original)
                    break

    def _by_names(self) -> None:
        """Answers define what was asked for, or still hold the lines around the answer."""
        for original in self._missing():
            source = self._sources[original]
            if not is_answer(source) or source.cell_type != "code":
                continue
            candidates = [place for place in self._open() if self._cells[place].cell_type == "code"]
            wanted = self.asked_of(original)
            for fits in (
                lambda text, wanted=wanted: bool(wanted and wanted <= defined_in(text)),
                lambda text, source=source: _keeps_lines(text, source.source),
                lambda text, original=original: bool(self._left_behind(original) & _assigned_in(text)),
            ):
                found = [place for place in candidates if fits(self._cells[place].source)]  # type: ignore[no-untyped-call]
                if found:
                    for place in found:
                        self._set(place, original)
                    break

    def asked_of(self, original: int) -> frozenset[str]:
        """Functions that an answer has to define."""
        source = self._sources[original]
        return defined_in(_released(source.source)[0]) if is_answer(source) else frozenset()

    def _left_behind(self, original: int) -> frozenset[str]:
        """Names that this answer alone assigns."""
        others: set[str] = set()
        for place, source in enumerate(self._sources):
            if place != original and source.cell_type == "code":
                others |= _assigned_in(source.source)
        return _assigned_in(self._sources[original].source) - others

    def _by_place(self) -> None:
        """Between two neighbours, the one cell that is left is the one that is missing."""
        anchors = [(-1, -1), *self._in_order(), (len(self._cells), len(self._sources))]
        for (before, first), (after, last) in pairwise(anchors):
            for kind in ("code", "markdown"):
                missing = [
                    original
                    for original in self._missing()
                    if first < original < last
                    and self._sources[original].cell_type == kind
                    and is_answer(self._sources[original])
                ]
                left = [
                    place for place in self._open() if before < place < after and self._cells[place].cell_type == kind
                ]
                left = [place for place in left if self._cells[place].source.strip()]
                if len(missing) == 1 and len(left) == 1:
                    self._set(left[0], missing[0])

    def _in_order(self) -> list[tuple[int, int]]:
        """The longest run of matched cells that stand in the instructor's order."""
        pairs = sorted(self.original.items())
        best: list[tuple[int, int]] = []  # length of the longest run that ends here, and what it goes on from
        for number, (_, original) in enumerate(pairs):
            lengths = [(best[before][0], before) for before in range(number) if pairs[before][1] < original]
            length, before = max(lengths, default=(0, -1))
            best.append((length + 1, before))
        run: list[tuple[int, int]] = []
        number = max(range(len(best)), key=lambda place: best[place][0], default=-1)
        while number >= 0:
            run.append(pairs[number])
            number = best[number][1]
        return run[::-1]


def _keeps_lines(text: str, source: str) -> bool:
    kept = [line.strip() for line in _REGION.sub("", source).split("\n") if len(line.strip()) > 8]
    lines = {line.strip() for line in text.split("\n")}
    return len(kept) > 0 and sum(line in lines for line in kept) >= _KEPT_SHARE * len(kept)


def released_texts(exercise: Exercise) -> frozenset[tuple[str, ...]]:
    """Return the texts of all cells of an exercise as they were released, as words.

    Args:
        exercise: The exercise.
    """
    return frozenset(words_of(text) for cell in exercise.notebook.cells for text in _released(cell.source))


def resemblance(cells: Iterable[Mapping[str, object]], exercise: Exercise) -> int:
    """Count the cells of a notebook that are plainly from an exercise, by their texts.

    Args:
        cells: Of any notebook, as `read_notebook` returns it.
        exercise: The exercise.
    """
    texts = released_texts(exercise)
    found = {words_of(str(cell.get("source", ""))) for cell in cells}
    return len({text for text in found & texts if sum(map(len, text)) > 40})


# --- cells that were cut in two, or run together


def rejoined(cells: Sequence[NotebookNode], notes: list[str]) -> list[NotebookNode]:
    """Put together what was cut inside a function: jupytext takes a comment `# %%` for the beginning of a cell.

    Args:
        cells: The student's.
        notes: Gets a sentence for each.
    """
    whole: list[NotebookNode] = []
    for cell in cells:
        before = whole[-1] if whole else None
        if before is not None and _goes_on(before, cell):
            joined = NotebookNode(before)
            joined.source = f"{before.source.rstrip()}\n{cell.source}"
            whole[-1] = joined
            notes.append(f"The cell {_named(before)} had been cut in two inside a function; it was put together.")
        else:
            whole.append(cell)
    return whole


def _named(cell: NotebookNode) -> str:
    grade_id = grade_id_of(cell)
    return f"'{grade_id}'" if grade_id else "before the one that begins with an indented line"


def _goes_on(before: NotebookNode, cell: NotebookNode) -> bool:
    if before.cell_type != "code" or cell.cell_type != "code" or grade_id_of(cell) is not None:
        return False
    first = next((line for line in cell.source.split("\n") if line.strip()), "")
    return first[:1] in (" ", "\t") and not _parses(cell.source) and _parses(f"{before.source.rstrip()}\n{cell.source}")


def _parses(text: str) -> bool:
    return _parsed(text) is not None


def _parsed(text: str) -> ast.Module | None:
    if len(text) > MAX_PARSED:
        return None
    try:
        return parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def separated(cells: Sequence[NotebookNode], exercise: Exercise) -> list[NotebookNode]:
    """Take code that a student wrote above a locked cell's text, in that cell, out into a cell of its own.

    Also the locked text that was run together with an answer.

    Args:
        cells: The student's.
        exercise: The instructor's notebook.
    """
    locked = [cell for cell in exercise.cells.values() if cell.cell_type == "code" and not is_answer(cell)]
    there = Counter(grade_id_of(cell) for cell in cells)
    result: list[NotebookNode] = []
    for cell in cells:
        found = next((source for source in locked if _ends_with(cell, source, there)), None)
        if found is None:
            result.append(cell)
            continue
        released = _lines(_released(found.source)[0])
        above = NotebookNode(cell)
        above.source = "\n".join(_lines(cell.source)[: -len(released)])
        below = NotebookNode(cell)
        below.source = "\n".join(released)
        own = NotebookNode(nbgrader=found.metadata["nbgrader"])
        if grade_id_of(cell) == grade_id_of(found):
            above.metadata = NotebookNode()
            above.id = f"{cell.get('id', 'cell')}-above"
        else:
            below.id = f"{cell.get('id', 'cell')}-below"
        below.metadata = own
        result += [above, below]
    return result


def _ends_with(cell: NotebookNode, source: NotebookNode, there: Mapping[str | None, int]) -> bool:
    grade_id = grade_id_of(source)
    if cell.cell_type != "code" or (there[grade_id] and grade_id_of(cell) != grade_id):
        return False
    lines, released = _lines(cell.source), _lines(_released(source.source)[0])
    rest = "".join(lines[: -len(released)]).strip()
    return bool(len(released) >= 2 and rest and lines[-len(released) :] == released)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().split("\n")]


# --- words that a student has written


def own_prose(cell: NotebookNode, released: Iterable[NotebookNode]) -> str:
    """Return what a student has written in a cell of words, or in comments and strings: nothing if it is released text.

    Args:
        cell: The student's.
        released: The instructor's cells of words; what stands beside their text in one cell is the student's.
    """
    text = str(cell.source)
    if cell.cell_type == "code":
        text = _only_words(text)
    words = words_of(text)
    for source in released:
        given = words_of(source.source)
        if len(given) >= 5 and len(words) >= len(given):
            if words[: len(given)] == given:
                return " ".join(words[len(given) :])
            if words[-len(given) :] == given:
                return " ".join(words[: -len(given)])
    return text.strip()


def _only_words(text: str) -> str:
    """Comments, and texts that stand for themselves or are printed; nothing if the cell does anything else."""
    if written := _WRITTEN.match(text):
        return text[written.end() :]
    comments = re.findall(r"^[ \t]*#+[ \t]?(.*)$", text, re.MULTILINE)
    parsed = _parsed(without_magic(text))
    if parsed is None:  # no Python: words in a cell of the wrong type, or a try that went wrong
        code = re.sub(r"^[ \t]*#.*$", "", text, flags=re.MULTILINE)
        return text if _is_mostly_words(code) else "\n\n".join(comments)
    said = []
    for statement in parsed.body:
        value = statement.value if isinstance(statement, ast.Expr) else None
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Name)
            and value.func.id == "print"
            and len(value.args) == 1
        ):
            value = value.args[0]
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
            return ""
        said.append(value.value)
    return "\n\n".join([*comments, *said])


def _is_mostly_words(text: str) -> bool:
    """Tell sentences from code: most of what stands between spaces is one word, and none of Python's."""
    tokens = [token for token in text.split() if re.search(r"[^\W\d_]", token)]
    alone = sum(bool(_WORD_ALONE.match(token)) and not keyword.iskeyword(token) for token in tokens)
    return 0 < len(tokens) <= 2 * alone


def count_words(text: str) -> int:
    """Count the words of a text, headings aside; in scripts without spaces every two letters count as one.

    Args:
        text: Markdown.
    """
    plain = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))
    wide = re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", plain)
    return len(re.findall(r"[^\W\d_]{2,}", plain)) + len(wide) // 2
