"""`make chromium`: where no browser can be installed, one line says what a person can do."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.notebook import ROOT

SCRIPT = ROOT / "tests" / "chromium.sh"
HINT = "no Chromium here, so no browser tests: apt-get install chromium, or set LLMWATCH_CHROMIUM to its path\n"
INSTALLING = "installing chromium for the browser tests\n"


def see(folder, *, user="0", ci="", **programs):
    """Run the script on a machine that has these programs only."""
    for name, lines in {"id": f"echo {user}", **programs}.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!{shutil.which('bash')}\n{lines}\n")
        program.chmod(0o755)
    return subprocess.run(
        [shutil.which("bash"), SCRIPT], env={"PATH": str(folder), "CI": ci}, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_of_an_apt_that_fails_nothing_is_heard(tmp_path, ci, code):
    """Whatever apt writes, the hint stands alone; in CI the tests may not be left out."""
    done = see(tmp_path, ci=ci, apt_get="echo Hit:1; echo 'E: Temporary failure' >&2; exit 100")
    assert (done.stdout, done.stderr, done.returncode) == (INSTALLING, HINT, code)


def test_an_install_that_fails_behind_a_good_update(tmp_path):
    """The second of apt's two steps is as quiet as the first."""
    done = see(tmp_path, apt_get="[ $1 = update ] || { echo 'E: no package' >&2; exit 100; }")
    assert (done.stdout, done.stderr, done.returncode) == (INSTALLING, HINT, 0)


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_who_may_not_install_is_told_what_to_install(tmp_path, ci, code):
    """Without root apt is not even tried."""
    done = see(tmp_path, user="1000", ci=ci, apt_get="echo tried >&2")
    assert (done.stdout, done.stderr, done.returncode) == ("", HINT, code)


def test_an_install_that_works_needs_no_hint(tmp_path):
    """What apt warns of on the way is nobody's business either."""
    done = see(tmp_path, ci="true", apt_get="echo 'W: old key' >&2")
    assert (done.stdout, done.stderr, done.returncode) == (INSTALLING, "", 0)


def test_where_there_is_a_browser_nothing_is_said(tmp_path):
    """One that has another name counts, too."""
    done = see(tmp_path, ci="true", chromium_browser="exit 9")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
