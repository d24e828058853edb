"Imports go down, heavy packages wait until they are needed, and the notebooks keep the style that can be checked by a machine"

import ast
import configparser
import functools
import importlib.metadata
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import house
import pytest
from conftest import ROOT

NOTEBOOKS = sorted((ROOT / "nbs").glob("[0-9]_*/[0-9]*.ipynb"))
PIPELINES = sorted(
    path for folder in ("pipelines", "benchmarks") for path in (ROOT / "nbs" / folder).glob("*.ipynb")
)

# What a module may import from the package, where that is less than everything before it.
GROUND = {"config", "files", "schema"}
MODEL_GROUND = GROUND | {"metrics", "data.prepare", "data.splits"}
OUTSIDE_MODELS = {
    "catalogue",
    "snapshots",
    "releases",
    "kept_findings",
    "registry",
}  # they are about models, and none themselves


# Packages that take long to import stay inside functions, but for the modules that are about them.
HEAVY = {
    "torch",
    "transformers",
    "faiss",
    "matplotlib",
    "sklearn",
    "surprise",
    "faker",
    "papermill",
    "nbconvert",
    "nbformat",
    "fastapi",
    "sqlalchemy",
    "alembic",
    "implicit",
    "cornac",
    "myfm",
    "optuna",
}
PEER_PACKAGES = {"implicit", "cornac", "myfm", "optuna"}  # of the extra `benchmarks`
ABOUT = {  # module, or the beginning of its name -> packages
    "data.simulate": {"faker"},
    "data.store.": {"sqlalchemy", "alembic"},
    "models.knn": {"sklearn"},
    "models.svd": {"surprise"},
    "models.tfidf": {"sklearn"},
    "models.ncf": {"torch"},
    "models.neumf": {"torch"},
    "peers.autoencoders": {"torch"},
    "peers.sequential": {"torch"},
    "peers.cost_edge": {"matplotlib"},
    "evaluation.drawing": {"matplotlib"},
    "evaluation.plots": {"matplotlib"},
    "evaluation.model_plots": {"matplotlib"},
    "evaluation.notebooks": {"papermill", "nbconvert", "nbformat"},
}


@dataclass(frozen=True)
class Cell:
    "A code cell"

    source: str
    tags: tuple[str, ...]

    @property
    def exported(self) -> bool:
        return re.match(r"#\| *exporti?\b", self.source) is not None

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(re.sub(r"(?m)^[ \t]*[%!].*$", "", self.source))  # no magics

    def imports(self, top: bool = False, relative: bool = False) -> set[str]:
        "Dotted names that the cell imports; with `top` only those that importing the module would import; with `relative` neighbours are let be"
        found = set()
        for node in _walk_top(self.tree) if top else ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not (relative and node.level):
                assert node.level == 0, f"a relative import in a notebook: {ast.unparse(node)}"
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        return found


def _walk_top(node: ast.AST):
    "Everything that runs on import: not the bodies of functions, not what only a type checker reads"
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _walk_top(child)


@functools.cache
def cells(notebook: Path) -> tuple[Cell, ...]:
    found = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = (cell for cell in found if cell["cell_type"] == "code")
    return tuple(Cell("".join(cell["source"]), tuple(cell["metadata"].get("tags", ()))) for cell in code)


def exported(notebook: Path) -> list[Cell]:
    return [cell for cell in cells(notebook) if cell.exported]


@functools.cache
def module(notebook: Path) -> str:
    "The module that a lesson exports, such as `data.prepare`"
    named = [
        match[1] for cell in cells(notebook) if (match := re.search(r"#\| *default_exp +(\S+)", cell.source))
    ]
    assert len(named) == 1, (
        f"{notebook.name} names {len(named)} modules in default_exp: one lesson is one module"
    )
    return named[0]


