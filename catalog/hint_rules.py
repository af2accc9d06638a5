"""What suggests that a column is about people: one row a kind of content, with the words and forms that betray it.

A name is split into its words (`HomePhone`, `home_phone` → home phone). `phrases` are words in a row, longest first,
and are taken out of the name when they are found, so that the address of a machine is not a person's as well; `words`
are single ones, and `ends` what a word that was written together ends with. Chinese is looked for anywhere in the name.
`alone` are words that say it only as the whole name, and where the values have the form beside them.

A suggestion is a floor that no provider goes below, so a word that often means something else has no row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# one odd value is an accident; this share of a column's different values is a kind of content
VALUE_SHARE_PERCENT = 20
# forms that other things have as well
VAGUE_SHARE_PERCENT = 60

# the hundred commonest, by the public security ministry's yearly list of names (2021), some 85 % of all
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
# whose names and homes they may be
_PEOPLE = (
    "contact", "customer", "client", "user", "patient", "employee", "staff", "guest", "driver", "passenger", "student",
    "teacher", "owner", "holder", "member", "person", "sender", "recipient", "consignee", "ship", "bill", "account",
    "applicant", "insured", "tenant", "buyer", "seller", "subscriber", "author", "father", "mother", "spouse", "child",
    "emergency", "emp", "cust", "usr", "pax", "resident", "citizen", "worker", "manager", "agent", "doctor", "nurse",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """What whole values look like, and the share of the different ones that must."""

    pattern: re.Pattern[str]
    percent: int = VALUE_SHARE_PERCENT
    luhn: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of content, the security grade that it suggests, and what betrays it."""

    what: str
    grade: int
    phrases: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    ends: tuple[str, ...] = ()
    chinese: tuple[str, ...] = ()
    forms: tuple[Form, ...] = ()
    alone: frozenset[str] = frozenset()
    alone_form: Form | None = None


def _form(pattern: str, percent: int = VALUE_SHARE_PERCENT, *, luhn: bool = False) -> Form:
    return Form(re.compile(pattern), percent, luhn)


