"""Programs of buyers as they are sent, in WebAssembly's text form: honest ones, and ones that try something."""

from __future__ import annotations

# where bytes are placed one after the other
_HEAD = """(module
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 64))
  (func (export "place") (param $bytes i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get $bytes)))
    (drop (memory.grow (i32.add (i32.shr_u (local.get $bytes) (i32.const 16)) (i32.const 1))))
    (local.get $at))
"""


def program(body, head=_HEAD):
    """Return a program whose `run` does this."""
    run = '(func (export "run") (param $parameters i32) (param $rows i32) (param $count i32) (param $told i32)'
    return f"{head}  {run}\n{body}))\n".encode()


# the mean of the first column
MEAN = program("""
    (local $at i32) (local $sum f64)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $count)))
        (local.set $sum (f64.add (local.get $sum)
          (f64.load (i32.add (local.get $rows) (i32.shl (local.get $at) (i32.const 3))))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (f64.store (local.get $told) (f64.div (local.get $sum) (f64.convert_i32_u (local.get $count))))
""")
# its first parameter, and how many rows there are
ECHO = program("""
    (f64.store (local.get $told) (f64.load (local.get $parameters)))
    (f64.store offset=8 (local.get $told) (f64.convert_i32_u (local.get $count)))
""")
# how often it was run: of a machine that remembers, more each time
REMEMBERS = program(
    """
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
    (f64.store (local.get $told)
      (f64.convert_i32_u (i32.add (i32.load (i32.const 0)) (global.get $runs))))
""",
    _HEAD.replace("(global $free", "(global $runs (mut i32) (i32.const 0))\n  (global $free"),
)
# shouts where a row has 777 in its first column: the greatest number there is, or forever, or a trap
SHOUTS = program("""
    (local $at i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $count)))
        (if (f64.eq (f64.const 777)
              (f64.load (i32.add (local.get $rows) (i32.shl (local.get $at) (i32.const 3)))))
          (then
            (f64.store (local.get $told) (f64.const inf))
            (if (f64.eq (f64.const 1) (f64.load (local.get $parameters))) (then (loop $on (br $on))))
            (if (f64.eq (f64.const 2) (f64.load (local.get $parameters))) (then unreachable))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
""")
# what lies in its memory from the beginning, and what a start function changes
_BORN = """  (data (i32.const 8) "\\00\\00\\00\\00\\00\\00\\08\\40")
  (func $begin (f64.store (i32.const 8) (f64.add (f64.load (i32.const 8)) (f64.const 1))))
  (start $begin)
"""
BORN = program("(f64.store (local.get $told) (f64.load (i32.const 8)))", _HEAD + _BORN)
FOREVER = program("(loop $on (br $on))")
TRAPS = program("unreachable")
NOTHING = program("(f64.store (local.get $told) (f64.const nan))")
# a filled 48 MiB, again and again: one instruction each
FILLS = program("""
    (drop (memory.grow (i32.const 768)))
    (loop $on
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 50331648))
      (br $on))
""")
GROWS = program("""
    (loop $on
      (drop (memory.grow (i32.const 16)))
      (br_if $on (i32.lt_u (memory.size) (i32.const 2000))))
    (f64.store (local.get $told) (f64.const 1))
""")
FAR = program("(f64.store (i32.const -8) (f64.const 1))")
RECURSES = program("(call $deeper)", _HEAD + "  (func $deeper (call $deeper))\n")
ODD_PLACE = program(
    "(f64.store (local.get $told) (f64.const 1))",
    """(module
  (memory (export "memory") 1)
  (func (export "place") (param i32) (result i32) (i32.const -16))
""",
)
# so many values that meet at so many places: a compiler takes a minute over it
_MEET = "(if (local.get $count) (then (local.set {} (i64.add (local.get {}) (i64.const {})))))"
_MEETS = "".join(_MEET.format(4 + at % 3000, 4 + at * 31 % 3000, at) for at in range(15_000))
COMPILES_LONG = program(f"(local{' i64' * 3000}) (loop {_MEETS} (br_if 0 (local.get $count)))")
# what compilers bring along is a trap when it is called, and harmless when it is not
_SPEAKING = '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'
BRINGS = MEAN.replace(b"(module", f"(module {_SPEAKING}".encode(), 1)
SPEAKS = program("(call $exit (i32.const 0))", _HEAD.replace("(module", f"(module {_SPEAKING}", 1))
SHARES = MEAN.replace(b"(module", b'(module (import "env" "table" (table 1 funcref))', 1)
