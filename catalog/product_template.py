"""The product file that `penstock publish --template` prints: every key, with what it is for; two forms of one content.

Law: it publishes as it stands once its `files` are named; all that needs to fit one's data is commented out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.product_file import FORMS

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = "FILE-OR-FOLDER"  # what stands for the names of files
ABOVE = """\
# A product file: penstock publish --from product.{form}
# What is commented out may be left out. What the command line says wins over what is written here.
"""
TOML = """
id = "{id}"              # of your choice, lasting: the same id publishes the next edition
title = "My product"             # or title = {{ en = "My product", zh = "我的产品" }}
files = ["FILE-OR-FOLDER"]       # from this file's folder on; or addresses: s3://… https://… postgresql://…
# api = "https://example.org/v1" # in place of files: an HTTP interface, with the calls that are sold; tier plain
# calls = ["GET /rain/{{day}}"]    # docs/apis.md
# secret = "api.headers"         # a file of header lines that its server wants
# stream = "events.ndjson"       # in place of files: what grows, sold by the message; tier plain; docs/streams.md
keywords = ["example"]
tier = "kept"                    # kept (sealed), leased (keys for each opening) or plain (a copy)
frequency = "irregular"          # how often it is renewed: daily, weekly, monthly, quarterly, annual, …
# sample = 5                     # show so many first rows of the table, without what is personal
# description: Markdown, up to 10,000 characters; or description = {{ en = "…", zh = "…" }}
description = \"\"\"
What it is about, where it comes from, and what it is good for.
\"\"\"
# licence = "https://creativecommons.org/licenses/by/4.0/"     # an address, or the whole text
# citation = "Author (2026): Title. Place."
# grade = 2                      # security grade, 1 to 5; default and least: what its columns suggest
# layout = "fixed"               # how it is cut: fixed, aligned (to columns) or cdc (where content says)
# suite = "international"        # what seals it: international (AES-256-GCM) or sm (SM4-GCM)
# columns = ["a_column"]         # offer these columns only; needs layout = "aligned"
# mask = {{ phone = "hash" }}      # done before anybody sees it: docs/personal-data.md
# gate = {{ subject = "firm" }}    # what answers pass, in the tier computed: docs/compute.md
# application = {{ needs = "age,revenue", tells = "slope:-10:10" }}  # the file is a program: docs/compute.md
# pack = "auto"                  # small files in archives (.tar.xz): auto (where it saves), always or never
# piece = 1024                   # size of a piece in KiB
# space = "main"                 # where at the exchange it is listed
# resource = "an-id"             # the data resource of yours that it is made of
# offer = "an-id"                # an offer id of your own
# project = "an-id"              # whose parties share what it earns: docs/projects.md
# derived_from = ["AGREEMENT"]   # what you hold that it was made of
# unlisted = true                # list it nowhere

[price]
amount = "5.00"                  # as people write it, in the currency of the space
unit = "MiB"                     # what it is for: MiB, GiB, row, piece, opening, call, flat, advance or free
# floor = "4.00"                 # the lowest price that you agree to; default: the amount
# every = "month"                # a subscription: day, week, month or year, with a quota
# quota = 10                     # units in each period
# beyond = {{ 1000 = 80 }}         # more than 1000 units at 80 % of the price
# exposure = "1.00"              # most that a buyer may owe for keys not yet released

[policy]
purpose = "Research"             # a term of the purpose scheme: penstock purposes
until = "{until}"
# region = "DE"                  # where it may be used, ISO 3166; default: anywhere
# openings = 100                 # at most so many openings
# onward = true                  # buyers may pass it on
# inherit = true                 # what is made out of it stays under its licence
# rules = {{ permission = [{{ action = "use" }}] }}  # a whole policy in place of purpose, region, openings, onward
# facts = {{ language = "zh" }}    # what you sign for where that policy asks for it: docs/policy.md
# negotiable = "region=any"      # how far buyers may bargain over the rules: docs/policy.md
# variants = {{ "openings=10" = "3.00" }}  # what other rules cost
# ask-first = true               # hold who asks for other rules until you assent

# [contact]
# name = "Data desk"
# email = "data@example.org"
# url = "https://example.org"

# [classes]                      # what it is about: docs/catalogue.md
# topic = "B0300"

# [tables."a.csv"]               # what a table is, by the name of its file
# title = "Readings"
# columns.station = "the station's code"
# columns.temp = {{ meaning = {{ en = "air temperature", zh = "气温" }}, unit = "°C" }}

