"""Where files come from: folders, archives, standard input, single files."""

import bz2
import gzip
import io
import lzma
import os
import random
import signal
import stat
import sys
import tarfile
import tracemalloc
import zipfile
from contextlib import suppress

import pytest

from postings.importing.layout import MAX_BYTES
from postings.importing.sources import Limits, Reader, Unreadable, count_files

TREES = b"# Trees\n"


def write(folder, **files):
    """Files below `folder`; `__` stands for `/` and `_` for the last dot."""
    for name, data in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def read(path, **limits):
    """What comes out of one path, and the reader that counted."""
    reader = Reader(Limits(**limits))
    return list(reader.read(str(path))), reader


def data_of(path, **limits):
    """Where each file lies below `path`, and what is in it."""
    return {file.path.removeprefix(f"{path}/"): file.data or file.problem for file in read(path, **limits)[0]}


def why_unreadable(path, **limits):
    with pytest.raises(Unreadable) as refusal:
        read(path, **limits)
    assert refusal.value.path
    return str(refusal.value)


def tar(files, mode="w", **options):
    """A tar of `files`: name to bytes, or to a TarInfo's attributes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, **options) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
            else:
                for attribute, value in content.items():
                    setattr(entry, attribute, value)
                archive.addfile(entry)
    return packed.getvalue()


def zipped(files):
    """A zip of `files`: name (or ZipInfo) to bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


_PACKERS = {
    ".tar": tar,
    ".tar.gz": lambda files: tar(files, "w:gz"),
    ".tgz": lambda files: tar(files, "w:gz"),
    ".tar.bz2": lambda files: tar(files, "w:bz2"),
    ".tar.xz": lambda files: tar(files, "w:xz"),
    ".zip": zipped,
}
every_archive = pytest.mark.parametrize("ending", _PACKERS)


@pytest.fixture
def archive(tmp_path):
    """Writes an archive of some kind, and says where."""

    def write_archive(ending, content):
        path = tmp_path / f"dump{ending}"
        path.write_bytes(_PACKERS[ending](content) if isinstance(content, dict) else content)
        return path

    return write_archive


@pytest.fixture
def standard_input(monkeypatch):
    def set_standard_input(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return set_standard_input


# --- Folders and single files ------------------------------------------------------------------------


def test_reads_a_folder_in_the_order_of_its_names(tmp_path):
    write(tmp_path, b__x_md=b"3", a__2_md=b"2", a__10_md=b"1", c_md=b"0", b__a__y_md=b"4")
    assert [(file.path, file.data) for file in read(tmp_path)[0]] == [
        (f"{tmp_path}/c.md", b"0"),
        (f"{tmp_path}/a/10.md", b"1"),
        (f"{tmp_path}/a/2.md", b"2"),
        (f"{tmp_path}/b/x.md", b"3"),
        (f"{tmp_path}/b/a/y.md", b"4"),
    ]


def test_reads_the_endings_of_postings_and_counts_the_others(tmp_path):
    write(
        tmp_path, a_md=TREES, b_markdown=TREES, c_txt=TREES, d_MD=TREES, e_html=b"", f_md_bak=b"", README=b"", g_mdx=b""
    )
    files, reader = read(tmp_path)
    assert [file.parts[-1] for file in files] == ["a.md", "b.markdown", "c.txt", "d.MD"]
    assert reader.skipped == 4


def test_passes_over_hidden_files_and_folders(tmp_path):
    write(tmp_path, a_md=TREES)
    (tmp_path / ".hidden.md").write_bytes(TREES)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "b.md").write_bytes(TREES)
    assert list(data_of(tmp_path)) == ["a.md"]


def test_tells_all_folders_above_a_file(tmp_path, monkeypatch):
    write(tmp_path, Backend__2031x04__gardener__README_md=TREES)
    monkeypatch.chdir(tmp_path / "Backend" / "2031x04")
    # Category and month stand above the folder that was named.
    for path in (".", "gardener", "gardener/README.md"):
        assert read(path)[0][0].parts[-4:] == ("Backend", "2031x04", "gardener", "README.md")


def test_an_empty_folder_gives_nothing_and_is_remembered(tmp_path):
    files, reader = read(tmp_path)
    assert files == []
    assert reader.empty_paths == [str(tmp_path)]


