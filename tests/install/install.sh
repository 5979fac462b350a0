#!/bin/sh
# Installs the build below a prefix and uses it from outside of the tree: with CMake, with
# pkg-config, and again with pkg-config after the whole prefix was moved.
# Usage: install.sh BUILD_FOLDER CMAKE C_COMPILER VERSION
set -eu
build=$1
cmake=$2
cc=$3
version=$4
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CORNU_CLANG_MODULE

fail() {
    printf 'install: %s\n' "$*"
    exit 1
}

# run PROGRAM - it must print what the model gives.
run() {
    said=$("$1") || fail "$1 failed"
    [ "$said" = "cornu $version: 6 15" ] || fail "$1 said: $said"
}

"$cmake" --install "$build" --prefix "$work/first" >"$work/log" || fail "$(cat "$work/log")"

"$cmake" -S "$here/user" -B "$work/user" -DCMAKE_PREFIX_PATH="$work/first" \
    -DCMAKE_C_COMPILER="$cc" >"$work/log" 2>&1 || fail "find_package: $(cat "$work/log")"
"$cmake" --build "$work/user" >"$work/log" 2>&1 || fail "$(cat "$work/log")"
run "$work/user/user"

# with_pkg_config PREFIX - builds and runs against what lies there now.
with_pkg_config() {
    package=$(find "$1" -name cornu.pc)
    PKG_CONFIG_PATH=$(dirname "$package")
    export PKG_CONFIG_PATH
    [ "$(pkg-config --modversion cornu)" = "$version" ] || fail 'another version in cornu.pc'
    library=$(pkg-config --variable=libdir cornu)
    # shellcheck disable=SC2046 # options
    "$cc" -std=c11 -Wall -Wextra -pedantic -Werror "$here/user/user.c" -o "$work/user_of_pc" \
        $(pkg-config --cflags --libs cornu) "-Wl,-rpath,$library"
    run "$work/user_of_pc"
}
with_pkg_config "$work/first"
mv "$work/first" "$work/second"
with_pkg_config "$work/second"

# The command finds its library, headers and module from where it lies.
prefix=$work/second
cornu=$prefix/bin/cornu
[ "$("$cornu" --version)" = "cornu $version" ] || fail 'the command tells another version'
"$cornu" summary "$prefix/share/doc/cornu/examples/convnet_model.c" >"$work/log" 2>&1 ||
    fail "$(cat "$work/log")"
if find "$prefix" -name cornu-clang.so | grep -q .; then
    "$cornu" doctor | grep -q '^ok *compiler module.*in process' ||
        fail "the module is not found: $("$cornu" doctor)"
fi
if find "$prefix" -name cornu-hdf5 | grep -q .; then
    env -u CORNU_HDF5 "$cornu" doctor | grep -q '^ok *Keras files *HDF5 ' ||
        fail "cornu-hdf5 is not found: $("$cornu" doctor)"
fi

# Text that is installed knows neither the build nor the prefix.
if grep -rIlF -e "$build" -e "$work" "$prefix" >"$work/log"; then
    fail "names of folders in $(cat "$work/log")"
fi

# A page for the command and for every exported function; links lead somewhere; no warnings.
man=$prefix/share/man
for page in man1/cornu.1 man3/cornu.3 man5/cornu-ir.5; do
    [ -f "$man/$page" ] || fail "no manual page $page"
done
grep -q '^Attributes: kind (sum ' "$man/man5/cornu-ir.5" || fail 'no ops in cornu-ir(5)'
nm -D --defined-only "$(find "$prefix" -name libcornu.so)" |
    awk '$2 == "T" && $3 ~ /^cn_/ { print $3 }' >"$work/functions"
[ -s "$work/functions" ] || fail 'no functions'
while read -r name; do
    [ -f "$man/man3/$name.3" ] || fail "no manual page of $name"
done <"$work/functions"
sed -n 's/^\.so //p' "$man"/man3/*.3 | sort -u >"$work/targets"
while read -r target; do
    [ -f "$man/$target" ] || fail "a manual page leads to $target, which is not there"
done <"$work/targets"
if command -v mandoc >/dev/null; then
    mandoc -Tlint -Wwarning "$man"/man1/*.1 "$man"/man3/cornu*.3 "$man"/man5/*.5 "$man/man5/cornu-ir.5" |
        grep -v 'missing date' >"$work/log" && fail "$(cat "$work/log")"
fi

bash -n "$prefix/share/bash-completion/completions/cornu" || fail 'the completion is no bash'
for file in share/doc/cornu/LICENSE share/doc/cornu/README.md; do
    [ -f "$prefix/$file" ] || fail "$file is missing"
done
echo 'install: as expected'
