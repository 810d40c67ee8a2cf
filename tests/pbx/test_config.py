"""The Asterisk configuration as text: what stands in it, what never does, and whose files it leaves alone."""

from __future__ import annotations

import re
import stat
import wave
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from ivr_server import sip_accounts
from ivr_server.commands.asterisk_config import command
from ivr_server.floor.queue_file import Queue
from ivr_server.pbx import config, plan
from ivr_server.settings import Fax, Settings

DIALPLAN = ("extensions", "waiting", "agents")


def queues(folder: Path, *names: str) -> str:
    """A queue file with these queues."""
    lines = [f"  - {{name: {name}, title: {{zh-CN: 甲, en-US: A}}}}\n" for name in names]
    (folder / "queues.yaml").write_text("queues:\n" + "".join(lines))
    return str(folder / "queues.yaml")


@pytest.fixture
def made(tmp_path: Path) -> plan.Plan:
    """A plan with everything in it, written."""
    settings = Settings(state=str(tmp_path / "state"), queues=queues(tmp_path, "service", "billing", "vip"))
    wanted = plan.from_settings(settings, tmp_path / "etc")
    wanted = replace(wanted, trunks=(plan.Trunk("company", "192.0.2.1", "192.0.2.1:5060"),))
    wanted = replace(wanted, outside=plan.Outside(channel="PJSIP/{number}@company"), recordings=tmp_path / "talks")
    config.write(wanted)
    return wanted


def every_text(folder: Path) -> dict[str, str]:
    """File -> text, of everything readable that was written."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.conf")}


def dialplan(made: plan.Plan) -> str:
    """The steps of callers and agents, without comments."""
    text = every_text(made.folder)
    lines = [line for name in DIALPLAN for line in text[f"ivr/{name}.conf"].splitlines() if not line.startswith(";")]
    return "\n".join(lines)


def test_no_placeholder_is_left(made: plan.Plan) -> None:
    """Every @{name} of the templates had a value."""
    assert [name for name, text in every_text(made.folder).items() if "@{" in text] == []


def test_every_file_says_where_it_comes_from(made: plan.Plan) -> None:
    """The first line names the command, in every file."""
    assert all(config.MARK in text.splitlines()[0] for text in every_text(made.folder).values())


def test_no_caller_data_stands_in_the_agi_address(made: plan.Plan) -> None:
    """The address and the token are literal: no variable, so nothing a caller sends can change them."""
    runs = re.findall(r"AGI\((.*)\)", dialplan(made))
    runs.remove("agi:async")  # the test of our own rights, which no caller reaches
    paths = ("main", "fax-machine", "after-queue", "waiting", "call-back", "call-back")
    assert runs == [f"agi://127.0.0.1:4573/{path},{made.token}" for path in paths]


def test_no_caller_data_stands_in_any_expression(made: plan.Plan) -> None:
    """CALLERID, dialled digits and names are never expanded; what the server sets is filtered before it is compared."""
    steps = dialplan(made)
    assert not re.search(r"\$\{CALLERID|CALLINGPRES", steps)
    assert set(re.findall(r".{12}\$\{EXTEN", steps)) <= {"{FILTER(0-9,${EXTEN"[-19:]}
    compared = re.findall(r'"([^"]*)" !?= ', steps)
    free = [one for one in compared if not one.startswith("${FILTER(")]
    ours = {"${IVR_QUEUE}", "${IVR_UNSERVED}", "${IVR_ID}", "${IVR_KNOWN}", "${IVR_SPOKEN:0:2}", "${IVR_PRIORITY}",
            "${IVR_SIDE}", "${IVR_RECORDED}"}  # fmt: skip
    asterisks = {"${PLAYBACKSTATUS}", "${QUEUESTATUS}", "${CHANNEL(channeltype)}"}
    assert set(free) <= ours | asterisks


@pytest.mark.parametrize("name", ["IVR_ID", "IVR_KNOWN", "IVR_PRIORITY"])
def test_what_is_compared_bare_was_filtered_before(made: plan.Plan, name: str) -> None:
    """The first thing that is done with it is a filter."""
    first = re.search(rf"Set\({name}=(.+)\)$", dialplan(made), re.M)
    assert first and first[1].startswith("${FILTER("), first and first[1]


def test_G10_nothing_but_digits_reaches_the_outside_line(made: plan.Plan) -> None:
    """Agents and call-backs dial by the allow-list; each pattern is literal, and the number filtered once more."""
    steps = dialplan(made)
    dialled = re.findall(r"Dial\(PJSIP/(\$.*?@company),\d", steps)
    assert set(dialled) == {"${FILTER(0-9,${EXTEN})}@company"}
    assert len(dialled) == 2 * len(plan.Outside().allow)
    assert set(re.findall(r"exten => _([^,]+),1,(?:Set\(CALLER|Dial)", steps)) == set(plan.Outside().allow)
    config.write(replace(made, outside=plan.Outside()))
    assert "@company" not in dialplan(made) and "ivr-outside-box" not in dialplan(made)


def test_every_seat_and_telephone_is_there_once(made: plan.Plan) -> None:
    """Seats are browsers, by WebSocket; telephones are not. Nobody is a member of a queue by the files."""
    text = every_text(made.folder)
    seats = [str(number) for number in range(1001, 1007)]
    assert re.findall(r"^\[(\d+)\]\(ivr-seat\)$", text["ivr/pjsip.conf"], re.M) == seats
    assert re.findall(r"^\[(200\d)\]\(ivr-phone\)$", text["ivr/pjsip.conf"], re.M) == ["2001", "2002"]
    assert "member =" not in text["ivr/queues.conf"]
    assert re.search(r"bindaddr = 127\.0\.0\.1\nbindport = 8088\nenablestatic = no", text["http.conf"])


def test_talks_are_recorded_only_when_the_settings_say_so(made: plan.Plan, tmp_path: Path) -> None:
    """One step, whose file name holds a filtered word of the server and the time."""
    assert f",MixMonitor({tmp_path}/talks/${{IVR_ID}}-${{EPOCH}}.wav,b)" in dialplan(made)
    config.write(replace(made, recordings=None))
    assert ",MixMonitor(" not in dialplan(made)


def test_G10_nothing_but_digits_reaches_the_fax_line(tmp_path: Path) -> None:
    """Whatever AMI hands over: the dial string's own words are literal, and the number is filtered to digits."""
    fax = Fax(channel="PJSIP/{number}@line", prefix="9", station="01012345678")
    wanted = plan.from_settings(Settings(state=str(tmp_path / "state"), fax=fax), tmp_path / "etc")
    config.write(wanted)
    text = every_text(wanted.folder)["ivr/fax.conf"]
    assert re.findall(r"Dial\((.*?),", text) == ["PJSIP/9${FILTER(0-9"]
    assert "Dial(PJSIP/9${FILTER(0-9,${IVR_FAX_NUMBER})}@line,45,G(ivr-fax^answered^1))" in text
    assert "ivr-fax-box" not in text


