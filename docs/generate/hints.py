"""The tables of docs/personal-data.md: the rules, and how often they hit and miss over a corpus whose truth is known.

The corpus is made from a fixed seed: columns as they are found in tables of customers, staff and patients, with names
that say what is inside, names that do not, English and 中文; and harmless columns, some of which look like trouble. It
was written before the rates were known, and rates over it are no promise about anybody's data.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from catalog.hint_rules import RULES
from catalog.hints import GRADE_OF_HINT, hint
from catalog.masks import METHODS
from docs.generate.labelled_columns import NORTHWIND
from docs.generate.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HARMLESS = "harmless"
SEED = 20_261_121
COLUMNS_EACH = 40
VALUES = 50
# of a rule's words; the source has all
WORDS_SHOWN = 24


@dataclass(frozen=True, slots=True)
class Made:
    """A column: its name, some of its values, and what it truly holds."""

    name: str
    values: tuple[str, ...]
    truth: str


@dataclass(frozen=True, slots=True)
class Rate:
    """Of so many columns of a kind so many were hit: named as that kind, or of harmless ones as anything."""

    what: str
    columns: int
    hit: int
    example: str


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))


def _identity(chance: random.Random) -> str:
    born = f"{chance.randint(1950, 2009)}{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}"
    return f"{chance.randint(110000, 659000)}{born}{_digits(chance, 3)}{chance.choice('0123456789X')}"


def _day(chance: random.Random) -> str:
    return f"{chance.randint(1950, 2009)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"


def _one(*words: str) -> Callable[[random.Random], str]:
    return lambda chance: chance.choice(words)


# kind → (names of its columns, what a value looks like)
KINDS: Mapping[str, tuple[tuple[str, ...], Callable[[random.Random], str]]] = {
    "e-mail address": (
        ("email", "e_mail", "contact", "mail_address", "邮箱", "联系方式", "login"),
        lambda chance: f"u{_digits(chance, 4)}@{chance.choice(('mail', 'corp', 'uni'))}.example",
    ),
    "telephone number": (
        ("phone", "mobile_no", "tel", "手机号", "联系电话", "contact_2"),
        lambda chance: "1" + chance.choice("3456789") + _digits(chance, 9),
    ),
    "postal address": (
        ("address", "street", "home_addr", "住址", "家庭地址", "location"),
        lambda chance: f"{chance.randint(1, 999)} {chance.choice(('Harbour', 'Mill', 'Station'))} Road",
    ),
    "date of birth": (("birthday", "dob", "birth_date", "出生日期", "生日", "born_on"), _day),
    "personal name": (
        ("surname", "lastname", "full_name", "姓名", "fullname", "customer"),
        _one("Li Wei", "Zhang Min", "A. Novak", "王芳", "O. Haddad"),
    ),
    "health": (("diagnosis", "disease", "icd10", "诊断", "病历号", "dx_code"), _one("I10", "E11.9", "J45", "高血压")),
    "account number": (
        ("iban", "bankcard", "account", "银行卡号", "账号", "acct"),
        lambda chance: "DE" + _digits(chance, 20),
    ),
    "identity number": (("id_card", "ssn", "passport", "身份证号", "证件", "nid"), _identity),
    "online identifier": (
        ("ip_address", "client_ip", "username", "user_name", "用户名", "src"),
        lambda chance: ".".join(str(chance.randint(1, 254)) for _ in range(4)),
    ),
    "home location": (
        ("home_lat", "homeLongitude", "pickup_location", "住址坐标", "customer_gps", "lat"),
        lambda chance: f"{chance.uniform(20, 50):.5f}",
    ),
    "vehicle plate": (
        ("license_plate", "plateNumber", "车牌", "车牌号", "vehicle", "plate"),
        lambda chance: chance.choice("京沪粤苏") + chance.choice("ABCD") + _digits(chance, 5),
    ),
    "sensitive trait": (("ethnicity", "religion", "民族", "宗教信仰", "belief", "group"), _one("汉族", "回族", "none")),
    "credential": (
        ("password", "user_pwd", "密码", "passcode", "secret_hash", "口令"),
        lambda chance: _digits(chance, 12),
    ),
    "pay": (("salary", "monthly_wage", "工资", "薪资", "comp", "payroll_amount"), lambda chance: _digits(chance, 5)),
    "biometric": (
        ("fingerprint", "iris", "face_vec", "指纹", "人脸特征", "embedding"),
        lambda chance: _digits(chance, 16),
    ),
}
HARMLESS_COLUMNS: Mapping[str, Callable[[random.Random], str]] = {
    "temperature": lambda chance: f"{chance.uniform(-20, 40):.1f}",
    "station": _one("JFK", "LGA", "EWR"),
    "flight": lambda chance: _digits(chance, 4),
    "order_no": lambda chance: _digits(chance, 12),
    "serial": lambda chance: "SN" + _digits(chance, 8),
    "contract_address": lambda chance: "0x" + _digits(chance, 40),
    "created": _day,
    "product_name": _one("pump", "valve", "gauge"),
    "气温": lambda chance: f"{chance.uniform(-20, 40):.1f}",
    "订单编号": lambda chance: _digits(chance, 12),
    "product_code": lambda chance: "CN" + _digits(chance, 13),
}


@cache
def corpus() -> tuple[Made, ...]:
    """Return the columns, the same each time."""
    chance = random.Random(SEED)  # noqa: S311 - a corpus, no secret
    made = []
    for truth, (names, value) in KINDS.items():
        made += [
            Made(names[at % len(names)], tuple(value(chance) for _ in range(VALUES)), truth)
            for at in range(COLUMNS_EACH)
        ]
    for name, value in HARMLESS_COLUMNS.items():
        for at in range(COLUMNS_EACH // 4):
            plain = f"{name}_{at}" if name.isascii() else name
            made.append(Made(plain, tuple(value(chance) for _ in range(VALUES)), HARMLESS))
    return tuple(made)


@cache
def measured() -> tuple[Rate, ...]:
    """Return the rate of each kind."""
    rates = []
    for what in (*GRADE_OF_HINT, HARMLESS):
        columns = [one for one in corpus() if one.truth == what]
        found = [hint(one.name, one.values) for one in columns]
        hits = sum(each is not None if what == HARMLESS else each == what for each in found)
        rates.append(Rate(what, len(columns), hits, f"`{columns[0].name}`: {columns[0].values[0]}"))
    return tuple(rates)


def rules() -> str:
    """Return the rules as a table: what a name or a value suggests, and the grade that follows."""
    rows = []
    for rule in RULES:
        named = [*sorted(rule.words), *rule.phrases, *(f"…{end}" for end in rule.ends), *rule.chinese]
        shown = " ".join(f"`{word}`" for word in named[:WORDS_SHOWN]) + (" …" if len(named) > WORDS_SHOWN else "")
        forms = " ".join(f"`{form.pattern.pattern}`".replace("|", "\\|") for form in rule.forms)
        rows.append((rule.what, str(rule.grade), shown, forms or "—"))
    return table(("suggests", "grade", "words in a column's name", "form of a value"), rows)


def methods() -> str:
    """Return the methods of masks as a table."""
    rows = [(f"`{name}`", row.said, row.en, row.zh) for name, row in METHODS.items()]
    return table(("method", "behind the colon", "what it makes of a cell", "中文"), rows)


def labelled() -> tuple[Rate, Rate]:
    """Return the rates over the labelled columns of others, by their names alone: personal ones hit, others flagged."""
    personal = [name for _, names, _ in NORTHWIND for name in names.split()]
    others = [name for _, _, names in NORTHWIND for name in names.split()]
    return (
        Rate("personal", len(personal), sum(hint(name) is not None for name in personal), personal[0]),
        Rate("other", len(others), sum(hint(name) is not None for name in others), others[0]),
    )


def rates() -> str:
    """Return the measured rates as a table."""
    rows = []
    for rate in measured():
        percent = f"{100 * rate.hit / rate.columns:.0f} %"
        told = f"{percent} flagged in error" if rate.what == HARMLESS else f"{percent} hit"
        rows.append((rate.what, rate.example, str(rate.columns), str(rate.hit), told))
    for rate, told in zip(labelled(), ("hit", "flagged in error"), strict=True):
        percent = f"{100 * rate.hit / rate.columns:.0f} % {told}"
        rows.append(
            (f"labelled by others: {rate.what}", f"`{rate.example}`", str(rate.columns), str(rate.hit), percent)
        )
    return table(("holds", "example", "columns", "flagged", "rate"), rows)
