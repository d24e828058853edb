"""Draw which module imports which, and list the lessons, from the sources as they are.

python tools/architecture.py            # writes docs/architecture.svg and the lessons in docs/architecture.md
python tools/architecture.py --check    # only says whether they are up to date
"""

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE, PICTURE = ROOT / "docs/architecture.md", ROOT / "docs/architecture.svg"
BEGIN, END = "<!-- lessons: written by tools/architecture.py -->\n", "<!-- end of lessons -->"
FILL = ["#eef2f7", "#e6f0fa", "#e9f5ec", "#fdf1e3", "#f5eafa", "#fbeaea", "#eeeeee", "#f3f3e4"]
INK, SOFT, DOT, LATE = "#1f2933", "#7b8794", "#1f5fa8", "#9cc3ec"
CELL, LEFT, TOP = 13, 190, 150


@dataclass(frozen=True)
class Lesson:
    "A notebook: where it lies, what it exports and how it begins"

    path: Path
    module: str  # "models.svd"; empty where it exports nothing
    title: str
    summary: str

    @property
    def chapter(self) -> str:
        return self.path.parent.name


@dataclass(frozen=True)
class Import:
    "One module imports another"

    importer: str
    imported: str
    late: bool  # only inside a function, when it is called


def lessons() -> list[Lesson]:
    "Return the notebooks of all chapters in reading order"
    return [read_lesson(path) for path in sorted((ROOT / "nbs").glob("[0-9]*/*.ipynb"), key=reading_order)]


def reading_order(path: Path) -> tuple[str, bool, str]:
    "Sort by chapter, then by number; notebooks without a number come last in their chapter"
    return path.parent.name, not path.name[0].isdigit(), path.name


def read_lesson(path: Path) -> Lesson:
    "Read title, summary and module name from the first cells of a notebook"
    cells = ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    lines = cells[0].splitlines()
    module = [
        line.split()[-1]
        for cell in cells[:5]
        for line in cell.splitlines()
        if line.startswith("#| default_exp")
    ]
    summary = " ".join(line.removeprefix(">").strip() for line in lines if line.startswith(">"))
    return Lesson(path, "".join(module), lines[0].removeprefix("#").strip(), summary)


def source_of(module: str) -> Path:
    "Return the file that a module of the package was exported to"
    return ROOT / "customer360" / f"{module.replace('.', '/')}.py"


def imports_of(module: str, source: Path, known: set[str]) -> set[Import]:
    "Return what a module imports from the package"
    tree = ast.parse(source.read_text(encoding="utf-8"))
    at_once = set(imported(tree, module, known, into_functions=False))
    return {
        Import(module, name, name not in at_once) for name in set(imported(tree, module, known)) - {module}
    }


def imported(node: ast.AST, module: str, known: set[str], into_functions: bool = True) -> Iterator[str]:
    "Yield the modules of the package that are imported below a node of the syntax tree"
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (
                name for alias in child.names if (name := alias.name.removeprefix("customer360.")) in known
            )
        elif isinstance(child, ast.ImportFrom):
            base = absolute(child, module)
            named = [f"{base}.{alias.name}".lstrip(".") for alias in child.names] if base is not None else []
            yield from (name if name in known else base for name in named if name in known or base in known)
        elif into_functions or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imported(child, module, known, into_functions)


def absolute(node: ast.ImportFrom, module: str) -> str | None:
    "Return the module of ours that `from ... import` names; None if it is another package's"
    if node.level:
        parents = module.split(".")[: -node.level]
        return ".".join([*parents, *filter(None, [node.module])])
    if node.module == "customer360":
        return ""
    return node.module.removeprefix("customer360.") if node.module.startswith("customer360.") else None


def modules() -> dict[str, str]:
    "Return the modules in reading order, each with its chapter, and last those of the API"
    found = {lesson.module: lesson.chapter for lesson in lessons() if lesson.module}
    sources = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for path in sorted((ROOT / "api").rglob("*.py"))
    }
    return found | {name: "api" for name, path in sources.items() if imports_of(name, path, set(found))}


def edges(named: dict[str, str]) -> set[Import]:
    "Return every import between modules of the package, and from the API into it"
    package = {name for name in named if not name.startswith("api.")}
    found: set[Import] = set()
    for module in named:
        is_api = module.startswith("api.")
        source = ROOT / f"{module.replace('.', '/')}.py" if is_api else source_of(module)
        found |= imports_of(module, source, package)
    return found


