"""The command line: bad input is one clear line and an exit status, never a traceback."""

import signal
import socket
import subprocess
import sys
from importlib.metadata import version

import pytest

from search.cli import app as cli
from search.cli.app import EndSignals
from search.studies import STUDIES


@pytest.fixture
def command(monkeypatch, capsys, toy, tmp_path):
    """Run ``python -m search tsynd ...`` with the toy in the study's place."""
    monkeypatch.setitem(STUDIES, "tsynd", toy)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def runner(*arguments):
        monkeypatch.setattr(sys, "argv", ["search", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        printed = capsys.readouterr()
        return caught.value.code, printed.out, printed.err

    return runner


def test_a_search_from_the_command_line(command, tmp_path):
    status, out, err = command("tsynd", "--in-process", "--trials", "2", "--epochs", "3")
    (folder,) = (tmp_path / "runs").iterdir()
    assert (status, err) == (0, "")
    assert folder.name.startswith("toy-toy-2")
    assert f"everything: {folder}" in out.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--trials", "0"], "trials is 0: Input should be greater than 0"),
        (["--trials", "-3"], "trials is -3"),
        (["--trials", "many"], "Invalid value for '--trials': "),
        (["--trials", "3.5"], "'3.5'"),
        (["--concurrency", "0"], "concurrency is 0"),
        (["--time-limit", "0"], "time-limit is 0.0"),
        (["--seed", "-1"], "seed is -1"),
        (["--sampler", "tpp"], "unknown sampler 'tpp': did you mean tpe?"),
        (["--scheduler", "hyper"], "unknown scheduler 'hyper': choose from asha, fifo"),
        (["--references", "some"], "references is 'some'"),
        (["--metric", "robustnes"], "unknown metric 'robustnes': did you mean robustness?"),
        (["--dataset", "toy", "--classifier", "cnn"], "No such option: --classifier"),
        (["--trails", "3"], "No such option: --trails"),
        (["--epochs", "0"], "epochs is 0"),
    ],
)
def test_a_mistake_is_one_line(command, arguments, words):
    status, _, err = command("tsynd", "--in-process", *arguments)
    assert status == 2
    assert words in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_a_used_run_folder_is_refused(command, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "thesis.tex").write_text("")
    status, _, err = command("tsynd", "--in-process", "--run", "used")
    assert status == 2
    assert err == "error: the run folder used is not empty: name a new one with --run\n"
    assert (tmp_path / "used" / "thesis.tex").exists()


def test_ray_that_is_not_installed_is_one_line(command, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "search.execution.ray.executor", raising=False)
    status, _, err = command("tsynd", "--run", "here")
    assert status == 2
    assert err == "error: ray is not installed: install ray[tune], or add --in-process\n"
    assert not (tmp_path / "here").exists()


def test_a_cluster_that_does_not_answer_is_one_line(command, tmp_path):
    with socket.socket() as listener:  # bound, and listening to nobody
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        status, _, err = command("tsynd", "--address", address, "--run", "here")
    assert status == 2
    assert err.startswith(f"error: no Ray cluster answers at {address}: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "here").exists()


def test_without_arguments_the_help_is_all_that_is_said(command):
    """It was called a defect of ours."""
    status, printed, complained = command()
    assert status == 2
    assert "Usage" in printed + complained
    assert "defect" not in printed + complained


def test_resume_says_that_settings_are_fixed(command):
    status, _, err = command("resume", "run", "--epochs", "10")
    assert status == 2
    assert "No such option: --epochs" in err
    assert "the settings of a run are fixed" in err
    assert err.count("\n") == 1


def test_an_interrupt_while_modules_load_is_said(command, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("search.cli.study.launch", interrupt)
    status, _, err = command("tsynd")
    assert (status, err.strip()) == (130, "interrupted")


def test_an_unknown_study_names_those_there_are(command):
    status, _, err = command("tsynt")
    assert status == 2
    assert "tsynt" in err
    assert err.count("\n") == 1


def test_a_defect_of_ours_is_one_line_and_a_file(command, monkeypatch, tmp_path):
    import toy_study  # noqa: PLC0415

    monkeypatch.setattr(toy_study.ToyStudy, "references", lambda self, settings: 1 / 0)
    status, _, err = command("tsynd", "--in-process", "--run", "here")
    assert status == 1
    assert err.startswith("error: ZeroDivisionError: division by zero")
    assert err.count("\n") == 1
    assert "ZeroDivisionError" in (tmp_path / "here" / "traceback.txt").read_text()
    assert '"status": "failed"' in (tmp_path / "here" / "manifest.json").read_text()


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (
            ["tsynd"],
            ("--dataset", "--trials", "--sampler", "--time-limit", "--in-process", "--run"),
        ),
        (["robmednas"], ("--data-seed", "--field", "--no-flip", "--preset,--protocol", "--config")),
        ([], ("--version", "--install-completion", "tsynd", "robmednas-final", "phantom")),
    ],
)
def test_help_is_for_people_and_loads_nothing_heavy(child_environment, words, options):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "search", *words, "--help"],
        env=child_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = {line.split("|")[-1].strip() for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert "typer" in loaded
    assert not loaded & {"torch", "ray", "optuna", "hyperopt", "numpy", "sklearn"}
    assert max(map(len, done.stdout.splitlines())) <= 80
    for option in options:
        assert option in done.stdout


def test_the_version_is_that_of_the_installed_package(command):
    status, out, _ = command("--version")
    assert (status, out) == (0, f"robust-medical-search {version('robust-medical-search')}\n")


def test_what_a_shell_completes_is_the_installed_command(command, monkeypatch):
    """`python -m search` cannot be completed: the script for the shell names the command."""
    # Else typer takes the shell from the processes above, of which the machine may have none.
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    status, out, _ = command("--show-completion", "bash")
    assert status == 0
    assert "complete -o default -F _robust_search_completion robust-search" in out
    assert "_ROBUST_SEARCH_COMPLETE=complete_bash" in out


@pytest.fixture
def handlers():
    """The handlers of signals as they were before."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}
    yield before
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_end_that_a_system_sends_is_that_of_ctrl_c(handlers, number, status):
    signals = EndSignals()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert signals.status(130) == status
    assert signals.status(2) == 2


def test_a_command_in_the_background_of_a_script_ends_when_it_is_told_to(handlers):
    """A shell without job control lets `command &` ignore SIGINT, and only that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signals = EndSignals()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    assert signals.status(130) == 143


def test_ctrl_c_keeps_its_status_and_what_is_ignored_stays_so(handlers):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signals = EndSignals()
    signal.raise_signal(signal.SIGHUP)
    assert signals.status(130) == 130
