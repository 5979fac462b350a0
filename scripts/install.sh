# shellcheck shell=sh
# What quickstart, check and .ci/run share: which Debian packages there are, and how they are
# announced and installed. To be sourced.
# shellcheck disable=SC2034 # the lists are used by those scripts

build_packages='gcc libc6-dev cmake ninja-build pkg-config zlib1g-dev libjansson-dev libzip-dev
    libcsv-dev libpng-dev libturbojpeg0-dev libhdf5-dev'
# The compiler as a module. Without these Cornu builds too and uses `cc` at run time.
module_packages='g++ clang-19 llvm-19-dev libclang-19-dev libclang-cpp19-dev liblld-19-dev
    libzstd-dev'
data_packages='dataset-fashion-mnist'
test_packages="libcmocka-dev tcc libclang-rt-19-dev jq mandoc $data_packages"
browser_packages=chromium # sees the page of `cornu explain`; its test is skipped without
# Run what was compiled for other processors; what needs them is left out of tests without.
emulator_packages='qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross'

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# missing PACKAGE... - those that are not installed.
missing() {
    for package; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            printf '%s ' "$package"
    done
}

# as_root COMMAND... - with sudo where that is needed.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "installing packages needs root or sudo; or install them and say --no-install"
    fi
}

# apt COMMAND... - apt-get without questions; when it fails, one line with its own reason.
apt() {
    log=$(mktemp)
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 "$@" \
        >"$log" 2>&1 </dev/null; then
        reason=$(grep '^E:' "$log" | head -n 1)
        rm -f "$log"
        die "apt-get $1 failed: ${reason:-no reason given}"
    fi
    rm -f "$log"
}

# announce PACKAGE... - says what would be installed and how much is downloaded for it.
announce() {
    echo "Packages to install: $*"
    # shellcheck disable=SC2016 # the program is awk's
    apt-get install --no-install-recommends --print-uris -qq "$@" 2>/dev/null </dev/null | awk '
        $1 ~ /^\047/ { bytes += $3; count++ }
        END {
            if (count) printf "Download: %.1f MB in %d packages\n", bytes / 1e6, count
            else print "Download: size unknown before apt-get update"
        }'
}

# install PACKAGE... - announces and installs those that are missing.
install_packages() {
    # shellcheck disable=SC2046,SC2086 # names without spaces
    set -- $(missing "$@")
    if [ $# -eq 0 ]; then
        echo 'All packages are installed.'
        return
    fi
    command -v apt-get >/dev/null ||
        die "no apt-get here: install what corresponds to '$*', then say --no-install"
    apt update
    announce "$@"
    apt install -y --no-install-recommends "$@"
}

# build FOLDER [CMAKE_OPTION...] - configures (when new or options are given) and builds.
build() {
    folder=$1
    shift
    if [ ! -f "$folder/CMakeCache.txt" ] || [ $# -gt 0 ]; then
        [ -f "$folder/CMakeCache.txt" ] || set -- -G Ninja "$@"
        mkdir -p "$folder"
        if ! cmake -S . -B "$folder" "$@" >"$folder/configure.log" 2>&1; then
            [ -z "${CI-}" ] || cat "$folder/configure.log"
            # shellcheck disable=SC2086 # names without spaces
            lacking=$(missing $build_packages)
            die "configuring failed; see $folder/configure.log${lacking:+; not installed: $lacking}"
        fi
    fi
    # shellcheck disable=SC2086 # words
    cmake --build "$folder" -j "$(nproc)" --target ${build_targets:-all} || die "building in $folder failed"
}
