"""The queue file and the forms change while people sit: they are put into their queues, and their pages are told."""

from __future__ import annotations

from ivr_server.agents import forms
from ivr_server.agents.asked import Sitting
from ivr_server.floor import queue_file
from tests.agents.conftest import CHIEF, LI
from tests.doubles.agents import Office, done

SEAT = "PJSIP/1001"
QUEUES = queue_file.SHIPPED.read_text("utf-8")
FORMS = forms.SHIPPED.read_text("utf-8")


def test_who_sits_is_put_into_the_queues_of_the_new_file(office: Office) -> None:
    """Out of one that went away, into one that came, in the same second; whoever comes later as well."""
    office.open(LI, "tab-1")
    done(office.room.sit(LI, Sitting("browser", tab="tab-1")))
    assert set(office.floor.picture.members(SEAT)) == {"service", "billing"}
    text = QUEUES.replace("name: billing", "name: bills").replace("skill: billing", "skill: bills")
    office.room.take(queues=queue_file.parsed(text, "queues"))
    office.clock.advance(1)
    assert set(office.floor.picture.members(SEAT)) == {"service", "bills"}


def test_a_skill_that_is_taken_away_takes_its_queue_away(office: Office) -> None:
    """And the level is the penalty from now on."""
    office.open(LI, "tab-1")
    done(office.room.sit(LI, Sitting("browser", tab="tab-1")))
    text = QUEUES.replace("agents: []", "agents:\n  - {name: li, skills: {service: 3}}")
    office.room.take(queues=queue_file.parsed(text, "queues"))
    office.clock.advance(1)
    assert set(office.floor.picture.members(SEAT)) == {"service"}


def test_every_page_is_told_of_other_reasons_and_forms_in_its_language(office: Office) -> None:
    """A page that is open needs no reload; a page that is opened later has them, too."""
    page, chief = office.open(LI, "tab-1"), office.open(CHIEF)
    new = FORMS.replace("en-US: Complaint}", "en-US: Grievance}").replace("zh-CN: 投诉,", "zh-CN: 申诉,")
    office.room.take(
        queues=queue_file.parsed(QUEUES.replace("zh-CN: 小休", "zh-CN: 休息"), "queues"),
        forms=forms.parsed(new, "forms"),
    )
    told = page.last("papers")
    assert "申诉" in [form["title"] for form in told["forms"]]
    assert told["reasons"][0] == {"name": "break", "title": "休息"}
    assert "Grievance" in [form["title"] for form in chief.last("papers")["forms"]]
    assert office.room.page(LI)["forms"] == told["forms"]


def test_what_is_not_given_stays(office: Office) -> None:
    """Forms alone leave the queues as they are."""
    queues = office.house.queues
    office.room.take(forms=forms.parsed(FORMS, "forms"))
    assert office.house.queues is queues
