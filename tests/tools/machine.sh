#!/bin/sh
# doctor and cache: what is there, what is missing with its cure, and the folder of programs.
# Usage: machine.sh CORNU SOURCE_FOLDER
set -eu
cornu=$1
. "$2/tests/tools/check.sh"
model=$2/tests/tools/tiny_model.c

good doctor
for subject in Cornu threads 'backend cpu' 'backend ref' processor BLAS cache \
    'compiler of models'; do
    says "^(ok|missing) +$subject  "
done
good doctor --json
holds '.schema == "cornu.doctor/1"'
holds '[.findings[] | has("value") and has("origin") and (.found == (.cure == null))] | all'
(
    CORNU_CC=no-such-compiler
    CORNU_ISA=abacus
    CORNU_DMUP=x
    CC=neither
    export CORNU_CC CORNU_ISA CORNU_DMUP CC
    good doctor
    says '^missing +external compiler +there is no program no-such-compiler  \(CORNU_CC\)$'
    says '^ +cure: unset CORNU_CC$'
    says '^missing +processor +"abacus" does not run here.*\(CORNU_ISA\)$'
    says '^missing +CORNU_DMUP '
    says '^missing +compiler of models +there is no program neither  \(CC\)$'
)

CORNU_CACHE_DIR=$work/programs
export CORNU_CACHE_DIR
good cache path
says "^$work/programs\$"
good cache ls
says "^0 programs, 0 of [0-9]+ bytes, in $work/programs\$"
write_data "$work"
good predict "$model" -d "$work/x.idx" -q
good cache ls
says '^[0-9-]+ [0-9:]+ +[0-9]+  [0-9a-f]{64}\.so  .'
says '^1 programs, '
good cache ls --json
holds '.schema == "cornu.cache/1" and (.entries | length) == 1 and .bytes == .entries[0].bytes'
good cache path --json
holdings=$(find "$work/programs" -type f | wc -l)
[ "$holdings" -eq 1 ] || fail "$holdings files"
good cache clear --json
holds '.removed == 1'
good cache clear
says '^0 programs removed'
bad 2 'unknown action "rm"; there are ls, clear and path' cache rm
bad 2 'an argument is missing: ls|clear|path' cache
CORNU_CACHE_DIR=
bad 1 'there is no cache; cornu doctor says why' cache ls
