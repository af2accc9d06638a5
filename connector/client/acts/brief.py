"""What is said of a product to be published; `connector.provider.brief` looks at every member."""

from __future__ import annotations

from connector.client.acts.act import NULL, Field
from connector.client.acts.money import TYPED

BRIEF = (
    Field(
        "files", ("Files, one a line", "文件,每行一个"),
        "files, folders, or addresses: s3://… https://… postgresql://…", kind="texts", default=NULL,
    ),
    Field(
        "api", ("Interface", "接口地址"),
        "in place of files: the address of an HTTP interface whose calls are sold; needs --call and --tier plain",
        "--api", default=NULL,
    ),
    Field(
        "calls", ("Calls, one a line", "可调用的接口,每行一个"),
        "a call that may be made of it, such as `GET /rain/{day}?station,year`; may be repeated", "--call", "texts",
        NULL,
    ),
    Field(
        "stream", ("Growing source", "持续增长的来源"),
        "in place of files: a file that is appended, postgresql://…?slot=…&publication=…, or nats://host/STREAM",
        "--stream", default=NULL,
    ),
    Field(
        "secret", ("Its secret", "接口密钥文件"),
        "a file of header lines that its server wants, such as `X-Api-Key: 123`; nobody is shown it", "--secret",
        default=NULL,
    ),
    Field("title", ("Title", "标题"), "what buyers read", "--title"),
    Field(
        "price", ("Asked price", "报价"), "asked price per unit or period, " + TYPED, "--price", "money",
        least=0,
    ),
    Field("floor", ("Lowest price", "最低价"), "lowest price to agree to", "--floor", "money"),
    Field(
        "purpose", ("Purpose", "用途"), "a term of the purpose scheme, for example Research", "--purpose", default=NULL
    ),
    Field(
        "rules", ("Policy (JSON)", "策略(JSON)"), "a whole policy, in place of purpose, region, openings and onward",
        None, "document", NULL,
    ),
    Field(
        "facts", ("Facts", "产品事实"),
        "what you sign for where the policy asks for it, such as language=zh (docs/policy.md); may be repeated",
        "--fact", "pairs", NULL,
    ),
    Field(
        "negotiable", ("How far we go", "可谈范围"),
        "how far buyers may bargain over the rules: purpose=A|B,until+=90d,openings=20,region=any; or a file",
        "--negotiable", default=NULL,
    ),
    Field(
        "variants", ("Prices by rules, one a line", "按规则定价,每行一个"),
        "a price under other rules or for some buyers, such as `purpose=Teaching: 3.00` or `for role=service: 2.00`; "
        "may be repeated", "--variant", "texts", NULL,
    ),
    Field(
        "ask_first", ("Ask me first", "先问我"), "hold who asks for other rules until somebody here assents",
        "--ask-first", "truth", NULL, sent="askFirst",
    ),
    Field("until", ("Until", "截止时间"), "end of use, RFC 3339 with a time zone", "--until"),
    Field("description", ("Description", "说明"), "more words", None, default=NULL),
    Field(
        "about", ("Said besides (JSON)", "其他说明(JSON)"),
        "words by language, licence, contact, citation, meanings of columns, relations between tables", None,
        "document", NULL,
    ),
    Field(
        "region", ("Region", "地区"), "where it may be used, ISO 3166; default: anywhere", "--region", default=NULL
    ),
    Field(
        "unit",
        ("Unit", "计价单位"),
        "what the price is for: MiB, GiB, row, krow (1,000 rows), piece, opening, call, query, epsilon, second, "
        "match, flat, advance or free",
        "--unit",
        default="MiB",
    ),
    Field("every", ("Period", "周期"), "a subscription: day, week, month or year", "--every", default=NULL),
    Field(
        "quota", ("Quota", "配额"), "units in each period of a subscription", "--quota", "number", NULL, least=1
    ),
    Field(
        "beyond",
        ("More units (JSON)", "超量价格(JSON)"),
        "pairs: a number of units, and ten-thousandths of the price that more of them cost",
        "--beyond",
        "list",
        default=[],
    ),
    Field(
        "tier", ("Tier", "交付方式"), "kept, leased, plain, or computed: the data stay here and are asked", "--tier",
        default="kept",
    ),
    Field(
        "exposure",
        ("Exposure", "敞口"),
        "most that a buyer may owe for keys not yet released; default: eight pieces",
        "--exposure",
        "money",
        default=NULL,
        least=1,
    ),
    Field("openings", ("Openings", "打开次数"), "at most so many openings", "--openings", "number", NULL, least=1),
    Field(
        "layout",
        ("Layout", "切分方式"),
        "fixed, aligned (to columns) or cdc (where content says)",
        "--layout",
        default="fixed",
    ),
    Field(
        "suite", ("Cipher suite", "密码套件"), "what seals the pieces: international (AES-256-GCM) or sm (SM4-GCM)",
        "--suite", default=None,
    ),
    Field(
        "pack", ("Pack small files", "打包小文件"),
        "auto: small files in archives (.tar.xz) where their list would cost more than a tenth of them; always; never",
        "--pack", default="auto",
    ),
    Field(
        "columns",
        ("Columns, one a line", "列,每行一个"),
        "offer these columns of the tables only; needs aligned; may be repeated",
        "--column",
        "texts",
        default=NULL,
    ),
    Field(
        "piece_kib",
        ("Piece (KiB)", "分片(KiB)"),
        "piece size in KiB; default: that of the edition before, or 1024, from 1 GiB on 4096",
        "--piece",
        "number",
        NULL,
        least=1,
        sent="pieceKiB",
    ),
    Field(
        "gate", ("Gate", "输出闸门"),
        "in the tier computed, what an answer must pass: subject=COLUMN, least=10, share=80, digits=5; for evidence of "
        "the program that answers attested=simulated, for which no hardware vouches; for noise in "
        "answers noise=0.5, choose=0.2:2, budget=10, rows=1, bounds=COLUMN:LEAST:GREATEST; for lists that are held "
        "against it epsilon=1.4, keys=20000, filled=COLUMN,COLUMN, fresh=COLUMN:30:90:365; docs/compute.md has all of "
        "them",
        "--gate", "pairs", None,
    ),
    Field(
        "application", ("Application", "数据应用"),
        "the file is a program that buyers run where data are: needs=COLUMN,COLUMN tells=NAME:LEAST:GREATEST, and "
        "takes=NAME:LEAST:GREATEST for its parameters (docs/compute.md); may be repeated",
        "--application", "pairs", None,
    ),
    Field(
        "mask", ("Masks", "脱敏"),
        "mask a column before anybody sees it: phone=hash, birth=generalise:year, mm=watermark:id; none: as it is",
        "--mask", "pairs", NULL,
    ),
    Field(
        "classes", ("Classes", "分类"),
        "what it is about, such as topic=B0300 or industry=56 (docs/catalogue.md); may be repeated",
        "--class", "pairs", default={},
    ),
    Field(
        "grade",
        ("Security grade", "安全级别"),
        "security grade; default and least: what its columns suggest",
        "--grade",
        "number",
        NULL,
        least=1,
        most=5,
    ),
    Field(
        "frequency", ("Frequency", "更新频率"), "how often it is renewed: daily, weekly, …", "--frequency",
        default="irregular",
    ),
    Field(
        "keywords", ("Keywords, one a line", "关键词,每行一个"), "words to be found by; may be repeated", "--keyword",
        "texts", [],
    ),
    Field(
        "sample",
        ("Sample rows", "样例行数"),
        "show so many first rows of the table, without what is personal, to whom the space lets",
        "--sample",
        "number",
        NULL,
        least=1,
    ),
    Field(
        "resource", ("Resource", "数据资源"), "the data resource of ours that it is made of", "--resource", default=NULL
    ),
    Field(
        "space", ("Space", "空间"), "list it in this space of the exchange; default: main", "--space", default=NULL
    ),
    Field("id", ("Id", "编号"), "product id; repeat it to continue", "--id", default=NULL),
    Field(
        "offer", ("Offer", "要约编号"), "an offer id of your own; default: made from the product id", "--offer",
        default=NULL,
    ),
    Field(
        "derived_from",
        ("Made of, one a line", "来源,每行一个"),
        "a replica, edition or agreement here that it was made of, or the id of an opening: all that it read; may be "
        "repeated",
        "--derived-from",
        "texts",
        NULL,
        sent="derivedFrom",
    ),
    Field(
        "project", ("Project", "共创项目"),
        "sell it under this project: its parties share what is paid (docs/projects.md)", "--project", default=None,
    ),
    Field(
        "inherit",
        ("Inherit", "继承许可"),
        "what buyers make out of it stays under its licence",
        "--inherit",
        "truth",
        default=False,
    ),
    Field(
        "onward",
        ("Pass on", "可转授"),
        "let buyers pass it on, by sub-licences and copies",
        "--onward",
        "truth",
        default=False,
    ),
    Field(
        "unlisted",
        ("Unlisted", "不公开"),
        "list it nowhere; buyers get it by your DID and its id, when told",
        "--unlisted",
        "truth",
        default=NULL,
    ),
)  # fmt: skip
FLIGHTS = {
    "files": ["/srv/flights.parquet"], "title": "Flights", "price": "500", "floor": "500", "purpose": "Research",
    "until": "2027-12-31T23:59:59Z",
}  # fmt: skip
