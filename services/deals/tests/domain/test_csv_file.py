import pytest

from takt.deals.domain.csv_file import Table, read_table


def read(content: bytes, encoding: str = "utf-8", delimiter: str = ",") -> Table:
    return read_table(
        "deals.csv", content, encoding=encoding, delimiter=delimiter, required=["id", "name"]
    )


def test_rows_carry_the_line_on_which_they_begin() -> None:
    table = read(b'id,name\n1,"two\nlines"\n2,b\n')
    assert [(row.line, row.cells["name"]) for row in table.rows] == [(2, "two\nlines"), (4, "b")]


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert read(b"\xef\xbb\xbfid,name\n1,a\n").columns == ("id", "name")


def test_gbk_is_recognised_and_the_remedy_says_what_to_write() -> None:
    content = "id,name\n1,上海机械有限公司\n".encode("gbk")
    (problem,) = read(content).problems
    assert (problem.file, problem.line) == ("deals.csv", 0)
    assert 'encoding = "gb18030"' in problem.remedy
    assert read(content, encoding="gb18030").rows[0].cells["name"] == "上海机械有限公司"


def test_another_encoding_is_not_mistaken_for_gbk() -> None:
    (problem,) = read("id,name\n1,Müller\n".encode("latin-1")).problems
    assert "line 2" in problem.remedy
    assert "GBK" not in problem.remedy


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04\x14\x00", "Excel workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"PAR1\x15\x04", "Parquet; export the data as CSV"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\xff\xfei\x00d\x00", "UTF-16"),
        (b"\x89PNG\x00\x01\x02", "binary file"),
        (b"", "empty"),
    ],
)
def test_a_file_that_is_not_csv_says_what_it_is(content: bytes, said: str) -> None:
    (problem,) = read(content).problems
    assert problem.line == 0
    assert said in problem.remedy


def test_every_missing_column_is_named() -> None:
    table = read_table("f.csv", b"a,b\n", encoding="utf-8", delimiter=",", required=["x", "b", "y"])
    assert [problem.field for problem in table.problems] == ["x", "y"]


def test_a_column_named_twice_is_refused() -> None:
    assert [problem.field for problem in read(b"id,name,name\n").problems] == ["name"]


def test_another_delimiter_is_recognised() -> None:
    (problem,) = read(b"id;name\n1;a\n").problems
    assert 'delimiter = ";"' in problem.remedy


def test_a_row_of_another_length_is_reported_and_the_others_are_read() -> None:
    table = read(b"id,name\n1\n2,b\n3,c,d\n\n4,e\n")
    assert [row.cells["id"] for row in table.rows] == ["2", "4"]
    assert [(problem.line, problem.value) for problem in table.problems] == [(2, "1"), (4, "3,c,d")]


def test_quotes_that_do_not_match_are_reported_with_their_line() -> None:
    table = read(b'id,name\n1,a\n2,"b" c\n3,d\n')
    assert [row.cells["id"] for row in table.rows] == ["1", "3"]
    assert [problem.line for problem in table.problems] == [3]
    assert [problem.line for problem in read(b'id,name\n1,"open\n2,b\n').problems] == [2]
