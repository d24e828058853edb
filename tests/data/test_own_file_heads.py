"What stands above or between the columns of a stranger's file: read right, or told with the option that helps"

from pathlib import Path

import pytest

from customer360.data.card_parts import naming, time_format_problem
from customer360.data.cards import FileOptions, SourceError, card_from_options
from customer360.data.ingest import ingest
from customer360.data.text import BLANKS

ROWS = [("u1", "i1", "5"), ("u1", "i2", "4"), ("u2", "i1", "3"), ("u3", "i2", "1")]


def written(folder: Path, between: str = ",", above: str = "", header: bool = True) -> Path:
    lines = [between.join(row) for row in ([("user", "item", "stars"), *ROWS] if header else ROWS)]
    (folder / "mine.txt").write_text(above + "\n".join(lines) + "\n")
    return folder / "mine.txt"


def rows(path: Path, **more: object) -> list[tuple]:
    options = {"user": "user", "item": "item", "rating": "stars", "scale": (1, 5)} | more
    with naming("options"):
        table = ingest(card_from_options(FileOptions(path, **options))).tables.interactions
    return list(
        table[["user", "item", "rating"]]
        .astype({"rating": int})
        .astype(str)
        .itertuples(index=False, name=None)
    )


def refused(path: Path, **more: object) -> str:
    with pytest.raises(SourceError) as error:
        rows(path, **more)
    return str(error.value)


@pytest.mark.parametrize(
    ("above", "n"),
    [
        ("# exported by the shop, in May, for us\n", 1),
        ("Report of May\n\n", 2),
        ("% a\n% b\n% c\n", 3),
        ("title;of;all\n", 1),
        ("user\n", 1),
    ],
)
@pytest.mark.parametrize("between", [",", ";", "::"])
def test_lines_above_the_header_are_told_and_passed_over(tmp_path, above, n, between):
    path = written(tmp_path, between, above)
    said = refused(path)
    assert f"The header with 'user', 'item', 'stars' seems to be on line {n + 1}: add --skip {n} to" in said
    separator = "::" if between == "::" else "auto"
    assert rows(path, skip=n, separator=separator) == ROWS


def test_lines_above_the_first_row(tmp_path):
    path = written(tmp_path, ",", "# no names\n", header=False)
    assert "seems to be a remark: add --skip 1" in refused(path)
    by_number = {"user": "1", "item": "2", "rating": "3"}
    assert rows(path, skip=1, **by_number) == rows(path, skip=1, columns=(), **by_number) == ROWS
    assert "there is nothing below the first 9 lines" in refused(path, skip=9)


@pytest.mark.parametrize("line", ["sep=;\n", "sep=;\r\n", '"sep=;"\n'])
def test_the_line_that_names_the_separator_for_spreadsheets(tmp_path, line):
    assert rows(written(tmp_path, ";", line)) == ROWS
    assert rows(written(tmp_path, ";", line), separator=";") == ROWS


@pytest.mark.parametrize("between", ["   ", "\t \t", " \t"])
@pytest.mark.parametrize("quoted", [False, True])
def test_columns_aligned_with_blanks(tmp_path, between, quoted):
    path = written(tmp_path, between)
    assert "seems to be 'blanks', any number of them" in refused(path, separator=",")
    if quoted:
        path.write_text("  " + path.read_text().replace("i2", '"i2"').replace("\n", " \n"))
    assert rows(path, separator=BLANKS) == ROWS


@pytest.mark.parametrize("header", ["user, item, stars", " user ,item,stars", '"user", item,stars'])
def test_blanks_around_names_do_not_count(tmp_path, header):
    path = written(tmp_path)
    path.write_text(path.read_text().replace("user,item,stars", header).replace(",", ", "))
    assert rows(path) == ROWS


@pytest.mark.parametrize("cell", ["4,5", "3,0", "-1,25"])
def test_a_decimal_comma_between_commas_is_the_first_cause_told(tmp_path, cell):
    path = written(tmp_path)
    path.write_text(path.read_text().replace(",5\n", f",{cell}\n"))
    said = refused(path)
    assert "save the file with ; between its cells; then add --decimal" in said and "--columns" in said


@pytest.mark.parametrize("first", ["alice,tea,5", "alice,tea,good", "a,b,c"])
def test_words_in_a_first_line_that_is_a_row(tmp_path, first):
    path = written(tmp_path, header=False)
    path.write_text(first + "\n" + path.read_text())
    assert "--columns user,item" in refused(path)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"item": "user"}, "the column 'user' is named as user and as item"),
        ({"rating": "item"}, "the column 'item' is named as item and as rating"),
        ({"timestamp": "stars"}, "the column 'stars' is named as rating and as timestamp"),
        ({"rating": None, "scale": None, "weight": "user"}, "as user and as weight"),
        ({"event": "item"}, "the column 'item' is named as item and as event"),
    ],
)
def test_one_column_has_one_role(tmp_path, given, said):
    assert said in refused(written(tmp_path), **given)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("%d/%m/%Y %H:%M %p", "use %I with %p"),
        ("%m-%d-%Y %-I:%M", "use %H, or add %p"),
        ("%Y-%M-%d", "months are %m"),
        ("%H:%M:%S", "hours and no day"),
        ("%d %Y", "no month"),
        ("%d.%m.", "no year"),
    ],
)
def test_formats_of_times_that_lose_something(tmp_path, text, said):
    assert said in time_format_problem(text)
    assert said in refused(written(tmp_path), rating=None, scale=None, timestamp="stars", time_format=text)


@pytest.mark.parametrize("year", ["55", "60", "68"])
def test_two_digits_of_a_year_in_the_future(tmp_path, year):
    path = written(tmp_path)
    path.write_text(path.read_text().replace(",5\n", f",01/02/{year}\n").replace(",4\n", ",01/02/24\n"))
    said = refused(path, rating=None, scale=None, timestamp="stars", time_format="%d/%m/%y")
    assert "the timestamp is not a time" in said  # of the other rows
    rest = path.read_text().replace(",3\n", ",01/02/99\n").replace(",1\n", ",01/02/23\n")
    path.write_text(rest)
    said = refused(path, rating=None, scale=None, timestamp="stars", time_format="%d/%m/%y")
    assert "the time is in the future, as %y takes 00 to 68 for 2000 to 2068 (1 row," in said