def test_a_second_archive_is_measured_by_itself(archive):
    """A small one after a large one is no bomb."""
    reader = Reader()
    large = archive(".tar", {f"{n}.md": b"a" * 60_000 for n in range(200)})
    assert len(list(reader.read(str(large)))) == 200
    small = archive(".zip", {"a.md": b"1"})
    assert len(list(reader.read(str(small)))) == 1


def test_a_single_file_of_another_kind_is_skipped(tmp_path):
    write(tmp_path, a_pdf=b"%PDF")
    files, reader = read(tmp_path / "a.pdf")
    assert (files, reader.skipped) == ([], 1)


def test_a_path_that_is_not_there_is_named(tmp_path):
    [file] = read(tmp_path / "a.md")[0]
    assert file.problem == "cannot be read: no such file or directory"


def test_reads_an_empty_file(tmp_path):
    write(tmp_path, a_md=b"")
    [file] = read(tmp_path)[0]
    assert (file.data, file.problem) == (b"", "")


def test_reads_one_byte_more_than_the_cap_and_no_further(tmp_path):
    write(tmp_path, exact_md=b"a" * MAX_BYTES)
    with (tmp_path / "huge.md").open("wb") as huge:
        huge.truncate(50 * 1024**2)  # sparse: it takes no room on the disk
    assert {name: len(data) for name, data in data_of(tmp_path).items()} == {
        "exact.md": MAX_BYTES,
        "huge.md": MAX_BYTES + 1,
    }


def test_follows_no_link_in_a_folder(tmp_path):
    write(tmp_path, outside__secret_md=b"secret", inside__a_md=TREES)
    inside = tmp_path / "inside"
    (inside / "link.md").symlink_to(tmp_path / "outside" / "secret.md")
    (inside / "neighbour.md").symlink_to("a.md")
    (inside / "dangling.md").symlink_to("nowhere.md")
    (inside / "folder").symlink_to(tmp_path / "outside")
    (inside / "circle").symlink_to(inside)
    assert data_of(inside) == {
        "a.md": TREES,
        "circle/": "a symbolic link",
        "folder/": "a symbolic link",
        "dangling.md": "cannot be read: a symbolic link",
        "link.md": "cannot be read: a symbolic link",
        "neighbour.md": "cannot be read: a symbolic link",
    }


def test_a_file_that_becomes_a_link_while_it_is_opened_is_not_followed(tmp_path, monkeypatch):
    write(tmp_path, secret=b"secret")
    (tmp_path / "a.md").symlink_to(tmp_path / "secret")
    monkeypatch.setattr("pathlib.Path.is_symlink", lambda path: False)
    assert "secret" not in str(data_of(tmp_path))


def test_follows_links_that_the_operator_names(tmp_path):
    write(tmp_path, folder__a_md=TREES)
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "link.md").symlink_to("folder/a.md")
    assert list(data_of(tmp_path / "link").values()) == [TREES]
    assert list(data_of(tmp_path / "link.md").values()) == [TREES]


def test_waits_for_no_pipe_and_opens_no_socket_or_folder(tmp_path):
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    write(tmp_path, z_md=TREES)
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("waits for the pipe"))
    signal.alarm(10)
    try:
        assert data_of(tmp_path) == {"pipe.md": "cannot be read: not a regular file", "z.md": TREES}
        assert list(data_of(tmp_path / "pipe.md").values()) == ["cannot be read: not a regular file"]
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_an_unreadable_file_stands_between_two_good_ones(tmp_path, monkeypatch):
    # The tests may run as root, whom no permission keeps out.
    write(tmp_path, a_md=b"1", b_md=b"2", c_md=b"3")
    really_open = os.open

    def refuse(path, *rest):
        if str(path).endswith("b.md"):
            raise PermissionError(13, "Permission denied")
        return really_open(path, *rest)

    monkeypatch.setattr(os, "open", refuse)
    assert data_of(tmp_path) == {"a.md": b"1", "b.md": "cannot be read: permission denied", "c.md": b"3"}


