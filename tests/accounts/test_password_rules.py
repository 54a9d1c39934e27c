"""Passwords that are long and yet guessed first are refused, and the reason is the right one."""

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.password_rules import GuessableValidator

MARIA = User(email="m.lopez@st-anna.example.org", name="María López")


def refusal(password, user=MARIA):
    with pytest.raises(ValidationError) as refused:
        GuessableValidator().validate(password, user)
    return refused.value.code


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "password-password",
        "Lamp Lamp Lamp Lamp",
        "p@ssw0rdp@ssw0rd",
        "xyxyxyxyxyxy",
        "aaaaaaaaaaaaa",
    ],
)
def test_repetitions(password):
    assert refusal(password) == "password_repeats"


@pytest.mark.parametrize(
    "password",
    [
        "abcdefghijklmn",
        "qwertyuiopasdfgh",
        "poiuytrewq987654",
        "qwertzuiop1234",
        "aaaabbbbccccdddd",
        "1234-5678-9012",
    ],
)
def test_sequences(password):
    assert refusal(password) == "password_sequence"


@pytest.mark.parametrize(
    "password",
    ["hematovision2026", "HematoVision-1234", "Maria.Lopez.1984", "Lopez-st-anna-77", "MaríaLópez12345"],
)
def test_the_person_and_the_portal(password):
    assert refusal(password) == "password_known"


@pytest.mark.parametrize("password", ["password!2026", "Sunshine--1984", "dragon1234567", "dragondragon2026"])
def test_common_words_with_little_around_them(password):
    assert refusal(password) == "password_common_word"


def test_nobody_known_yet():
    assert refusal("hematovision2026", None) == "password_known"
    GuessableValidator().validate("Maria.Lopez.1984", None)


@pytest.mark.parametrize(
    "password",
    [
        "thirteen-green-lamps",
        "fourteen red lamps",
        "correct horse battery staple",
        "kT9#vQ2!mZ7x",
        "^&#(!)%~*`|+",
        "Lopez keeps nine herons",
        "hematovision-lantern-road",
        "абвгд лампа окно",
        "sieben blaue Lampen, sieben blaue Lampen",
    ],
)
def test_long_ones_of_several_words_or_by_chance_are_taken(password):
    GuessableValidator().validate(password, MARIA)