@functools.cache
def source(name: str) -> str:
    "The text of an exported module"
    return (ROOT / "customer360" / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8")


def number(notebook: Path) -> tuple[int, int]:
    "Chapter and number: the order of reading, and of imports"
    return tuple(int(path.name.split("_")[0]) for path in (notebook.parent, notebook))


def ours(names: set[str]) -> set[str]:
    "Those of our modules that are among the imported names"
    modules = {module(notebook) for notebook in NOTEBOOKS}
    return {name.removeprefix("customer360.") for name in names} & modules


def packages(names: set[str]) -> set[str]:
    "The other people's packages among the imported names"
    return {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"customer360"}


lessons = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def test_one_lesson_is_one_module():
    modules = [module(notebook) for notebook in NOTEBOOKS]
    assert len(modules) == len(set(modules)), "two notebooks have one default_exp"
    numbers = [number(notebook) for notebook in NOTEBOOKS]
    assert len(numbers) == len(set(numbers)), "two notebooks have one number"


@lessons
def test_imports_go_down(notebook):
    numbers = {module(other): number(other) for other in NOTEBOOKS}
    for cell in cells(notebook):
        for name in ours(cell.imports()):
            lower = numbers[name] < number(notebook) or (name == module(notebook) and not cell.exported)
            assert lower, (
                f"{notebook.name} imports customer360.{name} of lesson {numbers[name]}, which comes later:\n{cell.source}"
            )


def known_to(name: str) -> set[str] | None:
    "What a module may import from the package by the plan; None: everything before it"
    chapter, _, own = name.rpartition(".")
    shared = {module(path) for path in NOTEBOOKS if module(path).startswith("models.")} - built_in()
    if name == "metrics":
        return set()
    if name in GROUND:
        return GROUND
    if chapter == "data.store":
        return GROUND | {module(path) for path in NOTEBOOKS if module(path).startswith("data.store.")}
    if chapter == "models" and own not in OUTSIDE_MODELS:
        return MODEL_GROUND | (shared - {f"models.{one}" for one in OUTSIDE_MODELS}) | {name}
    return None


def built_in() -> set[str]:
    "The modules of the models that come with the package"
    from customer360.models.catalogue import MODELS

    models = {model.module.removeprefix("customer360.") for model in MODELS.values()}
    return models - {"models.baselines"}


@lessons
def test_a_module_knows_only_what_the_plan_says(notebook):
    known = known_to(module(notebook))
    if known is not None:
        imported = set().union(*(ours(cell.imports()) for cell in exported(notebook)))
        assert imported <= known, (
            f"{module(notebook)} imports {sorted(imported - known)}, and may know only {sorted(known)}"
        )


def test_metrics_need_numpy_alone():
    for notebook in NOTEBOOKS:
        if module(notebook) == "metrics":
            assert set().union(*(packages(cell.imports()) for cell in exported(notebook))) == {"numpy"}


def test_models_never_import_each_other():
    for notebook in NOTEBOOKS:
        if module(notebook) in built_in() - {
            "models.hybrid"
        }:  # the lesson on the hybrid shows it at work with others
            for cell in cells(notebook):
                assert not ours(cell.imports()) & (built_in() - {module(notebook)}), cell.source


def test_the_api_knows_serving_and_the_schema():
    for path in sorted((ROOT / "api").rglob("*.py")):
        names = ours(Cell(path.read_text(encoding="utf-8"), ()).imports(relative=True))
        assert all(name in ("schema", "config") or name.startswith("serving") for name in names), (
            f"{path} imports {names}"
        )


@lessons
def test_nothing_but_the_benchmarks_knows_a_peer(notebook):
    "Neither the models of others nor their packages; the command line calls the one that runs them"
    name = module(notebook)
    for cell in () if name.startswith("peers.") else cells(notebook):
        assert not packages(cell.imports()) & PEER_PACKAGES, cell.source
        known = {other for other in ours(cell.imports()) if other.startswith("peers.")}
        assert not known or name == "cli_benchmark", f"{notebook.name} imports {sorted(known)}"


def test_no_other_code_knows_a_peer():
    "The server, the tools, and what is written by hand"
    paths = [path for folder in ("api", "tools") for path in sorted((ROOT / folder).rglob("*.py"))]
    for path in [*paths, ROOT / "train.py"]:
        names = Cell(path.read_text(encoding="utf-8"), ()).imports(relative=True)
        assert not packages(names) & PEER_PACKAGES, path
        assert not {name for name in names if name.startswith("customer360.peers")}, path


@lessons
def test_heavy_packages_wait(notebook):
    about = set().union(*(own for name, own in ABOUT.items() if module(notebook).startswith(name)))
    for cell in exported(notebook):
        heavy = (packages(cell.imports(top=True)) & HEAVY) - about
        assert not heavy, (
            f"{notebook.name} imports {sorted(heavy)} when it is imported: do it inside the function\n{cell.source}"
        )


def test_every_package_is_declared():
    "What notebooks and tests import stands in settings.ini, so that it does not work by luck on one machine only"
    code = [cell for notebook in NOTEBOOKS + PIPELINES for cell in cells(notebook)]
    tests = sorted((ROOT / "tests").rglob("*.py"))
    code += [Cell(path.read_text(encoding="utf-8"), ()) for path in tests]
    ours = {path.stem for path in [*tests, *(ROOT / "tools").glob("*.py")]}
    ours |= {"api", "starlette", "yaml"}  # which FastAPI and papermill stand on
    imported = set().union(*(packages(cell.imports()) for cell in code)) - ours

    settings = configparser.ConfigParser(delimiters=["="])
    settings.read(ROOT / "settings.ini", encoding="utf-8")
    needs = " ".join(value for key, value in settings["DEFAULT"].items() if key.endswith("requirements"))
    declared = {_plain(re.split(r"[<>=[]", need)[0]) for need in needs.split()}
    sources = importlib.metadata.packages_distributions()
    undeclared = {
        name for name in imported if not {_plain(source) for source in sources.get(name, [name])} & declared
    }
    assert not undeclared, f"settings.ini does not name what brings {sorted(undeclared)}"


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@lessons
def test_title_and_one_line(notebook):
    first = "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    assert re.match(r"# \S.*\n\n> \S", first), f"{notebook.name} does not begin with `# Title` and a `>` line"


RULES = [
    house.long_functions,
    house.long_module,
    house.long_lines,
    house.deep_classes,
    house.calls_downwards,
    house.read_by_position,
    house.question_docstrings,
]


@lessons
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_module_keeps_the_rules(notebook, rule):
    lines = rule is house.long_lines  # of what was written by hand: nbdev writes the title and __all__ itself
    texts = [cell.source for cell in exported(notebook)] if lines else [source(module(notebook))]
    broken = [found for text in texts for found in rule(text)]
    assert not broken, f"{notebook.name}: {rule.__doc__}: {broken}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_plain_files_keep_the_rules(rule):
    paths = [path for path in sorted((ROOT / "api").rglob("*.py")) + sorted((ROOT / "tools").rglob("*.py"))]
    broken = {path.name: found for path in paths if (found := rule(path.read_text(encoding="utf-8")))}
    large = {"schemas.py"} if rule is house.long_module else set()  # one class for each JSON shape
    assert not {name: found for name, found in broken.items() if name not in large}, rule.__doc__


def test_one_name_is_one_thing():
    sources = {module(notebook): source(module(notebook)) for notebook in NOTEBOOKS}
    assert not house.shared_names(sources)


@pytest.mark.parametrize(
    ("rule", "kept", "broken"),
    [
        (house.long_functions, "def f():\n" + "    pass\n" * 39, "def f():\n" + "    pass\n" * 40),
        (
            house.long_functions,
            "class A:\n    x = 1\n",
            "class A:\n    def f(self):\n" + "        pass\n" * 40,
        ),
        (house.long_module, "x = 1\n" * 500, "x = 1\n" * 501),
        (house.long_lines, "#" * 110, "#" * 111),
        (
            house.deep_classes,
            "class A: ...\nclass B(A): ...\nclass C(B): ...",
            "class A: ...\nclass B(A): ...\nclass C(B): ...\nclass D(C): ...",
        ),
        (
            house.calls_downwards,
            "class A:\n    def f(self): return self.g()\n    def g(self): raise NotImplementedError\n"
            "class B(A):\n    def g(self): return 1",
            "class A:\n    def f(self): return self.g()\nclass B(A):\n    def g(self): return 1",
        ),
        (
            house.calls_downwards,
            "class A:\n    def __init__(self): self.x = 1\n    def f(self): return self.x\nclass B(A): ...",
            "class A:\n    def f(self): return self.x\nclass B(A):\n    def __init__(self): self.x = 1",
        ),
        (house.read_by_position, "for event in rows: event.item", "for event in rows: event[4]"),
        (house.read_by_position, "[pair[1] for pair in pairs]", "[row[2] for row in rows]"),
        (house.read_by_position, "sorted(x, key=lambda row: row.time)", "sorted(x, key=lambda row: row[3])"),
        (
            house.question_docstrings,
            'def f():\n    "Return the mask"',
            'def f():\n    "What must not be shown"',
        ),
        (house.question_docstrings, 'class A:\n    "A model"', 'class A:\n    "Whom to believe when"'),
    ],
)
def test_a_broken_rule_is_seen(rule, kept, broken):
    assert not rule(kept)
    assert len(rule(broken)) == 1


def test_a_name_used_twice_is_seen():
    one, two = "def rank(): ...\nclass Fit: ...", "def rank(): ...\ndef _rank(): ..."
    assert house.shared_names({"a": one, "b": two}) == ["rank: a and b"]
    assert not house.shared_names({"a": one, "b": "def _rank(): ..."})


def test_formatting_is_checked():
    command = [
        Path(sys.executable).with_name("ruff"),
        "format",
        "--check",
        "nbs",
        "api",
        "tests",
        "tools",
        "train.py",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"run `ruff format nbs api tests tools train.py`: {done.stdout[-2000:]}"
    command = [Path(sys.executable).with_name("ruff"), "check", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


@lessons
def test_imports_stand_alone(notebook):
    for cell in exported(notebook):
        kinds = {isinstance(node, ast.Import | ast.ImportFrom | ast.If | ast.Try) for node in cell.tree.body}
        imports = any(isinstance(node, ast.Import | ast.ImportFrom) for node in cell.tree.body)
        assert not (imports and False in kinds), f"{notebook.name} mixes imports with code:\n{cell.source}"


@lessons
def test_no_star_import_and_no_print(notebook):
    for cell in cells(notebook):
        for node in ast.walk(cell.tree):
            assert not (isinstance(node, ast.ImportFrom) and node.names[0].name == "*"), cell.source
            printed = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
            )
            assert not (cell.exported and printed), (
                f"{notebook.name} prints: log it, or return it\n{cell.source}"
            )


@lessons
def test_public_signatures_are_annotated_and_described(notebook):
    wrong = []
    for cell in exported(notebook):
        for function in _public(cell.tree.body):
            parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            parameters += [p for p in (function.args.vararg, function.args.kwarg) if p is not None]
            wrong += [
                f"{function.name}: {p.arg} has no type"
                for p in parameters
                if p.annotation is None and p.arg not in ("self", "cls")
            ]
            wrong += [f"{function.name}: does not say what it returns"] if function.returns is None else []
            plain = any(
                ast.unparse(decorator) == "property" for decorator in function.decorator_list
            )  # its name says it
            wrong += (
                [f"{function.name}: has no docstring"]
                if not plain and not ast.get_docstring(function)
                else []
            )
    assert not wrong


def _public(body: list[ast.stmt]):
    "Public functions, and public methods of public classes"
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public(node.body)


@lessons
def test_what_is_exported_is_shown_at_work(notebook):
    "Each public function stands in an example, in another function of the lesson, or in a pipeline; commands are typed, not called"
    all_code = "\n".join(cell.source for path in [notebook, *PIPELINES] for cell in cells(path))
    functions = [
        node for cell in exported(notebook) for node in cell.tree.body if isinstance(node, ast.FunctionDef)
    ]
    called = [
        node.name
        for node in functions
        if not any(".command(" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]
    unseen = [
        name
        for name in called
        if not name.startswith("_") and name != "main" and len(re.findall(rf"\b{name}\b", all_code)) < 2
    ]
    assert not unseen, f"nothing uses {unseen} of {notebook.name}"


@pytest.mark.parametrize("notebook", NOTEBOOKS + PIPELINES, ids=lambda path: path.stem)
def test_no_path_of_one_machine(notebook):
    roots = "|".join(["/home", "/root", "/Users", "/tmp", r"[A-Z]:\\\\Users", re.escape(str(ROOT))])
    text = notebook.read_text(encoding="utf-8")
    found = re.findall(rf"""(?:{roots})[/\\][^"'\s,]*""", text)
    found += re.findall(r"(?:Posix|Windows)Path\('(?:/|[A-Z]:)[^']*", text)
    found += re.findall(r"/[\w./-]+/site-packages/", text)
    assert not found, f"{notebook.name} holds paths of somebody's machine: {found[:3]}"


@pytest.mark.parametrize("notebook", PIPELINES, ids=lambda path: path.stem)
def test_pipelines_take_parameters_and_export_nothing(notebook):
    assert not exported(notebook), "a pipeline notebook exports nothing"
    tagged = [cell for cell in cells(notebook) if "parameters" in cell.tags]
    assert len(tagged) == 1, (
        f"{notebook.name} has {len(tagged)} cells tagged `parameters`: nbdev_clean strips tags that settings.ini does not allow"
    )
    for node in tagged[0].tree.body:
        assert isinstance(node, ast.AnnAssign) and node.value is not None, (
            f"not `name: type = literal  # what it is`: {ast.unparse(node)}"
        )
        ast.literal_eval(node.value)
        assert "#" in tagged[0].source.splitlines()[node.lineno - 1], f"no comment beside {ast.unparse(node)}"


def test_pipelines_are_left_out_of_the_lessons():
    for folder in ("pipelines", "benchmarks"):
        assert (ROOT / "nbs" / folder / ".notest").exists(), "nbdev_test would run papermill's notebooks"