def test_a_folder_that_cannot_be_listed_is_no_empty_one(tmp_path, monkeypatch):
    # Else --close-missing would close all that lies in it.
    write(tmp_path, a__b_md=TREES)
    really_scan = os.scandir

    def refuse(path):
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied", str(path))
        return really_scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert data_of(tmp_path) == {"a/": "cannot be read: permission denied"}


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        (b"a\nb.md", "a\ufffdb.md"),
        (b"a\x1b[31m.md", "a\ufffd[31m.md"),
        (b"\xff\xfe.md", "\ufffd\ufffd.md"),
        ("a\u202eb\u2028.md".encode(), "a\ufffdb\ufffd.md"),
        ("Gärtner 🌳.md".encode(), "Gärtner 🌳.md"),
    ],
)
def test_a_name_is_made_fit_to_be_printed(tmp_path, name, printed):
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
        file.write(TREES)
    [file] = read(tmp_path)[0]
    assert (file.path, file.parts[-1], file.data) == (f"{tmp_path}/{printed}", printed, TREES)


def test_of_a_long_path_the_end_is_kept(tmp_path):
    folder = tmp_path.joinpath(*["d" * 100] * 6)
    folder.mkdir(parents=True)
    write(folder, a_md=TREES)
    [file] = read(tmp_path)[0]
    assert len(file.path) == 500
    assert file.path.endswith("ddd/a.md")


def test_stops_at_the_limits_of_a_run(tmp_path):
    write(tmp_path, a_md=b"12345", b_md=b"12345", c_md=b"12345")
    assert len(read(tmp_path, files=3, bytes=15)[0]) == 3
    assert why_unreadable(tmp_path, files=2) == "over 2 files in one run"
    assert why_unreadable(tmp_path, bytes=14) == "over 14 bytes in one run"


def test_the_limits_hold_for_all_paths_of_a_run_together(tmp_path, archive):
    write(tmp_path, a_md=b"1", b_md=b"2")
    path = archive(".tar", {"c.md": b"3"})
    reader = Reader(Limits(files=2))
    assert len([*reader.read(str(tmp_path / "a.md")), *reader.read(str(tmp_path / "b.md"))]) == 2
    with pytest.raises(Unreadable, match="over 2 files"):
        list(reader.read(str(path)))


def test_counts_the_files_for_a_progress_bar(tmp_path):
    write(tmp_path, in__a_md=TREES, in__b__c_txt=TREES, in__d_html=b"", e_md=TREES)
    assert count_files([str(tmp_path / "in"), str(tmp_path / "e.md")]) == 3
    assert count_files([str(tmp_path / "in"), "-"]) is None
    assert count_files([str(tmp_path / "dump.TAR.GZ")]) is None


# --- Archives ----------------------------------------------------------------------------------------


@every_archive
def test_reads_an_archive_in_its_order(archive, ending):
    path = archive(ending, {"z/b.md": b"1", "a.txt": b"2", "c.html": b"", "z/.d.md": b"", "z/a.MD": b"3"})
    files, reader = read(path)
    assert [(file.path, file.parts, file.data) for file in files] == [
        (f"{path}/z/b.md", ("z", "b.md"), b"1"),
        (f"{path}/a.txt", ("a.txt",), b"2"),
        (f"{path}/z/a.MD", ("z", "a.MD"), b"3"),
    ]
    assert reader.skipped == 2


@every_archive
def test_an_archive_with_nothing_in_it_is_refused(archive, ending):
    assert why_unreadable(archive(ending, {})) == "an archive with nothing in it"


def test_an_ending_may_be_in_capitals(tmp_path):
    (tmp_path / "DUMP.TAR.GZ").write_bytes(tar({"a.md": TREES}, "w:gz"))
    assert list(data_of(tmp_path / "DUMP.TAR.GZ").values()) == [TREES]


def test_an_archive_in_a_folder_is_a_file_of_another_kind(tmp_path, archive):
    archive(".zip", {"a.md": TREES})
    files, reader = read(tmp_path)
    assert (files, reader.skipped) == ([], 1)


