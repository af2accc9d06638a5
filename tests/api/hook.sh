#!/bin/sh
# a hook of the exchange's review, as docs/exchange.md has it: what is called so is refused, what is called so fails
grep -q '"id":"hooked-fails' "$1/product.json" && exit 3
grep -q '"id":"hooked-no' "$1/product.json" && ls "$1"/piece-* > /dev/null &&
    echo '{"verdict": "refuse", "reasons": ["nobody wants flows", "nor heights"]}' && exit 0
grep -q '"id":"hooked-hm' "$1/product.json" && echo '{"verdict": "doubt", "reasons": ["odd"]}' && exit 0
echo '{"verdict": "pass"}'
