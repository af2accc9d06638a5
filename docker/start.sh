#!/bin/sh
# A fresh volume gets its keys and a commented settings file once; the environment wins over that file.
set -eu
if [ ! -e "$PENSTOCK_DATA/penstock.toml" ]; then
    penstock init
fi
exec penstock "$@"