@every_archive
@pytest.mark.parametrize("name", ["../a.md", "b/../../a.md", "/a.md", "/etc/a.md", "b/../a.md", ".././../a.md"])
def test_a_name_that_leads_out_is_refused_and_its_neighbours_are_read(archive, ending, name):
    files, _ = read(archive(ending, {"1.md": b"1", name: b"evil", "2.md": b"2"}))
    assert [file.data for file in files] == [b"1", b"", b"2"]
    assert files[1].problem == "its name leads out of the archive"


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE],
    ids=["symbolic link", "hard link", "character device", "block device", "pipe"],
)
def test_nothing_but_regular_files_comes_out_of_a_tar(archive, kind):
    odd = {"type": kind, "linkname": "1.md"}
    assert list(data_of(archive(".tar", {"1.md": b"1", "odd.md": odd, "2.md": b"2"})).values()) == [
        b"1",
        "not a regular file",
        b"2",
    ]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR], ids=["symbolic link", "pipe", "device"])
def test_nothing_but_regular_files_comes_out_of_a_zip(archive, kind):
    odd = zipfile.ZipInfo("odd.md")
    odd.create_system, odd.external_attr = 3, (kind | 0o777) << 16
    assert list(data_of(archive(".zip", {"1.md": b"1", odd: b"/etc/passwd", "2.md": b"2"})).values()) == [
        b"1",
        "not a regular file",
        b"2",
    ]


def test_folders_in_an_archive_are_passed_over(archive):
    assert data_of(archive(".tar", {"a.md": {"type": tarfile.DIRTYPE}, "a.md/b.md": TREES})) == {"a.md/b.md": TREES}
    assert data_of(archive(".zip", {"a.md/": b"", "a.md/b.md": TREES})) == {"a.md/b.md": TREES}


@every_archive
def test_unpacks_one_byte_more_than_the_cap_and_no_further(archive, ending):
    path = archive(ending, {"huge.md": b"a" * (MAX_BYTES + 5000), "b.md": TREES})
    assert {name: len(data) for name, data in data_of(path).items()} == {"huge.md": MAX_BYTES + 1, "b.md": len(TREES)}


@every_archive
def test_names_in_an_archive_are_made_fit_to_be_printed(archive, ending):
    long = "d/" * 300 + "a.md"
    files, _ = read(archive(ending, {"a\nb\u202e.md": b"1", long: b"2", "Gärtner 🌳.md": b"3"}))
    assert [file.parts[-1] for file in files] == ["a\ufffdb\ufffd.md", "a.md", "Gärtner 🌳.md"]
    assert [len(file.path) <= 500 for file in files] == [True] * 3
    assert [file.data for file in files] == [b"1", b"2", b"3"]


def test_a_tar_may_hold_names_that_are_not_utf8(archive):
    path = archive(".tar", tar({"\udcff\udcfe.md": TREES}))
    assert data_of(path) == {"\ufffd\ufffd.md": TREES}


@every_archive
def test_too_many_files_refuse_an_archive_before_the_first_comes_out(archive, ending):
    path = archive(ending, {f"{n}.md": b"" for n in range(4)} | {"x.html": b""})
    assert len(read(path, files=4)[0]) == 4
    reader = Reader(Limits(files=3))
    with pytest.raises(Unreadable, match=r"^over 3 files in one run$"):
        next(reader.read(str(path)))


@every_archive
def test_too_many_bytes_refuse_an_archive_before_the_first_comes_out(archive, ending):
    # Files of other kinds are unpacked on the way too, so they count.
    path = archive(ending, {"a.md": b"1", "b.bin": b"a" * 1000})
    assert len(read(path, bytes=20_000)[0]) == 1
    with pytest.raises(Unreadable, match=r"unpacks to over 1,000 bytes|over 1,000 bytes in one run"):
        next(Reader(Limits(bytes=1000)).read(str(path)))


@pytest.mark.parametrize("ending", [".tar.gz", ".tar.bz2", ".tar.xz", ".zip"])
def test_a_bomb_is_refused_whole(archive, ending):
    path = archive(ending, {"a.md": TREES, "b.md": bytes(11 * 1024 * 1024)})
    with pytest.raises(Unreadable, match="unpacks to over 10,485,760 bytes"):
        next(Reader().read(str(path)))


def test_a_small_archive_may_be_packed_as_tightly_as_it_likes(archive):
    assert len(read(archive(".tar.xz", {"a.md": bytes(9 * 1024 * 1024)}))[0]) == 1