# --- the picture


def picture() -> str:
    "Return the SVG: one row and one column per module, a dot where the row imports the column"
    named = modules()
    columns = [name for name in named if not name.startswith("api.")]
    found = edges(named)
    width, height = LEFT + CELL * len(columns) + 20, TOP + CELL * len(named) + 45
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="10">',
        "<title>Which module imports which</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *chapters(named, columns),
        *labels(named, columns),
        *dots(sorted(found, key=lambda edge: (edge.importer, edge.imported)), list(named), columns),
        *legend(height),
        "</svg>\n",
    ]
    return "\n".join(parts)


def chapters(named: dict[str, str], columns: list[str]) -> Iterator[str]:
    "Yield a band per chapter, and darker the square in which its modules import each other"
    names = list(named)
    for place, chapter in enumerate(dict.fromkeys(named.values())):
        rows = [at for at, name in enumerate(names) if named[name] == chapter]
        top, tall = TOP + CELL * rows[0], CELL * len(rows)
        fill = FILL[place % len(FILL)]
        size = f'width="{LEFT + CELL * len(columns)}" height="{tall}"'
        yield f'<rect x="0" y="{top}" {size} fill="{fill}" opacity="0.55"/>'
        title = "api" if chapter == "api" else chapter.partition("_")[2]
        yield f'<text x="6" y="{top + 10}" fill="{SOFT}" font-weight="bold">{escape(title)}</text>'
        inside = [at for at, name in enumerate(columns) if named[name] == chapter]
        if inside:
            yield (
                f'<rect x="{LEFT + CELL * inside[0]}" y="{top}" width="{CELL * len(inside)}" height="{tall}" '
                f'fill="{fill}" stroke="{SOFT}" stroke-width="0.5"/>'
            )


def labels(named: dict[str, str], columns: list[str]) -> Iterator[str]:
    "Yield the names of rows and columns"
    for at, name in enumerate(named):
        y = TOP + CELL * at + 10
        yield f'<text x="{LEFT - 6}" y="{y}" text-anchor="end" fill="{INK}">{escape(name)}</text>'
    for at, name in enumerate(columns):
        x = LEFT + CELL * at + 10
        yield f'<text transform="translate({x},{TOP - 6}) rotate(-60)" fill="{INK}">{escape(name)}</text>'


def dots(found: list[Import], rows: list[str], columns: list[str]) -> Iterator[str]:
    "Yield a dot per import, paler where it happens inside a function"
    for edge in found:
        x = LEFT + CELL * columns.index(edge.imported) + CELL / 2
        y = TOP + CELL * rows.index(edge.importer) + CELL / 2
        says = f"{edge.importer} imports {edge.imported}" + (" inside a function" if edge.late else "")
        colour = LATE if edge.late else DOT
        yield f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"><title>{escape(says)}</title></circle>'


def legend(height: int) -> Iterator[str]:
    "Yield what the dots mean"
    y = height - 20
    yield f'<circle cx="{LEFT}" cy="{y}" r="4" fill="{DOT}"/>'
    yield f'<text x="{LEFT + 9}" y="{y + 3.5}" fill="{INK}">the row imports the column</text>'
    yield f'<circle cx="{LEFT + 165}" cy="{y}" r="4" fill="{LATE}"/>'
    yield f'<text x="{LEFT + 174}" y="{y + 3.5}" fill="{INK}">only inside a function</text>'


# --- the table of lessons


def table() -> str:
    "Return the lessons as a Markdown table"
    rows = ["| lesson | module | |", "|---|---|---|"]
    for lesson in lessons():
        link = f"[{lesson.title}](../{lesson.path.relative_to(ROOT).as_posix()})"
        rows.append(f"| {link} | {f'`{lesson.module}`' if lesson.module else ''} | {lesson.summary} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    "Return docs/architecture.md with the table of lessons as it should be"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


def stale() -> list[str]:
    "Return the names of the committed files that differ from what the sources say"
    wanted = {PAGE: page(), PICTURE: picture()}
    return [
        path.name
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if out_of_date := stale():
            sys.exit(f"out of date: {', '.join(out_of_date)}; run `python tools/architecture.py`")
    else:
        PAGE.write_text(page(), encoding="utf-8")
        PICTURE.write_text(picture(), encoding="utf-8")