def test_what_ami_hands_over_is_filtered_wherever_it_stands(made: plan.Plan) -> None:
    """No variable from outside stands in an expression, a path or an answer as it came."""
    text = every_text(made.folder)["ivr/fax.conf"]
    steps = [line for line in text.splitlines() if not line.startswith(";")]
    for line in steps:
        bare = re.sub(r"\$\{(?:FILTER\([^{}]*,|URIENCODE\()\$\{[^{}]*\}\)\}", "", line)
        bare = re.sub(r"\$\{FILTER\(a-z,\$\{FAXOPT\(ecm\)\}\)\}", "", bare)
        left = set(re.findall(r"\$\{(\w+)\}", bare))
        assert left <= {"IVR_FAX_DIAL", "IVR_FAX_TOKEN", "IVR_FAX_ANSWERED", "IVR_FAX_ANSWER", "EPOCH"}, line


@pytest.mark.parametrize(
    "change",
    [{"channel": "PJSIP/{number}@a,b"}, {"channel": "PJSIP/1@line"}, {"channel": "System/{number}"},
     {"prefix": "9&SIP/1"}, {"station": "a"}, {"allow": ("_X.",)}, {"at_once": 0}],
)  # fmt: skip
def test_G10_a_fax_line_that_means_something_else_is_refused(change: dict[str, object]) -> None:
    """A comma, an ampersand or another technology in the settings: the start says which word it is."""
    with pytest.raises(ValueError, match=r"fax|pattern"):
        Fax(**change).sure()  # type: ignore[arg-type]


def test_the_limits_are_set_before_the_server_is_asked(made: plan.Plan) -> None:
    """AGIEXITONHANGUP and an absolute limit: without them a hung server keeps channels for ever."""
    text = every_text(made.folder)["ivr/extensions.conf"]
    before = text[text.index("[ivr-incoming]") : text.index("AGI(agi://")]
    assert "Set(AGIEXITONHANGUP=yes)" in before
    assert "Set(TIMEOUT(absolute)=1800)" in before
    assert "Set(IVR_RESULT=)" in before


def test_only_the_queues_of_the_settings_can_be_reached(made: plan.Plan) -> None:
    """Each queue has a literal line of its own; any other name falls through to the first."""
    text = every_text(made.folder)["ivr/extensions.conf"]
    assert re.findall(r"ivr-queue,(\w+),1", text) == ["service", "billing", "vip", "service"]
    assert set(re.findall(r"Queue\(([^,]*),", dialplan(made))) == {"service", "billing", "vip"}