def test_a_zip_that_lies_about_a_size_is_not_believed(archive):
    packed = zipped({"a.md": bytes(100_000), "b.md": TREES})
    files = read(archive(".zip", packed.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))))[0]
    assert [len(file.data) <= 10 for file in files] == [True, True]
    assert files[0].problem.startswith("cannot be unpacked (")
    assert files[1].data == TREES


def test_a_bomb_in_the_name_of_a_member_takes_no_memory(archive):
    size = 60 * 1024 * 1024
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, size
    bomb = gzip.compress(entry.tobuf(tarfile.GNU_FORMAT) + bytes(size) + tar({"a.md": TREES}), 1)
    path = archive(".tar.gz", bomb)
    tracemalloc.start()
    try:
        with suppress(Unreadable):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < size / 2
    finally:
        tracemalloc.stop()


def test_a_zip_inside_a_tar_does_not_make_it_a_zip(archive):
    path = archive(".tar", {"a.md": b"1", "old.zip": zipped({"b.md": b"2"})})
    assert data_of(path) == {"a.md": b"1"}


def test_an_archive_is_known_by_what_is_in_it(archive):
    assert data_of(archive(".zip", tar({"a.md": TREES}, "w:xz"))) == {"a.md": TREES}
    assert data_of(archive(".tar.gz", zipped({"a.md": TREES}))) == {"a.md": TREES}
    assert data_of(archive(".tar.gz", tar({"a.md": TREES}))) == {"a.md": TREES}


@every_archive
@pytest.mark.parametrize("content", [b"", b"# Trees\n" * 200, b"\x1f\x8b", b"PK\x03\x04", b"\xfd7zXZ\0" + b"a" * 600])
def test_what_is_no_archive_is_unreadable(archive, ending, content):
    assert why_unreadable(archive(ending, content)).startswith("not an archive that can be read (")


_BROAD = {f"{n}.md": random.Random(n).randbytes(3000) for n in range(4)}


@every_archive
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.8])
def test_a_truncated_archive_is_refused_before_the_first_file_comes_out(archive, ending, share):
    packed = _PACKERS[ending](_BROAD)
    path = archive(ending, packed[: int(12_000 * share) + 700])
    with pytest.raises(Unreadable, match=r"^not an archive that can be read"):
        next(Reader().read(str(path)))


@pytest.mark.parametrize("ending", [".tar.bz2", ".tar.xz"])
def test_a_flipped_bit_refuses_the_archive(archive, ending):
    packed = bytearray(_PACKERS[ending](_BROAD))
    packed[len(packed) // 2] ^= 1
    assert why_unreadable(archive(ending, bytes(packed))).startswith("not an archive that can be read (")


def test_a_flipped_bit_refuses_a_gzip_too(archive):
    packed = bytearray(tar({"a.md": b"# Trees"}, "w:gz", compresslevel=0))
    packed[packed.find(b"Trees")] ^= 1
    assert why_unreadable(archive(".tar.gz", bytes(packed))).startswith("not an archive that can be read (")


def test_a_flipped_bit_in_a_zip_spoils_one_file_only(archive):
    packed = bytearray(zipped(_BROAD))
    packed[packed.find(b"1.md") + 1000] ^= 1
    files, _ = read(archive(".zip", bytes(packed)))
    assert [file.data for file in files] == [_BROAD["0.md"], b"", _BROAD["2.md"], _BROAD["3.md"]]
    assert files[1].problem == "cannot be unpacked (Bad CRC-32 for file '1.md')"


@pytest.mark.parametrize("module", [gzip, bz2, lzma])
def test_reads_what_was_packed_in_several_streams(archive, module):
    """As pigz, pbzip2 and `cat a.gz b.gz` make them."""
    plain = tar({"a.md": TREES, "b.md": TREES})
    path = archive(
        {gzip: ".tar.gz", bz2: ".tar.bz2", lzma: ".tar.xz"}[module],
        b"".join(map(module.compress, (plain[:700], plain[700:]))),
    )
    assert list(data_of(path)) == ["a.md", "b.md"]


def test_a_file_in_a_zip_that_wants_a_password_is_named_and_the_others_are_read(archive):
    packed = bytearray(zipped({"a.md": TREES, "b.md": TREES}))
    for signature, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.find(signature) + flags_at] |= 1
    files, _ = read(archive(".zip", bytes(packed)))
    assert files[0].problem == "locked by a password"
    assert files[1].data == TREES