# in the order in which a name is searched: what is said in several words before what one of them alone would say
RULES: tuple[Rule, ...] = (
    Rule(
        "online identifier",
        3,
        phrases=(
            "ip address", "ip addr", "mac address", "mac addr", "device id", "user name", "login name", "screen name",
        ),
        words=frozenset({"username", "login", "imei", "imsi", "openid", "msisdn", "idfa", "cookie", "ipaddress"}),
        chinese=("用户名", "设备号", "微信", "网名", "昵称"),
        forms=(_form(r"(?:\d{1,3}\.){3}\d{1,3}", VAGUE_SHARE_PERCENT),),
    ),
    Rule(
        "e-mail address",
        3,
        phrases=("e mail", "mail address", "email address"),
        words=frozenset({"email", "mail"}),
        chinese=("邮箱", "邮件"),
        forms=(_form(r"[^@\s]{1,64}@[^@\s]{1,190}\.[A-Za-z]{2,24}"),),
    ),
    Rule(
        "telephone number",
        3,
        phrases=("phone number", "cell number"),
        words=frozenset({"phone", "telephone", "mobile", "cellphone", "tel", "fax"}),
        ends=("phone",),
        chinese=("手机", "电话", "座机", "传真", "联系方式"),
        forms=(
            _form(r"(?:\+86|0086)?[ -]?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"),
            _form(r"\+\d{1,3}[ -]?(?:\(?\d{1,4}\)?[ -]?){2,4}\d{2,4}"),
            _form(r"\(\d{3}\) ?\d{3}-\d{4}"),
        ),
    ),
    Rule(
        "home location",
        3,
        phrases=tuple(
            f"{whose} {what}"
            for whose in ("home", "residence", "customer", "user", "patient", "pickup", "dropoff")
            for what in ("latitude", "longitude", "lat", "lon", "lng", "location", "coordinates", "gps")
        ),
        chinese=("家庭坐标", "住址坐标", "居住地", "上车点", "下车点"),
    ),
    Rule(
        "date of birth",
        3,
        phrases=("date of birth", "birth date", "birth day", "born on"),
        words=frozenset({"birth", "birthday", "birthdate", "birthplace", "dob", "born"}),
        chinese=("生日", "出生"),
    ),
    Rule(
        "identity number",
        4,
        phrases=(
            "social security", "id card", "identity card", "national id", "id number", "id no", "tax id", "citizen id",
            "drivers license", "driver license", "driving licence", "driver licence", "personal number",
        ),
        words=frozenset({
            "ssn", "passport", "idcard", "nric", "aadhaar", "cpf", "curp", "dni", "itin", "nid",
        }),
        chinese=("身份证", "身份号", "护照", "证件", "社保号", "驾照", "驾驶证"),
        forms=(
            _form(r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"),
            _form(r"(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}"),
        ),
    ),
    Rule(
        "account number",
        4,
        phrases=(
            "account number", "account no", "acct no", "acct number", "card number", "card no", "credit card",
            "bank card", "debit card", "bank account", "cc number",
        ),
        words=frozenset({"iban", "bankcard", "acct", "cvv", "creditcard", "ccn"}),
        chinese=("账号", "帐号", "卡号", "银行卡", "信用卡"),
        forms=(_form(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}"), _form(r"\d{13,19}", 90, luhn=True)),
    ),
    Rule(
        "vehicle plate",
        3,
        phrases=("license plate", "licence plate", "plate number", "plate no", "number plate"),
        words=frozenset({"licenseplate", "numberplate", "vin"}),
        chinese=("车牌", "车架号"),
        forms=(_form(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·・ -]?[A-Z0-9]{5,6}"),),
    ),
    Rule(
        "health",
        4,
        phrases=("blood type", "blood group", "icd code", "medical record"),
        words=frozenset({
            "diagnosis", "diagnoses", "disease", "icd", "icd10", "icd9", "dx", "medication", "prescription", "allergy",
            "allergies", "hiv", "disability", "symptom", "symptoms", "patient",
        }),
        chinese=("诊断", "病历", "疾病", "处方", "过敏", "血型", "病史", "症状"),
    ),
    Rule(
        "biometric",
        5,
        phrases=("face vector", "face vec", "face id", "voice print"),
        words=frozenset({"fingerprint", "iris", "faceprint", "voiceprint", "retina"}),
        chinese=("指纹", "人脸", "虹膜", "声纹", "掌纹"),
    ),
    Rule(
        "sensitive trait",
        4,
        phrases=("sexual orientation", "political party", "political opinion", "trade union", "criminal record"),
        words=frozenset({"ethnicity", "religion", "religious"}),
        chinese=("民族", "宗教", "信仰", "政治面貌", "犯罪"),
        alone=frozenset({"race"}),
        alone_form=_form(r"(?i:white|black|asian|latin[oax]?|hispanic|native.*|african.*|mixed)", VAGUE_SHARE_PERCENT),
    ),
    Rule(
        "credential",
        4,
        words=frozenset({"password", "passwd", "pwd", "passcode"}),
        chinese=("密码", "口令"),
    ),
    Rule("pay", 3, words=frozenset({"salary", "wage", "payroll"}), chinese=("工资", "薪资", "薪酬", "月薪")),
    Rule(
        "personal name",
        3,
        phrases=(
            "first name", "last name", "full name", "middle name", "family name", "given name", "maiden name",
            "nick name", "preferred name", *(f"{whose} {what}" for whose in _PEOPLE for what in ("name", "nm")),
        ),
        words=frozenset({
            "firstname", "lastname", "fullname", "surname", "forename", "fname", "lname", "nickname", "maiden",
        }),
        chinese=("姓名", "客户名", "联系人", "收货人", "收件人", "寄件人", "户名", "持卡人", "法人", "曾用名"),
        forms=(_form(rf"[{SURNAMES}][\u4e00-\u9fff]{{1,2}}", 80),),
        alone=frozenset({"name", "customer", "client", "employee", "owner", "contact", "person", "patient"}),
        # towns look so, too: nothing by itself
        alone_form=_form(r"(?:[A-Z][\w'-]*\.?,? ){1,3}[A-Z][\w'-]+", VAGUE_SHARE_PERCENT),
    ),
    Rule(
        "postal address",
        3,
        phrases=("postal code", "post code", "zip code"),
        words=frozenset({"address", "addr", "street", "postcode", "zipcode", "zip", "residence"}),
        ends=("address",),
        chinese=("地址", "住址", "户籍", "门牌", "邮编", "邮政编码"),
        forms=(
            _form(r"\d{1,5} [A-Z][\w.' -]{2,60} (?:St|Street|Ave|Avenue|Rd|Road|Blvd|Lane|Ln|Drive|Dr|Court)\b\.?.*"),
            _form(r".{2,20}(?:省|市|自治区).{1,20}(?:区|县|市|镇).{1,40}(?:路|街|巷|村|号|道).*"),
        ),
    ),
)  # fmt: skip

# addresses and names of things: taken out of a name before anything is looked for in it
OF_THINGS = (
    "contract address", "wallet address", "memory address", "web address", "bus address", "register address",
    "street light", "account name",
)  # fmt: skip
# text that needs no understanding: codes, addresses of the web, numbers with signs
HARMLESS = re.compile(r"[A-Z0-9][A-Z0-9_./:-]{0,23}|https?://\S+|[\d.,:%/+-]+(?: ?[A-Za-z%°]{1,4})?|[a-z]{1,4}\d{0,4}")