def test_b13_the_manager_user_has_no_dangerous_right(made: plan.Plan) -> None:
    """None of system, command, config, agi, dtmf, dialplan, all; and only from this machine."""
    text = every_text(made.folder)["ivr/manager.conf"]
    rights = set(re.findall(r"\w+", " ".join(re.findall(r"^(?:read|write) = (.*)$", text, re.M))))
    assert rights == {"call", "agent", "reporting", "originate"}
    assert "deny = 0.0.0.0/0.0.0.0" in text


def test_files_with_passwords_are_closed_to_others(made: plan.Plan) -> None:
    """Owner and group may read; nobody else."""
    for path in made.folder.rglob("*.conf"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o640, path


def test_passwords_are_made_once(tmp_path: Path) -> None:
    """The second run writes the same passwords: telephones stay registered. A new seat gets one of its own."""
    first = sip_accounts.kept(tmp_path / "kept.json", ("ami", "1001"))
    again = sip_accounts.kept(tmp_path / "kept.json", ("ami", "1001", "1002"))
    assert {name: again[name] for name in first} == first
    assert len(set(again.values())) == 3 and all(len(word) == 16 for word in again.values())
    assert stat.S_IMODE((tmp_path / "kept.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]


def test_keys_are_logged_nowhere(made: plan.Plan) -> None:
    """The levels that show keys or AGI commands (dtmf, debug, verbose) are not among the log's."""
    text = every_text(made.folder)["logger.conf"]
    assert not re.search(r"^\w+ = .*(dtmf|debug|verbose|\*)", text, re.M)


def test_waiting_callers_have_something_to_hear(made: plan.Plan) -> None:
    """A wav that Asterisk plays as it is: 8 kHz, 16 bit, mono, never clipped, never long silent."""
    with wave.open(str(made.folder / "ivr/waiting/calm.wav")) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (8_000, 2, 1)
        assert file.getnframes() == 16 * 8_000


def test_writing_again_keeps_what_was_added_by_hand(made: plan.Plan) -> None:
    """local/ is never touched; our own files are renewed."""
    (made.folder / "local").mkdir()
    (made.folder / "local/extensions.conf").write_text("[mine]\n")
    (made.folder / "extensions.conf").write_text(f"; {config.MARK}\nold\n")
    config.write(made)
    assert (made.folder / "local/extensions.conf").read_text() == "[mine]\n"
    assert "old" not in (made.folder / "extensions.conf").read_text()


def test_somebody_elses_configuration_is_left_alone(tmp_path: Path) -> None:
    """A folder with one file that we did not write: nothing at all is written, and the file is named."""
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "pjsip.conf").write_text("[mine]\n")
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"state: {tmp_path / 'state'}\n")
    ran = CliRunner().invoke(command, [str(folder), "--settings", str(settings)])
    assert ran.exit_code == 1
    assert "pjsip.conf was not written by this command" in ran.output
    assert [path.name for path in folder.iterdir()] == ["pjsip.conf"]


def test_the_command_writes_and_says_what_is_next(tmp_path: Path) -> None:
    """Exit status 0, the folder, and where the instructions are."""
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"state: {tmp_path / 'state'}\nqueues: {queues(tmp_path, 'service', 'vip')}\n")
    arguments = [str(tmp_path / "etc"), "--settings", str(settings), "--sip", "0.0.0.0:5070", "--number", "10086"]
    ran = CliRunner().invoke(command, arguments)
    assert ran.exit_code == 0, ran.output
    assert "READ-ME.txt" in ran.output
    assert "bind = 0.0.0.0:5070" in (tmp_path / "etc/pjsip.conf").read_text()
    assert "Goto(ivr-incoming,10086,1)" in (tmp_path / "etc/ivr/extensions.conf").read_text()
    assert "[vip](ivr-queue)" in (tmp_path / "etc/ivr/queues.conf").read_text()


@pytest.mark.parametrize(
    "change",
    [
        {"queues": (Queue(name="a,1)", title={}),)},
        {"queues": (Queue(name="b\nexten => s,1,System(id)", title={}),)},
        {"outside": plan.Outside(channel="PJSIP/{number}@a&SIP/b")},
        {"outside": plan.Outside(allow=("X),1",))},
        {"seats": (plan.Phone("1001", "a;b", "1001", "t"),)},
        {"recordings": Path("/tmp/a,b")},
        {"token": "a,b"},
        {"number": "${EXTEN}"},
        {"phones": (plan.Phone("x]", "p", "1", "t"),)},
        {"sounds": Path("/tmp/a;b")},
    ],
)
def test_a_value_that_would_mean_something_else_is_refused(
    made: plan.Plan, change: dict[str, object], tmp_path: Path
) -> None:
    """Names go into the dialplan as they are, so only harmless ones are taken; nothing is written otherwise."""
    elsewhere = replace(made, folder=tmp_path / "other", **change)  # type: ignore[arg-type]
    with pytest.raises(config.CannotWrite):
        config.write(elsewhere)
    assert not (tmp_path / "other").exists()
