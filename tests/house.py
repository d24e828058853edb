"The rules of the house, each a function from the text of a module to the places that break it"

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

FUNCTION_LINES, MODULE_LINES, COLUMNS, DEPTH = 40, 500, 110, 2
QUESTION = re.compile(r"(What|Which|Who|Whom|Whose|How|Where|When|Whether|Why|Is|Does|Are|Can)\b")


def long_functions(source: str) -> list[str]:
    "Functions and methods of more than 40 lines, decorators and blank lines included"
    spans = ((f.name, f.end_lineno - f.lineno + 1) for f in _functions(ast.parse(source)))
    return [f"{name}: {lines} lines" for name, lines in spans if lines > FUNCTION_LINES]


def long_module(source: str) -> list[str]:
    "A module of more than 500 lines"
    lines = len(source.splitlines())
    return [f"{lines} lines: what are its two subjects?"] if lines > MODULE_LINES else []


def long_lines(source: str) -> list[str]:
    "Lines of more than 110 columns"
    lines = enumerate(source.splitlines(), 1)
    return [f"line {number}: {len(line)} columns" for number, line in lines if len(line) > COLUMNS]


def deep_classes(source: str) -> list[str]:
    "Classes that are more than two classes away from their root in this module"
    classes = _classes(ast.parse(source))

    def depth(name: str) -> int:
        return max((1 + depth(base) for base in _bases(classes[name], classes)), default=0)

    return [f"{name}: {depth(name)} classes below its root" for name in classes if depth(name) > DEPTH]


def calls_downwards(source: str) -> list[str]:
    "Base classes that use an attribute which only their subclasses define; an abstract method is defined"
    classes, below = _classes(ast.parse(source)), defaultdict(list)
    for name, node in classes.items():
        for base in _bases(node, classes):
            below[base].append(name)

    def own_and_above(name: str) -> set[str]:
        return _defined(classes[name]).union(*map(own_and_above, _bases(classes[name], classes)))

    def only_below(name: str) -> set[str]:
        return set().union(*(_defined(classes[child]) | only_below(child) for child in below[name]))

    wrong = {name: (_used(node) - own_and_above(name)) & only_below(name) for name, node in classes.items()}
    return [
        f"{name} uses {', '.join(sorted(names))} of its subclasses" for name, names in wrong.items() if names
    ]


def read_by_position(source: str) -> list[str]:
    "Loop and lambda variables of which a third or later place is read by its number: such a row has names"
    tree, found = ast.parse(source), []
    for node in ast.walk(tree):
        names = {
            name.id for target in _loop_targets(node) for name in [target] if isinstance(target, ast.Name)
        }
        if isinstance(node, ast.Lambda):
            names = {argument.arg for argument in node.args.args}
        for part in ast.walk(node) if names else ():
            if (
                isinstance(part, ast.Subscript)
                and isinstance(part.value, ast.Name)
                and part.value.id in names
            ):
                place = part.slice
                if isinstance(place, ast.Constant) and isinstance(place.value, int) and place.value >= 2:
                    found.append(f"line {part.lineno}: {ast.unparse(part)}")
    return sorted(set(found))


def question_docstrings(source: str) -> list[str]:
    "Docstrings that ask: a docstring says what is returned or done"
    documented = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    )
    told = ((node.name, ast.get_docstring(node) or "") for node in documented)
    return [f"{name}: {doc.splitlines()[0]}" for name, doc in told if QUESTION.match(doc)]


def shared_names(sources: dict[str, str]) -> list[str]:
    "Public classes and functions that two modules define under one name"
    homes = defaultdict(list)
    for module, source in sources.items():
        for node in ast.parse(source).body:
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_"):
                homes[node.name].append(module)
    return [f"{name}: {' and '.join(modules)}" for name, modules in sorted(homes.items()) if len(modules) > 1]


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _classes(tree: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _bases(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> list[str]:
    return [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in classes]


def _defined(node: ast.ClassDef) -> set[str]:
    "Methods, fields and class variables, and what methods assign to self"
    names = {part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store) and _is_self(part.value):
            names.add(part.attr)
    for part in node.body:
        targets = part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)]
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _used(node: ast.ClassDef) -> set[str]:
    return {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute) and _is_self(part.value)}


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _loop_targets(node: ast.AST) -> Iterable[ast.AST]:
    if isinstance(node, ast.For | ast.AsyncFor):
        return [node.target]
    return [generator.target for generator in getattr(node, "generators", ())]
