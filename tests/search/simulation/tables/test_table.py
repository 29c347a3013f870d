"""Tables are read, and what is wrong with one is said in a line."""

import gzip
import os

import pytest
from peak import peak_mib

from search.simulation.tables.table import read_table
from searchspace.errors import UserError


@pytest.fixture
def write(tmp_path):
    def writer(text, name="table.csv"):
        file = tmp_path / name
        file.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return file

    return writer


@pytest.mark.parametrize("name", ["table.csv", "table.csv.gz"])
def test_reads_columns_by_name(write, name):
    table = read_table(write('clean,arch,pgd_eps1\n0.9,"a=1,b=2",0.25\n\n1,"a=2,b=2",0\n', name))
    assert table.name == name
    assert table.archs == ("a=1,b=2", "a=2,b=2")
    assert table.column("clean").tolist() == [0.9, 1.0]
    assert table.column("pgd_eps1").tolist() == [0.25, 0.0]


def test_capitals_and_a_byte_order_mark_do_not_matter(write):
    table = read_table(write("\ufeffarch,clean\na=1,0.5\n", "TABLE.CSV"))
    assert table.archs == ("a=1",)
    packed = write("arch,clean\na=1,0.5\n", "table.csv.gz")
    assert read_table(packed.rename(packed.with_suffix(".GZ"))).archs == ("a=1",)


def test_no_flipped_bit_of_a_packed_table_is_read_as_other_values(write):
    file = write("arch,clean\na=1,0.5\n", "table.csv.gz")
    body, refused = bytearray(file.read_bytes()), 0
    for bit in range(80, 8 * len(body)):  # after gzip's header
        body[bit // 8] ^= 1 << bit % 8
        file.write_bytes(body)
        body[bit // 8] ^= 1 << bit % 8
        try:
            assert read_table(file).column("clean").tolist() == [0.5]
        except UserError:
            refused += 1
    assert refused > 8 * (len(body) - 11)  # all but bits that fill up the last byte


def test_a_column_that_is_missing_names_the_nearest(write):
    table = read_table(write("arch,clean,pgd_eps1\na=1,0.9,0.3\n"))
    with pytest.raises(UserError, match=r"column of table.csv 'pgd_eps2'.*pgd_eps1"):
        table.column("pgd_eps2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column arch and no clean"),
        ("arch,pgd_eps1\na=1,0.3\n", "no column clean"),
        ("arch,clean\n", "no rows"),
        ("arch,clean,clean\na=1,0.9,0.8\n", "column clean twice"),
        ("arch,clean\na=1,high\n", "clean is 'high' in row 1 .* from 0 to 1"),
        ("arch,clean\na=1,0.9\na=2,nan\n", "clean is 'nan' in row 2"),
        ("arch,clean\na=1,\n", "clean is '' in row 1"),
        ("arch,clean\na=1,91.5\n", "clean is '91.5' in row 1"),
        ("arch,clean\na=1,-0.1\n", "clean is '-0.1' in row 1"),
        ("arch,clean\na=1,0.9,0.8\n", "row 1 .* has 3 values, the header 2"),
    ],
)
def test_mistakes(write, text, message):
    with pytest.raises(UserError, match=message) as caught:
        read_table(write(text))
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path, write):
    with pytest.raises(UserError, match="No such file"):
        read_table(tmp_path / "absent.csv")
    cut = write("arch,clean\na=1,0.9\n", "cut.csv.gz")
    cut.write_bytes(cut.read_bytes()[:-9])
    with pytest.raises(UserError, match="cannot read the table"):
        read_table(cut)
    (tmp_path / "plain.csv.gz").write_text("arch,clean\n")
    with pytest.raises(UserError, match="cannot read the table"):
        read_table(tmp_path / "plain.csv.gz")


def test_a_small_file_that_unpacks_to_gigabytes_is_refused(tmp_path):
    file = tmp_path / "table.csv.gz"
    file.write_bytes(gzip.compress(bytes(2**26)))
    assert file.stat().st_size < 2**17
    before = peak_mib(reset=True)
    with pytest.raises(UserError, match="it is no table of results"):
        read_table(file)
    assert peak_mib() - before < 200


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "table.csv")
    with pytest.raises(UserError, match="is no file"):
        read_table(tmp_path / "table.csv")