def test_a_file_in_a_zip_packed_in_an_unknown_way_is_named_and_the_others_are_read(archive):
    packed = bytearray(zipped({"a.md": TREES, "b.md": TREES}))
    for signature, method_at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        packed[packed.find(signature) + method_at] = 98
    files, _ = read(archive(".zip", bytes(packed)))
    assert files[0].problem.startswith("cannot be unpacked (")
    assert files[1].data == TREES


@every_archive
def test_no_damage_raises_anything_else(archive, ending):
    chance = random.Random(2031)
    packed = _PACKERS[ending](_BROAD | {"Gärtner.md": TREES, "x.html": b"", "d" * 120 + ".md": b"1"})
    known = (UnicodeDecodeError, OSError)  # listed in test_damage_that_comes_out_as_another_error
    for _ in range(150):
        damaged = bytearray(packed)
        for _ in range(chance.randint(1, 4)):
            # Most of what can go wrong stands in the headers: at the front, and at a zip's end.
            at = chance.choice([chance.randrange(600), chance.randrange(len(packed)), -chance.randrange(1, 500)])
            damaged[at] = chance.randrange(256)
        if chance.random() < 0.2:
            del damaged[chance.randrange(600, len(damaged)) :]
        try:
            read(archive(ending, bytes(damaged)))
        except Unreadable as refusal:
            assert str(refusal)
        except known:
            continue


@pytest.mark.parametrize(
    ("ending", "damage"),
    [
        pytest.param(".tar.gz", lambda packed: b"\x1f\x8b\x08\x04" + bytes(6), id="gzip header that ends early"),
        pytest.param(
            ".zip",
            lambda packed: packed[:-6] + (2**31).to_bytes(4, "little") + packed[-2:],
            id="zip directory that starts behind the end: OSError 22",
        ),
        pytest.param(
            ".zip",
            lambda packed: packed.replace("ü".encode(), b"\xff\xfe"),
            id="zip with a name that is not UTF-8: UnicodeDecodeError",
        ),
    ],
)
def test_damage_that_comes_out_as_another_error(archive, ending, damage):
    packed = _PACKERS[ending](_BROAD | {"ü.md": TREES})
    assert damage(packed) != packed
    path = archive(ending, damage(packed))
    try:
        files, _ = read(path)
    except Unreadable as refusal:
        assert str(refusal).startswith("not an archive that can be read (")
    else:
        assert any(file.problem.startswith("cannot be unpacked (") for file in files)


# --- Standard input ----------------------------------------------------------------------------------


def test_reads_a_posting_from_standard_input(standard_input):
    standard_input(TREES)
    [file] = read("-")[0]
    assert (file.path, file.parts, file.data, file.problem) == ("standard input", (), TREES, "")


def test_reads_no_more_of_a_posting_than_the_cap_and_one_byte(standard_input):
    standard_input(b"a" * 1_000_000)
    [file] = read("-")[0]
    assert len(file.data) == MAX_BYTES + 1


def test_empty_standard_input_is_an_empty_file(standard_input):
    standard_input(b"")
    assert [file.data for file in read("-")[0]] == [b""]


@every_archive
def test_reads_an_archive_from_standard_input(standard_input, ending):
    files = {f"{n}.md": random.Random(n).randbytes(60_000) for n in range(4)}  # more than is read at first
    standard_input(_PACKERS[ending](files))
    assert {file.path: file.data for file in read("-")[0]} == {f"-/{name}": data for name, data in files.items()}


def test_refuses_too_large_an_archive_on_standard_input(standard_input):
    standard_input(tar({"a.md": b"a" * 200_000}))
    assert why_unreadable("-", bytes=100_000) == "over 100,000 bytes"


def test_refuses_a_broken_archive_on_standard_input(standard_input):
    standard_input(tar(_BROAD)[:5000])
    assert why_unreadable("-").startswith("not an archive that can be read (")