# [[relations]]                  # each value of one column is in another
# from = "a.csv:station"
# to = "stations.csv:code"
"""
YAML = """
id: {id}                 # of your choice, lasting: the same id publishes the next edition
title: My product                # or title: {{en: My product, zh: 我的产品}}
files: [FILE-OR-FOLDER]          # from this file's folder on; or addresses: s3://… https://… postgresql://…
# api: https://example.org/v1    # in place of files: an HTTP interface, with the calls that are sold; tier plain
# calls: ["GET /rain/{{day}}"]     # docs/apis.md
# secret: api.headers            # a file of header lines that its server wants
# stream: events.ndjson          # in place of files: what grows, sold by the message; tier plain; docs/streams.md
keywords: [example]
tier: kept                       # kept (sealed), leased (keys for each opening) or plain (a copy)
frequency: irregular             # how often it is renewed: daily, weekly, monthly, quarterly, annual, …
# sample: 5                      # show so many first rows of the table, without what is personal
# description: Markdown, up to 10,000 characters; or with the keys en and zh
description: |
  What it is about, where it comes from, and what it is good for.
# licence: https://creativecommons.org/licenses/by/4.0/       # an address, or the whole text
# citation: "Author (2026): Title. Place."
# grade: 2                       # security grade, 1 to 5; default and least: what its columns suggest
# layout: fixed                  # how it is cut: fixed, aligned (to columns) or cdc (where content says)
# suite: international           # what seals it: international (AES-256-GCM) or sm (SM4-GCM)
# columns: [a_column]            # offer these columns only; needs the layout aligned
# mask: {{phone: hash}}            # done before anybody sees it: docs/personal-data.md
# gate: {{subject: firm}}          # what answers pass, in the tier computed: docs/compute.md
# application: {{needs: "age,revenue", tells: "slope:-10:10"}}  # the file is a program: docs/compute.md
# pack: auto                     # small files in archives (.tar.xz): auto (where it saves), always or never
# piece: 1024                    # size of a piece in KiB
# space: main                    # where at the exchange it is listed
# resource: an-id                # the data resource of yours that it is made of
# offer: an-id                   # an offer id of your own
# project: an-id                 # whose parties share what it earns: docs/projects.md
# derived_from: [AGREEMENT]      # what you hold that it was made of
# unlisted: true                 # list it nowhere

price:
  amount: 5.00                   # as people write it, in the currency of the space
  unit: MiB                      # what it is for: MiB, GiB, row, piece, opening, call, flat, advance or free
  # floor: 4.00                  # the lowest price that you agree to; default: the amount
  # every: month                 # a subscription: day, week, month or year, with a quota
  # quota: 10                    # units in each period
  # beyond: {{1000: 80}}           # more than 1000 units at 80 % of the price
  # exposure: 1.00               # most that a buyer may owe for keys not yet released

policy:
  purpose: Research              # a term of the purpose scheme: penstock purposes
  until: "{until}"
  # region: DE                   # where it may be used, ISO 3166; default: anywhere
  # openings: 100                # at most so many openings
  # onward: true                 # buyers may pass it on
  # inherit: true                # what is made out of it stays under its licence
  # rules: {{permission: [{{action: use}}]}}  # a whole policy in place of purpose, region, openings, onward
  # facts: {{language: zh}}        # what you sign for where that policy asks for it: docs/policy.md
  # negotiable: "region=any"     # how far buyers may bargain over the rules: docs/policy.md
  # variants: {{"openings=10": "3.00"}}  # what other rules cost
  # ask-first: true              # hold who asks for other rules until you assent

# contact: {{name: Data desk, email: data@example.org, url: "https://example.org"}}

# classes: {{topic: B0300}}        # what it is about: docs/catalogue.md

# tables:                        # what a table is, by the name of its file
#   a.csv:
#     title: Readings
#     columns:
#       station: the station's code
#       temp: {{meaning: {{en: air temperature, zh: 气温}}, unit: °C}}

# relations:                     # each value of one column is in another
#   - {{from: "a.csv:station", to: "stations.csv:code"}}
"""
TEXTS: Mapping[str, str] = {"toml": TOML, "yaml": YAML}

assert set(TEXTS) < set(FORMS.values()), "a template is of a form that is read"


def template(form: str, until: str, key: str) -> str:
    """Return the template in a form of `TEXTS`; `until` is the end of use that it says, `key` the product's id."""
    return (ABOVE + TEXTS[form]).format(form=form, until=until, id=key)
